#!/usr/bin/env bash
# Lint, types and tests, in .venv. Extra arguments go to pytest:
#   bash scripts/test.sh                  everything
#   bash scripts/test.sh -m "not slow"    what takes under five seconds each, to run often
#   bash scripts/test.sh -k triplets      tests by name
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/environment.sh
source scripts/environment.sh backbone,milvus,ray,serve,dev
ruff check .
ruff format --check .
mypy &  # on the second core: cold, it takes most of a minute
types=$!
python -m pytest "$@" || tests=$?
wait "$types"
exit "${tests:-0}"
