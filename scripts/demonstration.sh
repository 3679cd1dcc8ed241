#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Shows how clicks change lists, on a service that runs and has seen nothing yet: needs a POSIX shell and curl.
set -eu
usage="usage: demonstration.sh FRESHET URL      FRESHET: the binary; URL: of the service, such as http://127.0.0.1:8080"
[ $# = 2 ] || { echo "$usage" >&2; exit 2; }
freshet=$1 url=$2 events=60000

echo "sending $events events of a made-up shop whose last week ends now:"
"$freshet" generate --users 1500 --items 300 --events $events --seed 1 | "$freshet" replay - --to http --url "$url"
echo "learning them; each event is scored before it is learned ..."
until curl -sf "$url/v1/status" | grep -q "\"events_learned\":$events"; do sleep 0.3; done

show() { # show TITLE < JSON
  printf '%-36s' "$1"
  grep -o '"item":"[^"]*"' | head -n 8 | cut -d'"' -f4 | paste -sd' ' -
}
click() { # click ITEM: sends a click of the user "you", and prints the next list
  token=$(curl -sf "$url/v1/events" --json "{\"user\":\"you\",\"item\":\"$1\"}" | sed 's/.*"token":"\([^"]*\)".*/\1/')
  curl -sf "$url/v1/users/you/recommendations?k=8&after=$token" | show "after a click on $1:"
}
echo
curl -sf "$url/v1/users/you/recommendations?k=8" | show "no clicks yet, so popular items:"
click mug-12
click mug-18
click chair-8
click chair-20
echo
echo "quality so far, over the newest events (hit rate at 20 / MRR at 20):"
curl -sf "$url/v1/status" | tr '{}' '\n' | awk '
  /"[a-z_]+":$/ { part = $0; sub(/":$/, "", part); sub(/.*"/, "", part) }
  match($0, /"recent_hit_rate":[0-9.e-]+/) {
    hit = substr($0, RSTART + 18, RLENGTH - 18)
    match($0, /"recent_mrr":[0-9.e-]+/)
    printf "  %-22s %.3f / %.3f\n", part, hit, substr($0, RSTART + 13, RLENGTH - 13)
  }'
