"""A stand-in of the Hugging Face hub for encoders: repositories in memory, read and written as its library does."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


class ModelHub:
    """Repositories by name: the files of their only revision."""

    def __init__(self) -> None:
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.private: dict[str, bool] = {}
        self.downloads: list[str] = []
        """Files that were sent."""

    def commit(self, name: str) -> str:
        digest = sha1()
        for file, content in sorted(self.repositories[name].items()):
            digest.update(file.encode() + content)
        return digest.hexdigest()


def _handler(hub: ModelHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            for name, files in hub.repositories.items():
                if path.startswith(f"/api/models/{name}"):
                    commit = hub.commit(name)
                    revision = path.rpartition("/revision/")[2]
                    if "/revision/" in path and revision not in ("main", commit):
                        return self._send(404, b"", {"X-Error-Code": "RevisionNotFound"})
                    about = {"id": name, "sha": commit, "siblings": [{"rfilename": file} for file in files]}
                    return self._send_json({**about, "private": hub.private.get(name, False), "tags": []})
                prefix = f"/{name}/resolve/{hub.commit(name)}/"
                if path.startswith(prefix):
                    file = path.removeprefix(prefix)
                    if self.command == "GET":
                        hub.downloads.append(file)
                    etag = sha1(files[file]).hexdigest()
                    return self._send(200, files[file], {"ETag": f'"{etag}"', "X-Repo-Commit": hub.commit(name)})
            return self._send(404, b"", {"X-Error-Code": "RepoNotFound"})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.partition("?")[0]
            address = f"http://{self.headers['Host']}"
            if path == "/api/repos/create":
                asked = json.loads(body)
                name = "/".join(filter(None, (asked.get("organization"), asked["name"])))
                hub.repositories.setdefault(name, {})
                hub.private[name] = bool(asked.get("private")) or asked.get("visibility") == "private"
                return self._send_json({"url": f"{address}/{name}", "name": name, "id": name})
            if path == "/api/validate-yaml":
                return self._send_json({"errors": [], "warnings": []})
            name = "/".join(path.split("/")[3:5])
            if name not in hub.repositories:
                return self._send(404, b"", {"X-Error-Code": "RepoNotFound"})
            if "/preupload/" in path:
                files = json.loads(body)["files"]
                modes = [{"path": file["path"], "uploadMode": "regular", "shouldIgnore": False} for file in files]
                return self._send_json({"files": modes})
            if "/commit/" in path:
                for line in body.splitlines():
                    entry = json.loads(line)
                    if entry["key"] == "file":
                        value = entry["value"]
                        hub.repositories[name][value["path"]] = base64.b64decode(value["content"])
                commit = hub.commit(name)
                url = f"{address}/{name}/commit/{commit}"
                return self._send_json({"success": True, "commitUrl": url, "commitOid": commit})
            return self._send(404, b"", {})

        def _send_json(self, content: object) -> None:
            self._send(200, json.dumps(content).encode(), {"Content-Type": "application/json"})

        def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

    return Handler


@contextmanager
def serve_model_hub(monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[ModelHub]:
    """Let huggingface_hub talk to an empty hub on this machine, with its cache and ours in `home`."""
    constants = pytest.importorskip("huggingface_hub.constants")
    hub = ModelHub()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub)) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, address)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "ENDPOINT", address)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hf"))
        monkeypatch.setenv("HF_TOKEN", "hf_of_a_test")
        monkeypatch.setenv("PAINTER_SEARCH_CACHE", str(home / "cache"))
        yield hub
        server.shutdown()
