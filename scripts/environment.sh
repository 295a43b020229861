# Makes .venv in the checkout if missing, installs the package with the extras named in $1, and puts it on PATH.
# Sourced by demo.sh and test.sh. It installs again only when pyproject.toml has changed.
if [ -z "${PYTHON:-}" ]; then
  for candidate in python3 python py; do
    if command -v "$candidate" >/dev/null 2>&1; then PYTHON="$candidate"; break; fi
  done
fi
if ! "${PYTHON:-python3}" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
  echo "Python 3.10 or newer is needed; set PYTHON to one, for example: PYTHON=python3.12 bash scripts/demo.sh" >&2
  exit 1
fi
if [ ! -d .venv ]; then
  echo "Making .venv ..." >&2
  "$PYTHON" -m venv .venv || { rm -rf .venv; echo "Python's venv module is needed (Debian: apt install python3-venv)." >&2; exit 1; }
fi
bin=.venv/bin
[ -d .venv/Scripts ] && bin=.venv/Scripts
export PATH="$PWD/$bin:$PATH"
stamp=".venv/installed-$1"
if [ ! -f "$stamp" ] || ! cmp -s "$stamp" pyproject.toml; then
  echo "Installing painter_search [$1] into .venv; PyTorch makes this take minutes ..." >&2
  # Without compiling every module of every dependency: those that are imported are compiled then.
  python -m pip install --quiet --no-compile --editable ".[$1]"
  cp pyproject.toml "$stamp"
fi
