#!/usr/bin/env bash
# From a bare Debian 12 to a running service with lists that change with each click.
source "$(dirname "$0")/env.sh"

usage="usage: scripts/quickstart.sh [--no-wait]
Installs missing dependencies, builds the release, starts freshet with its embedded log, sends the events of a synthetic
shop, and shows how each further click changes the list. The service runs until Ctrl-C; with --no-wait, it is stopped
after the demonstration."
wait_for_user=true
case ${1:-} in
  "") ;;
  --no-wait) wait_for_user=false ;;
  -h | --help) echo "$usage"; exit 0 ;;
  *) echo "$usage" >&2; exit 2 ;;
esac

cd "$root"
"$root/scripts/setup.sh" --build
mkdir -p build/quickstart
echo "building the release (takes some minutes the first time)"
{
  cmake --preset release -DFRESHET_BUILD_TESTS=OFF -DFRESHET_BUILD_BENCH=OFF &&
    cmake --build --preset release --parallel "$(nproc)"
} >build/quickstart/build.log 2>&1 || die "the build failed: $(tail -n 5 build/quickstart/build.log)"

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

echo
echo "sending 60,000 events of a synthetic shop:"
"$freshet" generate --users 1500 --items 300 --events 60000 --seed 1 -o "$work/shop.jsonl"
"$freshet" replay "$work/shop.jsonl" --to http --url "$url"
echo "learning them; each event is scored before it is learned ..."
until curl -sf "$url/v1/status" | grep -q '"events_learned":60000'; do sleep 0.3; done

show() { # show TITLE < JSON
  printf '%-36s' "$1"
  grep -o '"item":"[^"]*"' | head -n 8 | cut -d'"' -f4 | paste -sd' '
}
click() { # click ITEM: sends a click of the user "you", and prints the next list
  local token
  token=$(curl -sf "$url/v1/events" --json "{\"user\":\"you\",\"item\":\"$1\",\"ts\":\"$now\"}" | grep -o '"token":"[^"]*"' | cut -d'"' -f4)
  curl -sf "$url/v1/users/you/recommendations?k=8&after=$token" | show "after a click on $1:"
}
now=$(curl -sf "$url/v1/status" | grep -o '"stream_time":"[^"]*"' | head -n 1 | cut -d'"' -f4)
echo
curl -sf "$url/v1/users/you/recommendations?k=8" | show "no clicks yet, so popular items:"
click mug-12
click mug-18
click chair-8
click chair-20
echo
echo "quality so far, over the newest events (hit rate at 20 / MRR at 20):"
curl -sf "$url/v1/status" | python3 -c '
import json, sys
for part, q in json.load(sys.stdin)["learner"]["quality"].items():
    print("  {:14} {:.3f} / {:.3f}".format(part, q["recent_hit_rate"], q["recent_mrr"]))'
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
