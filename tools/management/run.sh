#!/bin/sh
# run.sh SCHEMATHESIS PROGRAM: holds the management listener of PROGRAM, entraproof,
# against its own OpenAPI document. Fails on an answer that the document does not
# have, on any 5xx, and if the issuer does not stop in good order at the end.
set -eu

# whole PATH: the path from the root, as the programs run in a folder of their own,
# where schemathesis leaves what it wants to remember.
whole() { printf '%s/%s' "$(cd "$(dirname "$1")" && pwd)" "$(basename "$1")"; }

schemathesis=$(whole "$1") program=$(whole "$2") config=$(whole "$(dirname "$0")/schemathesis.toml")
folder=$(mktemp -d)
cd "$folder"
issuer=

finish() {
    [ -z "$issuer" ] || kill "$issuer" 2>/dev/null || true
    cd / && rm -rf "$folder"
}
trap finish EXIT

ENTRAPROOF_MANAGEMENT_TOKEN=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
export ENTRAPROOF_MANAGEMENT_TOKEN

mkfifo addresses
"$program" serve issuer --format json >addresses &
issuer=$!

# The program prints each address, and then that all of them answer.
management=
while read -r line; do
    case $line in
        *'"part":"management"'*) management=$(printf '%s' "$line" | sed 's/.*"url":"\([^"]*\)".*/\1/') ;;
        *'"ready":true'*) break ;;
    esac
done <addresses
if [ -z "$management" ]; then
    echo 'management: the issuer did not say where it listens' >&2
    exit 1
fi

timeout 60 "$schemathesis" --config-file "$config" run "$management/openapi.json" --no-color

kill "$issuer"
wait "$issuer"
issuer=
