#!/usr/bin/env bash
# The whole service on one recorded stream: what goes in arrives, how fast, how fresh, how many lists, how much memory.
source "$(dirname "$0")/../scripts/env.sh"

usage="usage: bench/pipeline.sh embedded|kafka FILE [COLUMNS]
  embedded  the stream goes in over HTTP, acknowledged after fsync
  kafka     it is produced to a broker of its own first, then the service catches up from nothing
COLUMNS as freshet replay takes them (default session,item,time,type; the first is taken for the session). FRESHET_BENCH_LEARNED=N goes on
when N events are learned (default: all). Needs wrk and jq (scripts/setup.sh --test). Prints one line per figure."
[ $# -ge 2 ] || { echo "$usage" >&2; exit 2; }
kind=$1 file=$(realpath "$2") columns=${3:-session,item,time,type}
freshet=$root/build/release/freshet url=http://127.0.0.1:18090
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
figure() { printf '%-44s %s\n' "$1" "$2"; }
rate() { echo "$1 / $2" | bc; }
status() { curl -sf "$url/v1/status" | jq "$1"; }

start() {
  local begin
  begin=$(now)
  "$freshet" serve -c bench.toml --listen 127.0.0.1:18090 >>service.log 2>&1 &
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

begin=$(now)
if [ "$kind" = kafka ]; then
  events=$("$freshet" replay "$file" --columns "$columns" --to kafka -c bench.toml --json 2>/dev/null | jq .acknowledged)
  figure "produced to the broker, acks=all" "$(rate "$events" "$(since "$begin")") events/s"
  start
  until [ "$(status '.history.ends | add')" = "$events" ]; do sleep 0.1; done
  begin=$(now)
  consumed=$(status '.history.positions | add')
  until_zero .history.lag_events
  figure "log to histories, catch-up, learner beside" "$(rate "($events - $consumed)" "$(since "$begin")") events/s"
else
  start
  events=$("$freshet" replay "$file" --columns "$columns" --to http --url $url --json 2>/dev/null | jq .acknowledged)
  until_zero .history.lag_events
  figure "HTTP to histories, acknowledged after fsync" "$(rate "$events" "$(since "$begin")") events/s"
fi

learned=${FRESHET_BENCH_LEARNED:-$events}
begin=$(now) from=$(status .learner.events_learned)
until [ "$(status .learner.events_learned)" -ge "$learned" ]; do sleep 0.5; done
[ "$from" -ge "$learned" ] || figure "learner, every event scored first" "$(rate "($learned - $from)" "$(since "$begin")") events/s"
figure "resident" "$(status .memory.resident_bytes | numfmt --to=iec)"
status '.learner.memory_bytes' | jq -r 'to_entries[] | "  \(.key) \(.value / 1048576 * 10 | round / 10) MiB"'
figure "quality, whole stream / newest 10 k" "HR@20, MRR@20 of each event's rank before it was learned"
status '.learner.quality' | jq -r 'to_entries[] | "  \(.key) " + ([.value | .hit_rate, .mrr, .recent_hit_rate, .recent_mrr
  | . * 1000 | round / 1000 | tostring] | join(" "))'
stop
start
figure "restart to first answer" "$started s"
figure "resident after the restart" "$(status .memory.resident_bytes | numfmt --to=iec)"

freshness() { "$root/bench/freshness.py" $url 500 | sed -n 's/click to list *//p'; }
feed() { # events a second, for a while
  "$freshet" replay "$file" --columns "$columns" --to http --url $url --speed "$1/s" --no-ids >/dev/null 2>&1 &
  feeder=$!
  sleep 3
}
unfeed() { kill "$feeder" && wait "$feeder" 2>/dev/null || true; }
figure "click to list, idle" "$(freshness)"
feed 10000
figure "click to list, 10 k events/s" "$(freshness)"
unfeed
until_zero .learner.lag_events

session_column=$(echo "$columns" | tr , '\n' | grep -nx session | cut -d: -f1)
zcat -f "$file" | cut -f"$session_column" | awk '!seen[$0]++ && n++ < 100000' >sessions.txt
feed 1000
wrk -t1 -c16 -d20s --latency -s "$root/bench/sessions.lua" $url >wrk.txt
figure "lists, 16 connections, 1 k events/s beside" \
  "$(awk '/Requests\/sec/{r=$2} /50%/{a=$2} /99%/{b=$2} /Non-2xx/{e=$NF} END{print r "/s, p50 " a ", p99 " b ", refused " e+0}' wrk.txt)"
unfeed
stop
figure "histories" "$("$freshet" inspect data --counts --json | jq -c '{events, users, sessions}')"
