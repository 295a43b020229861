"""The containers' files, without a container: they pass the linter, and every command in them runs or parses."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from painter_search.__main__ import COMMANDS
from painter_search.common.command_line.cli import parse_flags

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli")

ROOT = Path(__file__).parents[1]
CONTAINERS = ROOT / "scripts" / "containers"
INSTRUCTION = re.compile(r"^([A-Z]+) (.*)$", re.MULTILINE)


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in order: the word, and the rest with continued lines joined."""
    text = (CONTAINERS / "Dockerfile").read_text(encoding="utf-8")
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    return INSTRUCTION.findall(re.sub(r"\\\n\s*", " ", lines))


def instruction(name: str) -> str:
    return [rest for word, rest in instructions() if word == name][-1]


def compose() -> dict[str, Any]:
    """The compose file, its variables replaced by their defaults."""
    yaml = pytest.importorskip("yaml")
    text = (CONTAINERS / "compose.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text))


def check_command(words: list[str]) -> None:
    """Raise unless these words are a command of `painter-search` with flags that exist."""
    assert words[0] in COMMANDS
    parse_flags(words[0], import_module(f"painter_search.{words[0]}").run, words[1:])


def test_dockerfile_passes_the_linter() -> None:
    hadolint = shutil.which("hadolint", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if hadolint is None:
        pytest.skip("needs hadolint, which the extra dev brings")
    done = subprocess.run([hadolint, CONTAINERS / "Dockerfile"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_container_runs_a_command_that_exists_and_not_as_root() -> None:
    assert json.loads(instruction("ENTRYPOINT")) == ["painter-search"]
    check_command(json.loads(instruction("CMD")))
    assert instruction("USER").isdecimal()
    assert int(instruction("USER")) > 0
    port = import_module("painter_search.serving.config").ServeConfig().port
    assert instruction("EXPOSE") == str(port)


def test_what_the_dockerfile_copies_is_there_and_sent_to_the_builder() -> None:
    sent = [line[1:] for line in (CONTAINERS / "Dockerfile.dockerignore").read_text().splitlines() if line[:1] == "!"]
    copied = [
        word for name, rest in instructions() if name == "COPY" and "--from" not in rest for word in rest.split()[:-1]
    ]
    assert "painter_search" in copied
    for name in copied:
        assert (ROOT / name).exists(), name
        assert any(name == other or name.startswith(f"{other}/") for other in sent), name


@pytest.mark.skipif(os.name == "nt", reason="the image's shell is a POSIX one")
@pytest.mark.parametrize(
    ("device", "packages", "installed"),
    [
        ("serve", "", [["-r", "serve.txt"], ["--no-deps", "."]]),
        ("cpu", "", [["torch>=2.4", "torchvision>=0.19", "--index-url", "CPU"], [".[serve,backbone]"]]),
        ("cuda", "pymilvus s3fs", [["torch>=2.4", "torchvision>=0.19"], [".[serve,backbone]"], ["pymilvus", "s3fs"]]),
    ],
)
def test_build_installs_what_its_arguments_ask_for(
    device: str, packages: str, installed: list[list[str]], tmp_path: Path
) -> None:
    """The shell's lines are run with programs that only write down how they were called."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for program in ("pip", "python", "useradd", "mkdir", "chown"):
        stub = tmp_path / program
        stub.write_text(f'#!/bin/sh\nprintf "%s\\n" "{program}" "$@" "" >> {tmp_path}/calls\n')
        stub.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "DEVICE": device, "PACKAGES": packages}
    for name, rest in instructions():
        if name == "RUN":
            subprocess.run(["sh", "-euc", rest], env=environment, check=True)
    calls = [call.splitlines() for call in (tmp_path / "calls").read_text().split("\n\n") if call]
    cpu = "https://download.pytorch.org/whl/cpu"
    assert [call[2:] for call in calls if call[:2] == ["pip", "install"]] == [
        [cpu if word == "CPU" else word for word in words] for words in installed
    ]
    assert {"torch>=2.4", "torchvision>=0.19"} <= set(project["dependencies"])
    assert {"serve", "backbone"} <= set(project["optional-dependencies"])


@pytest.mark.skipif(os.name == "nt", reason="the image's shell is a POSIX one")
def test_build_refuses_an_unknown_device() -> None:
    line = next(rest for name, rest in instructions() if name == "RUN" and "DEVICE is" in rest)
    done = subprocess.run(["sh", "-euc", line], env={"DEVICE": "gpu"}, capture_output=True, text=True)
    assert done.returncode == 1
    assert "DEVICE is serve, cpu or cuda, not gpu" in done.stderr


@pytest.fixture
def answering() -> Iterator[Any]:
    """`answering(status)` starts a server that always answers so; gives its address."""
    servers = []

    def start(status: int) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/api/health"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (401, 0), (500, 1), (503, 1)])
def test_health_check_tells_a_server_that_answers(
    status: int, code: int, answering: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = json.loads(instruction("HEALTHCHECK").partition(" CMD ")[2])
    assert words == ["python", "/opt/painter/healthy.py"]
    assert f"scripts/containers/healthy.py {words[1]}" in [rest for name, rest in instructions() if name == "COPY"]
    monkeypatch.syspath_prepend(str(CONTAINERS))
    assert import_module("healthy").main(answering(status)) == code


def test_health_check_fails_where_nothing_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(CONTAINERS))
    assert import_module("healthy").main("http://127.0.0.1:1/api/health") == 1


def test_compose_file_serves_behind_nginx_in_one_network() -> None:
    services = compose()["services"]
    painter, nginx = services["painter"], services["nginx"]
    check_command(painter["command"])
    assert "--host" not in painter["command"]  # nginx, in the same network, reaches the server's own loopback
    assert nginx["network_mode"] == "service:painter"
    context = (CONTAINERS / painter["build"]["context"]).resolve()
    assert (context / painter["build"]["dockerfile"]).samefile(CONTAINERS / "Dockerfile")
    arguments = {rest.partition("=")[0] for name, rest in instructions() if name == "ARG"}
    assert set(painter["build"]["args"]) <= arguments
    for volume in (*painter["volumes"], *nginx["volumes"]):
        assert (CONTAINERS / volume.split(":")[0]).exists(), volume
    for image in (nginx["image"], services["milvus"]["image"]):
        assert re.fullmatch(r"[\w/-]+:v?\d[\w.-]+", image), "an image without a version changes by itself"


def test_nginx_is_configured_as_the_page_of_commands_says() -> None:
    page = (ROOT / "painter_search" / "COMMANDS.md").read_text(encoding="utf-8")
    location = re.search(r"```nginx\n(.*?)```", page, re.DOTALL)
    assert location is not None
    configuration = (CONTAINERS / "nginx.conf").read_text(encoding="utf-8")
    assert location[1] in configuration
    inside = re.search(r"listen (\d+);", configuration)
    assert inside is not None
    assert compose()["services"]["painter"]["ports"][0].endswith(f":{inside[1]}")


def test_nginx_accepts_its_configuration(tmp_path: Path) -> None:
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    if nginx is None:
        pytest.skip("needs nginx")
    own = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    included = f"include {CONTAINERS}/nginx.conf;"
    (tmp_path / "nginx.conf").write_text(f"pid nginx.pid;\nevents {{}}\nhttp {{\n{own}{included}\n}}\n")
    words = [nginx, "-t", "-p", str(tmp_path), "-c", "nginx.conf", "-e", "error.log"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
