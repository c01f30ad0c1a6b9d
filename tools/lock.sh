#!/bin/sh
# lock.sh            compiles every lock again, keeping the versions it has where they still fit
# lock.sh --upgrade  the same, with the newest versions that fit
# lock.sh --check    fails when a lock is not what its inputs compile to; changes nothing. Needs the package registry,
#                    or a cache that knows all it asks; with neither it says so and passes, or fails when CI=true
set -eu
cd "$(dirname "$0")/.."

mode=${1:-}
uv=.tools/uv/bin/uv
python=$(./tools/python.sh)
series=$(cat .python-version)
layer=layers/core/requirements.txt
drifted=""
unchecked=""

# compile LOCK INPUTS-AND-OPTIONS…; uv prefers the versions and hashes in LOCK.
compile() {
    lock=$1
    shift
    target=$lock
    if [ "$mode" = --check ]; then
        target=$scratch/lock.txt
        cp "$lock" "$target"
    fi
    [ "$mode" != --upgrade ] || set -- "$@" --upgrade
    set -- --quiet --generate-hashes --no-emit-index-url --no-emit-find-links \
        --custom-compile-command "make lock" --python "$python" --python-version "$series" \
        --output-file "$target" "$@"
    if [ "$mode" != --check ]; then
        "$uv" pip compile "$@" >/dev/null
    # What the cache knows settles it at once, and without a network; only then is the registry asked.
    elif ! "$uv" pip compile --offline "$@" >/dev/null 2>&1 || ! cmp -s "$lock" "$target"; then
        [ -z "$unchecked" ] || { unchecked="$unchecked $lock"; return 0; }
        cp "$lock" "$target"
        status=0
        "$uv" pip compile "$@" >/dev/null 2>"$scratch/errors" || status=$?
        case $status in
            0) cmp -s "$lock" "$target" || drifted="$drifted $lock" ;;
            1) cat "$scratch/errors" >&2; drifted="$drifted $lock" ;;   # no versions fit the inputs
            *) unchecked="$unchecked $lock" ;;                          # nobody answered
        esac
    fi
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The layer is for one machine, Lambda's; the rest is for any developer's.
compile "$layer" layers/core/pyproject.toml --only-binary :all: --python-platform x86_64-manylinux_2_28
compile requirements/dev.txt requirements/dev.in layers/core/pyproject.toml client/pyproject.toml --extra runtime --extra cli --universal
compile requirements/sam.txt requirements/sam.in --universal
compile requirements/checkov.txt requirements/checkov.in --universal
compile requirements/ministack.txt requirements/ministack.in --universal
compile requirements/awscli.txt requirements/awscli.in --universal
compile requirements/genesys-sdk.txt requirements/genesys-sdk.in --universal
compile requirements/uv.txt requirements/uv.in --universal
series=3.10   # the oldest that the client runs on
compile client/requirements.txt client/pyproject.toml --extra cli --universal

if [ -n "$unchecked" ]; then
    tail -n 1 "$scratch/errors" >&2
    echo "not checked against their inputs, since the package registry does not answer:$unchecked" >&2
    [ "${CI:-}" != true ] || exit 1
fi
if [ -n "$drifted" ]; then
    echo "out of step with their inputs:$drifted (run: make lock)" >&2
    exit 1
fi
