#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a bare Debian 12 to a running service with lists that change with each click.
source "$(dirname "$0")/env.sh"

usage="usage: scripts/quickstart.sh [--no-wait]
Installs missing dependencies, builds the release, starts freshet with its embedded log, sends the events of a made-up
shop, and shows how each further click changes the list. The service runs until Ctrl-C; with --no-wait, it is stopped
after the demonstration. FRESHET_LISTEN=HOST:PORT is where it listens (127.0.0.1:8080)."
wait_for_user=true
case ${1:-} in
  "") ;;
  --no-wait) wait_for_user=false ;;
  -h | --help) echo "$usage"; exit 0 ;;
  *) echo "$usage" >&2; exit 2 ;;
esac

cd "$root"
mkdir -p build/quickstart
echo "The first time this takes about 4 GB of disk (Debian packages, LibTorch, the build), 4 GB of memory, and 15 minutes on
two cores; after that, seconds. Nothing is installed outside Debian's packages, $FRESHET_CACHE and build/."

step() { # step NUMBER WHAT
  echo
  echo "step $1 of 4, $(date +%T): $2"
}

# Shows how far Ninja is: on a terminal in one line, else every tenth of the way.
show_progress() {
  local finished total start=$SECONDS shown=0
  while read -r finished total _; do
    [[ $finished =~ ^[0-9]+$ && $total =~ ^[0-9]+$ ]] || continue
    if [ -t 1 ]; then
      printf '\r  %d of %d files, %d:%02d min ' "$finished" "$total" $(((SECONDS - start) / 60)) $(((SECONDS - start) % 60))
    elif [ $((finished * 10 / total)) -gt $shown ]; then
      shown=$((finished * 10 / total))
      echo "  $finished of $total files"
    fi
  done
  if [ -t 1 ]; then printf '\r\033[K'; fi
}

step 1 "installing what is missing"
"$root/scripts/setup.sh" --build

step 2 "building"
cmake --preset release -DFRESHET_BUILD_TESTS=OFF -DFRESHET_BUILD_BENCH=OFF >build/quickstart/build.log 2>&1 ||
  die "the build failed: $(tail -n 5 build/quickstart/build.log)"
NINJA_STATUS='%f %t ' cmake --build --preset release --parallel "$(nproc)" 2>&1 | tee -a build/quickstart/build.log |
  show_progress || die "the build failed: $(tail -n 5 build/quickstart/build.log)"

step 3 "starting the service"
freshet=$root/build/release/freshet
work=$(mktemp -d)
log=$work/freshet.log
"$freshet" serve --data "$work/data" --listen "${FRESHET_LISTEN:-127.0.0.1:8080}" >"$log" 2>&1 &
service=$!
finish() {
  kill "$service" 2>/dev/null && wait "$service" 2>/dev/null
  rm -rf "$work"
}
trap finish EXIT

for _ in $(seq 100); do
  port=$(grep -o 'port=[0-9]*' "$log" | head -n 1 | cut -d= -f2) && [ -n "$port" ] && break
  kill -0 "$service" 2>/dev/null || die "the service did not start: $(tail -n 1 "$log")"
  sleep 0.1
done
url=http://127.0.0.1:$port
echo "freshet is running at $url"

step 4 "a shop"
"$root/scripts/demonstration.sh" "$freshet" "$url"
cat <<NEXT

try it:
  curl -s $url/v1/events --json '{"user":"you","item":"lamp-7"}'
  curl -s '$url/v1/users/you/recommendations?k=5&explain=true'
  curl -s $url/v1/status
NEXT
if $wait_for_user; then
  echo
  echo "the service runs until you press Ctrl-C, or: kill $$"
  trap 'exit 0' INT TERM
  wait "$service"
fi
