#!/bin/sh
# environment.sh DIR LOCK [PROJECT…]: makes DIR a virtual environment with exactly what LOCK lists, every file
# checked against its hash, and each PROJECT installed from its folder. Leaves what is right already alone.
set -eu
cd "$(dirname "$0")/.."

dir=$1
lock=$2
shift 2
uv=.tools/uv/bin/uv
series=$(cat .python-version)

if ! "$dir/bin/python" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$series')" 2>/dev/null; then
    python=$(./tools/python.sh)
    echo "creating $dir with Python $series"
    "$uv" venv --quiet --no-project --clear --python "$python" "$dir"
fi
echo "installing $(grep -c '^[a-z0-9].*==' "$lock") packages into $dir"
sync() {
    "$uv" pip sync --quiet --python "$dir/bin/python" --require-hashes "$@" "$lock"
}
# From the cache if all is there: the hashes make that the same thing, and needs no network.
sync --offline 2>/dev/null || sync
for project in "$@"; do
    "$uv" pip install --quiet --python "$dir/bin/python" --no-deps --no-build-isolation --offline --editable "$project"
done
touch "$dir/.complete"
