#!/bin/sh
# What the manifests of deploy/k8s are rendered and checked with. Everything is built or fetched once, into .cache.
#   have            ends with 0 when all tools are there, or could be had
#   render OVERLAY  prints the manifests of deploy/k8s/overlays/OVERLAY (kustomize)
#   score           reads manifests, prints what kube-score says of them as JSON
#   strimzi         reads manifests, prints what Strimzi's own classes refuse in them as JSON
# kustomize and kube-score come from the Go module proxy (Go 1.23 or later), Strimzi's classes from Maven (Java 17).
set -eu
cd "$(dirname "$0")/.."

# Later versions of kustomize want Go 1.27.
kustomize_version=v5.7.1
kube_score_version=v1.20.0
kustomize=$PWD/.cache/kustomize/$kustomize_version/kustomize
kube_score=$PWD/.cache/kube-score/$kube_score_version/kube-score
pom=scripts/kubernetes/pom.xml
jars=$PWD/.cache/strimzi

# Builds a Go tool unless it is there; says why where it cannot be built.
build() { # file module@version
  [ -x "$1" ] && return 0
  echo "Building $2 ..."
  if ! command -v go >/dev/null; then
    reason='there is no Go'
  elif reason=$(GOBIN=$(dirname "$1") CGO_ENABLED=0 GOTOOLCHAIN=auto go install "$2" 2>&1); then
    return 0
  fi
  skipped "$2" "$reason"
}

# Fetches Strimzi's classes unless those of this pom are there; the copy of the pom comes last.
fetch() {
  cmp -s "$pom" "$jars/installed.xml" && return 0
  echo "Fetching Strimzi's API with Maven ..."
  rm -rf "$jars"
  if ! command -v mvn >/dev/null; then
    reason='there is no Maven'
  elif reason=$(mvn -q -B -f "$pom" dependency:copy-dependencies -DoutputDirectory="$jars" 2>&1); then
    cp "$pom" "$jars/installed.xml"
    return 0
  fi
  skipped "Strimzi's API" "$reason"
}

skipped() { # tool reason
  echo "SKIPPED: the manifests of deploy/k8s are NOT CHECKED: $1 cannot be had:" >&2
  echo "$2" | tail -n 3 >&2
  return 1
}

case ${1:-} in
have)
  build "$kustomize" "sigs.k8s.io/kustomize/kustomize/v5@$kustomize_version"
  build "$kube_score" "github.com/zegl/kube-score/cmd/kube-score@$kube_score_version"
  fetch
  ;;
render) "$kustomize" build "deploy/k8s/overlays/$2" ;;
score)
  # Two tests that are optional, and are meant here.
  "$kube_score" score --output-format json --kubernetes-version v1.37 \
    --enable-optional-test container-seccomp-profile --enable-optional-test container-memory-requests-equal-limits -
  ;;
strimzi) java -XX:TieredStopAtLevel=1 -cp "$jars/*" scripts/kubernetes/StrimziCheck.java ;;
*)
  echo "usage: scripts/kubernetes-tools.sh have | render OVERLAY | score | strimzi" >&2
  exit 2
  ;;
esac
