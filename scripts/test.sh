#!/usr/bin/env bash
# Lint, types and tests, in .venv. Extra arguments go to pytest:
#   bash scripts/test.sh                  everything but what takes long
#   bash scripts/test.sh --long           that, too, with Milvus and Ray: hours
#   bash scripts/test.sh -m "not slow"    what takes under three seconds each, to run often
#   bash scripts/test.sh -k triplets      tests by name
#   bash scripts/test.sh -n 0 -x --pdb    in one process
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
extras=backbone,heic,hub,jxl,serve,tables,tensorboard,dev
[[ "$*" != *--long* ]] || extras=milvus,ray,$extras
# shellcheck source=scripts/environment.sh
source scripts/environment.sh "$extras"
ruff check .
ruff format --check .
mypy &  # meanwhile: cold, it takes most of a minute
types=$!
# A process more than cores where tests wait for servers; each begins with a share of them, then takes over from others.
processes=$(getconf _NPROCESSORS_ONLN)
[[ "$*" == *"not slow"* ]] || processes=$((processes + 1))
python -m pytest -n "$processes" --maxprocesses 4 --dist worksteal "$@" || tests=$?
command -v "${CHROMIUM:-chromium}" chromium chromium-browser google-chrome >/dev/null ||
  echo "No Chromium on the PATH or in CHROMIUM: pages were not tested in a browser (apt-get install chromium)." >&2
wait "$types"
exit "${tests:-0}"
