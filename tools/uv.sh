#!/bin/sh
# Gives the repository its uv, at .tools/uv/bin/uv: a link to the uv on PATH when that one is recent enough,
# else a virtual environment with the version that requirements/uv.txt pins.
set -eu
cd "$(dirname "$0")/.."

OLDEST="0.8"   # the first series with everything that tools/ asks of it
HOME_OF_UV=.tools/uv

recent_enough() {
    version=$("$1" --version 2>/dev/null | sed -n 's/^uv \([0-9.]*\).*/\1/p')
    [ -n "$version" ] && [ "$(printf '%s\n%s\n' "$OLDEST" "$version" | sort -V | head -n 1)" = "$OLDEST" ]
}

rm -rf "$HOME_OF_UV"
found=$(command -v uv || true)
if [ -n "$found" ] && recent_enough "$found"; then
    mkdir -p "$HOME_OF_UV/bin"
    ln -s "$found" "$HOME_OF_UV/bin/uv"
    exit
fi

# A version manager's shim can be first on PATH and refuse to run here, so ask each Python what it can do.
for python in python3 /usr/bin/python3 python3.13 python3.12 python3.11; do
    "$python" -c 'import venv, ensurepip' >/dev/null 2>&1 || continue
    echo "creating $HOME_OF_UV (uv is not on PATH)"
    "$python" -m venv "$HOME_OF_UV"
    "$HOME_OF_UV/bin/python" -m pip install -qq --disable-pip-version-check --no-compile --require-hashes \
        --only-binary :all: --requirement requirements/uv.txt
    exit
done
echo "uv is not on PATH, and no Python here can make a virtual environment to install it into." >&2
echo "Install uv, or on Debian: apt-get install python3-venv" >&2
exit 1
