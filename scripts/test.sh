#!/usr/bin/env bash
# Lint, types and tests, in .venv. Extra arguments go to pytest:
#   bash scripts/test.sh                  everything
#   bash scripts/test.sh -m "not slow"    what takes under five seconds each, to run often
#   bash scripts/test.sh -k triplets      tests by name
#   bash scripts/test.sh -n 0 -x --pdb    in one process
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/environment.sh
source scripts/environment.sh backbone,heic,hub,jxl,milvus,ray,serve,tables,dev
ruff check .
ruff format --check .
mypy &  # meanwhile: cold, it takes most of a minute
types=$!
# One process a core; each runs half of the tests in their order, then takes over from the other.
python -m pytest -n auto --maxprocesses 4 --dist worksteal "$@" || tests=$?
wait "$types"
exit "${tests:-0}"
