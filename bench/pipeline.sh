#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures the whole service on one stream: ingestion, learning, freshness, lists, memory.
source "$(dirname "$0")/../scripts/env.sh"

usage="usage: bench/pipeline.sh embedded|kafka FILE [COLUMNS]
  embedded  sends the stream over HTTP; events are acknowledged after fsync
  kafka     produces the stream to a new broker, then lets the service catch up from the beginning
COLUMNS: as for freshet replay (default session,item,time,type). Lists are requested by session, or by user without one.
FRESHET_BENCH_LEARNED=N    continue when N events are learned (default: all)
FRESHET_BENCH_SECONDS=N    duration of each rate of the latency curve (default: 10)
FRESHET_BENCH_JSON=F.json  also write the figures to F.json, and latency against rate to F.svg
Needs jq (scripts/setup.sh --test). Prints one line per figure."
[ $# -ge 2 ] || { echo "$usage" >&2; exit 2; }
kind=$1 file=$(realpath "$2") columns=${3:-session,item,time,type}
freshet=$root/build/release/freshet load=$root/build/release/bench/freshet_load port=${FRESHET_BENCH_PORT:-18090}
url=http://127.0.0.1:$port
work=$(mktemp -d)
pid=
cleanup() {
  [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true
  [ ! -e "$work/broker" ] || "$root/scripts/kafka_broker.sh" kill "$work/broker" || true
  rm -rf "$work"
}
trap cleanup EXIT
cd "$work"

now() { date +%s.%N; }
since() { echo "$(now) - $1" | bc; }
# figure LABEL VALUE UNIT [KEY]: prints a line; with a key, adds an entry to the JSON.
figure() {
  printf '%-44s %12s %s\n' "$1" "$2" "$3"
  [ $# -lt 4 ] || jq -cn --arg key "$4" --arg label "$1" --arg unit "$3" --argjson value "${2/#./0.}" '$ARGS.named' >>figures
}
rate() { echo "$1 / $2" | bc; }
status() { curl -sf "$url/v1/status" | jq "$1"; }

start() {
  local begin
  begin=$(now)
  "$freshet" serve -c bench.toml --listen 127.0.0.1:$port >>service.log 2>&1 &
  pid=$!
  until curl -sf "$url/v1/popular?k=1" >/dev/null; do sleep 0.02; done
  started=$(since "$begin")
}
stop() { kill "$pid" && wait "$pid"; pid=; }
until_zero() { until [ "$(status "$1")" = 0 ]; do sleep 0.2; done; }

case $kind in
  embedded) printf '[log]\nkind = "embedded"\n' >bench.toml ;;
  kafka)
    "$root/scripts/kafka_broker.sh" start broker >/dev/null
    printf '[log]\nkind = "kafka"\n[kafka]\nbrokers = "%s"\n' "$("$root/scripts/kafka_broker.sh" url broker)" >bench.toml
    ;;
  *) echo "$usage" >&2; exit 2 ;;
esac

cp bench.toml default.toml
printf '[online]\nleast_scored = 1\n' >>bench.toml # the learner starts far behind, but is measured scoring every event
begin=$(now)
if [ "$kind" = kafka ]; then
  events=$("$freshet" replay "$file" --columns "$columns" --to kafka -c bench.toml --json 2>/dev/null | jq .acknowledged)
  figure "produced to the broker, acks=all" "$(rate "$events" "$(since "$begin")")" events/s produced
  start
  until [ "$(status '.history.ends | add')" = "$events" ]; do sleep 0.1; done
  begin=$(now)
  consumed=$(status '.history.positions | add')
  until_zero .history.lag_events
  figure "log to histories, catch-up, learner running" "$(rate "($events - $consumed)" "$(since "$begin")")" events/s catch_up
else
  start
  events=$("$freshet" replay "$file" --columns "$columns" --to http --url $url --json 2>/dev/null | jq .acknowledged)
  until_zero .history.lag_events
  figure "HTTP to histories, acknowledged after fsync" "$(rate "$events" "$(since "$begin")")" events/s events_in
fi

learned=${FRESHET_BENCH_LEARNED:-$events}
begin=$(now) from=$(status .learner.events_learned)
until [ "$(status .learner.events_learned)" -ge "$learned" ]; do sleep 0.5; done
[ "$from" -ge "$learned" ] || figure "learner, every event scored first" "$(rate "($learned - $from)" "$(since "$begin")")" events/s learner
resident_mib() { status '.memory.resident_bytes / 1048576 | floor'; }
figure "resident" "$(resident_mib)" MiB resident
status '.learner.memory_bytes' | jq -r 'to_entries[] | "  \(.key) \(.value / 1048576 * 10 | round / 10) MiB"'
echo "quality, HR@20 and MRR@20 of each event's rank before it was learned, whole stream / newest 10 k"
status '.learner.quality' | jq -r 'to_entries[] | "  \(.key) " + ([.value | .hit_rate, .mrr, .recent_hit_rate, .recent_mrr
  | . * 1000 | round / 1000 | tostring] | join(" "))'
stop
mv default.toml bench.toml
start
figure "restart to first answer" "$(echo "scale=2; $started / 1" | bc)" s restart
figure "resident after the restart" "$(resident_mib)" MiB resident_restarted

# freshness LABEL KEY: 500 clicks, each followed by a list with its token, and 100 until a snapshot has learned them.
freshness() {
  local what words
  "$root/bench/freshness.py" $url 500 >clicks
  for what in list weights; do
    read -ra words <<<"$(sed -n "s/click to $what *//p" clicks)"
    [ ${#words[@]} = 0 ] && continue # not measured with several partitions
    figure "click to $what, $1, p50" "${words[1]}" ms "${2}_${what}_p50"
    figure "click to $what, $1, p99" "${words[5]}" ms "${2}_${what}_p99"
  done
}
feed() { # feed RATE: sends events in the background
  "$freshet" replay "$file" --columns "$columns" --to http --url $url --speed "$1/s" --no-ids >/dev/null 2>&1 &
  feeder=$!
  sleep 3
}
unfeed() { kill "$feeder" 2>/dev/null && wait "$feeder" 2>/dev/null || true; }
freshness idle fresh_idle
for rate in 5000 10000; do
  feed $rate
  freshness "$((rate / 1000)) k events/s" "fresh_$rate"
  unfeed
  until_zero .learner.lag_events
done

owner=session
echo "$columns" | tr , '\n' | grep -qx session || owner=user
column=$(echo "$columns" | tr , '\n' | grep -nx $owner | cut -d: -f1)
zcat -f "$file" | cut -f"$column" | awk -v path="/v1/${owner}s/" '$1 != "" && !seen[$1]++ && n++ < 100000 {print path $1 "/recommendations?k=20"}' >targets
"$root/bench/curve.py" $port "$pid" targets "$file" "$columns" "${FRESHET_BENCH_SECONDS:-10}" curve.json
stop
echo "histories $("$freshet" inspect data --counts --json | jq -c '{events, users, sessions}')"
if [ -n "${FRESHET_BENCH_JSON:-}" ]; then
  jq -s '. + $curve[0]' --slurpfile curve curve.json figures >"$FRESHET_BENCH_JSON"
  "$root/bench/plot.py" curve "$FRESHET_BENCH_JSON" "${FRESHET_BENCH_JSON%.json}.svg" >/dev/null
fi
