#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs one Kafka broker (KRaft) for tests and experiments, from the jars that setup.sh installed.
source "$(dirname "$0")/env.sh"

usage="usage: scripts/kafka_broker.sh start DIR [PROPERTIES] | stop|kill|url DIR
  start  start a broker with its data in DIR, and wait until it answers. Creates DIR if necessary; after stop or kill,
         start continues with the same data on the same port. The lines of the file PROPERTIES override the broker's
         properties; @PORT@ and @CONTROLLER@ in them stand for the chosen ports.
  stop   stop the broker cleanly
  kill   kill -9 the broker
  url    print HOST:PORT"
[ $# = 2 ] || [ "$1 $#" = "start 3" ] || { echo "$usage" >&2; exit 2; }
verb=$1 dir=$(realpath -m "$2") overrides=${3:-/dev/null}
jars=$kafka_dir/lib
java=(java -Xms256m -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1)

configure() {
  mkdir -p "$dir"
  read -r port controller <<<"$("$root/scripts/free_ports.py" 2)"
  echo "127.0.0.1:$port" >"$dir/url"
  cat >"$dir/new.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=$dir/data
num.partitions=4
auto.create.topics.enable=true
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
PROPERTIES
  sed "s/@PORT@/$port/; s/@CONTROLLER@/$controller/" "$overrides" >>"$dir/new.properties"
  local standalone=--standalone # not with other voters
  grep -q '^controller.quorum.voters=' "$dir/new.properties" && standalone= && sed -i '/bootstrap.servers/d' "$dir/new.properties"
  java -Dorg.slf4j.simpleLogger.defaultLogLevel=error -cp "$jars/*" kafka.tools.StorageTool format $standalone \
    -t MkU3OEVBNTcwNTJENDM2Qg -c "$dir/new.properties" >"$dir/format.log" 2>&1 ||
    die "cannot format the broker's storage: $(tail -n 3 "$dir/format.log")"
  mv "$dir/new.properties" "$dir/server.properties"
}

# True if the stored pid is still this broker. After a crash, the pid may belong to another process, or to a zombie, which
# has no command line.
running() {
  [ -e "$dir/pid" ] && grep -qzxF "$dir/server.properties" "/proc/$(cat "$dir/pid")/cmdline" 2>/dev/null
}

start() {
  [ -e "$jars" ] || die "Kafka is not installed in $jars; run scripts/setup.sh --test"
  running && die "a broker is already running on $dir"
  [ -e "$dir/server.properties" ] || configure
  # setsid, so that Ctrl-C in a test does not stop the broker before the test does.
  setsid "${java[@]}" -Dorg.slf4j.simpleLogger.defaultLogLevel=info -cp "$jars/*" kafka.Kafka "$dir/server.properties" \
    >>"$dir/server.log" 2>&1 </dev/null &
  local pid=$! deadline=$((SECONDS + 60))
  echo "$pid" >"$dir/pid"
  until kcat -b "$(cat "$dir/url")" -L -m 1 >/dev/null 2>&1; do
    kill -0 "$pid" 2>/dev/null || die "the broker stopped: $(tail -n 5 "$dir/server.log")"
    [ $SECONDS -lt $deadline ] || { end KILL; die "the broker did not answer within 60 s; see $dir/server.log"; }
    sleep 0.1
  done
}

# end SIGNAL: sends the signal; kills the broker if it still runs after 30 s.
end() {
  local deadline=$((SECONDS + 30))
  running || { rm -f "$dir/pid"; return 0; }
  kill "-$1" "$(cat "$dir/pid")" || true
  while running; do
    [ $SECONDS -lt $deadline ] || kill -KILL "$(cat "$dir/pid")" || true
    sleep 0.05
  done
  rm -f "$dir/pid"
}

case $verb in
  start) start ;;
  stop) end TERM ;;
  kill) end KILL ;;
  url) cat "$dir/url" ;;
  *) echo "$usage" >&2; exit 2 ;;
esac
