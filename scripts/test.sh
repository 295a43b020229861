#!/usr/bin/env bash
# Lint, types and tests, in .venv. Extra arguments go to pytest: bash scripts/test.sh -k triplets
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/environment.sh
source scripts/environment.sh backbone,milvus,ray,serve,dev
ruff check .
ruff format --check .
mypy
python -m pytest "$@"
