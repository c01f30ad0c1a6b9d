#!/bin/sh
# Prints the path of a Python of the series in .python-version: $PYTHON if set, else one that this machine
# has, else one that uv installs.
set -eu
cd "$(dirname "$0")/.."

series=$(cat .python-version)
uv=.tools/uv/bin/uv

# Runs it rather than trusting its name: a version manager's shim exists for versions that are not active.
resolve() {
    "$1" -c "import sys; '%d.%d' % sys.version_info[:2] == '$series' or sys.exit(1); print(sys.executable)" 2>/dev/null
}

if [ -n "${PYTHON:-}" ]; then
    resolve "$PYTHON" && exit
    echo "PYTHON=$PYTHON is not a Python $series that runs" >&2
    exit 1
fi
resolve "python$series" && exit
resolve "$("$uv" python find --no-project --quiet "$series" 2>/dev/null || echo false)" && exit

pyenv_root=${PYENV_ROOT:-$(pyenv root 2>/dev/null || echo "$HOME/.pyenv")}
for candidate in "$pyenv_root/versions/$series"*/bin/"python$series"; do
    resolve "$candidate" && exit
done

echo "no Python $series on this machine, installing one with uv" >&2
if "$uv" python install --quiet "$series" >&2; then
    resolve "$("$uv" python find --no-project --quiet "$series")" && exit
fi
echo "Python $series could not be installed. Install it, or say where it is: PYTHON=/path/to/python$series make" >&2
exit 1
