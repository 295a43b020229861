"""`python -m painter_search` is an overview; `python -m painter_search query …` runs a command by its name."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = {
    "prepare": "turn originals and a catalogue into a clean collection",
    "audit": "find leaks, duplicates and doubtful artists in a collection",
    "train": "train an encoder on a collection",
    "build-index": "embed a collection with an encoder and index it",
    "eval-triplets": "score an index on triplets",
    "query": "find the artists nearest in style to a painting",
    "map": "lay out all works of an index by similarity",
    "compare": "compare two paintings, or two groups of them",
    "export": "write the embeddings and works of an index for other programs",
    "push-to-hub": "push an encoder to the Hugging Face hub",
    "serve": "query, compare and browse in a browser on your own machine",
    "info": "show versions, devices, extras, and what lies where",
}
"""The commands in the order in which they are used, and what each does."""
OVERVIEW = """\
NAME
  painter_search - whose hand painted this?

SYNOPSIS
  python -m painter_search.COMMAND [OPTIONS]
  painter-search COMMAND [OPTIONS]

COMMANDS, in the order in which they are used
{commands}

FIRST STEPS, with a folder that has one folder of images per artist
  python -m painter_search.build-index --folder my-paintings
  python -m painter_search.query painting.jpg --page answer.html

OPTIONS
  --help             explain a command: python -m painter_search.query --help
  --json             print plain values (all commands)
  --quiet, -q        print nothing but results and errors (all commands)
  --verbose, -v      print more messages, and where an error arose (all commands)
  --version          print the version (without a command)
  --completion SHELL print a script that completes painter-search and its options in bash, zsh or fish;
                     for bash: painter-search --completion bash > ~/.bash_painter; echo '. ~/.bash_painter' >> ~/.bashrc

FILES, written into the current folder unless an option says otherwise
  data/              a prepared collection
  runs/NAME/         a training: best.safetensors, report.html
  index/             indexes; CURRENT names the one in use

EXIT STATUS
  0  done            1  failed, or a painting could not be answered
  2  misused         130  interrupted; the same command again continues (train with --resume)

ENVIRONMENT
  NO_COLOR              print without colours
  OMP_NUM_THREADS       cores that a library may use; set to the container's quota where there is one
  PAINTER_SEARCH_CACHE  folder for indexes fetched from URLs and compiled encoders
  HF_TOKEN, HF_ENDPOINT  token and address of the Hugging Face hub
  MILVUS_TOKEN          token of a Milvus server
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command by name; returns its exit code, 2 for an unknown name."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in COMMANDS:
        return int(import_module(f"painter_search.{words[0]}").main(words[1:]))
    from painter_search.common.command_line.cli import exit_code

    return exit_code(lambda: _without_command(words))


def _without_command(words: Sequence[str]) -> int:
    """Print the overview, the version or a completion script; explain a mistake on stderr, with exit code 2."""
    if not words or words[0] in ("-h", "--help", "help"):
        commands = "\n".join(f"  {name:<14} {purpose}" for name, purpose in COMMANDS.items())
        print(OVERVIEW.format(commands=commands), end="")
        return 0
    if words[0] in ("-V", "--version"):
        from painter_search.common.version import __version__

        print(__version__)
        return 0
    if words[0] == "--completion":
        from painter_search.common.command_line.completion import print_completion

        modules = {name: import_module(f"painter_search.{name}") for name in COMMANDS}
        subcommands = {
            name: {subcommand: run for subcommand, (run, _) in module.SUBCOMMANDS.items()}
            for name, module in modules.items()
            if hasattr(module, "SUBCOMMANDS")
        }
        return print_completion({name: module.run for name, module in modules.items()}, words[1:], subcommands)
    print(f"painter_search: there is no command {words[0]!r}{_suggestion(words[0])}", file=sys.stderr)
    print(f"The commands: {', '.join(COMMANDS)}. `python -m painter_search` explains them.", file=sys.stderr)
    return 2


def _suggestion(word: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word.replace("_", "-"), COMMANDS, 1)
    return f"; did you mean {near[0]!r}?" if near else "."


if __name__ == "__main__":
    sys.exit(main())
