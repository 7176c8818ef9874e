#!/bin/sh
# Whether docs/openapi.json still serves the clients of docs/openapi.released.json, the API as it was last released.
#   check [BASE REVISION]  ends with 1 when a client breaks and the version does not say so; what oasdiff finds is printed
#   release                makes the API of now the released one, if the version says what it breaks
#   have                   ends with 0 when oasdiff is there, or could be built
# oasdiff is built once, from the Go module proxy, by Go 1.21 or later. Without it the check is skipped, and says so.
set -eu
cd "$(dirname "$0")/.."

version=v1.38.0
folder=$PWD/.cache/oasdiff/$version
oasdiff=$folder/oasdiff
current=docs/openapi.json
released=docs/openapi.released.json

# Builds oasdiff unless it is there; says why where it cannot be built.
have() {
  [ -x "$oasdiff" ] && return 0
  echo "Building oasdiff $version ..."
  if ! command -v go >/dev/null; then
    reason='there is no Go'
  elif reason=$(GOBIN=$folder CGO_ENABLED=0 GOTOOLCHAIN=auto go install "github.com/oasdiff/oasdiff@$version" 2>&1); then
    return 0
  fi
  echo "SKIPPED: whether the API breaks its clients is NOT CHECKED: oasdiff cannot be had:" >&2
  echo "$reason" | tail -n 3 >&2
  return 1
}

# Ends with 1 where the second breaks clients of the first without a version that says so. The levels are what breaks our
# clients beyond what oasdiff says: names that generators make others of, headers, defaults.
compare() {
  "$oasdiff" breaking "$1" "$2" --fail-on MISSING-VERSION-BUMP --severity-levels oasdiff-levels.txt --color never
}

case ${1:-} in
have) have ;;
check)
  have || exit 0
  compare "${2:-$released}" "${3:-$current}"
  ;;
release)
  # Unlike a check, a release is never made on trust.
  have
  compare "$released" "$current"
  cp "$current" "$released"
  ;;
*)
  echo "usage: scripts/released-api.sh check [BASE REVISION] | release | have" >&2
  exit 2
  ;;
esac
