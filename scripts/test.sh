#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs dependencies, builds, and runs every test. The exit code is 0 only if everything passed.
source "$(dirname "$0")/env.sh"

usage="usage: scripts/test.sh [--quick] [--no-sanitizers]
  --quick          only the unit and property tests of the release build, and clang-tidy of what changed
  --no-sanitizers  skip the AddressSanitizer and ThreadSanitizer builds"
quick=false sanitizers=true
for option in "$@"; do
  case $option in
    --quick) quick=true ;;
    --no-sanitizers) sanitizers=false ;;
    -h | --help) echo "$usage"; exit 0 ;;
    *) echo "$usage" >&2; exit 2 ;;
  esac
done

cd "$root"
logs=$root/build/logs
rm -rf "$logs"
mkdir -p "$logs"

# Prints "passed failed skipped" of a JUnit report.
count_tests() {
  python3 - "$1" <<'PYTHON'
import sys, xml.etree.ElementTree as xml
suites = list(xml.parse(sys.argv[1]).iter("testsuite"))
total, failed, skipped = (sum(int(s.get(name, 0)) for s in suites for name in names)
                          for names in (["tests"], ["failures", "errors"], ["skipped", "disabled"]))
print(total - failed - skipped, failed, skipped)
PYTHON
}

# step NAME COMMAND...: runs the command and prints a line; if it fails, also the end of its output. A command that writes a
# JUnit report to $junit counts as the tests in it, any other as one. Steps may run side by side: each leaves its counts in
# a file, which says "failed" until the step has ended.
step() {
  local name=$1 start=$SECONDS outcome=ok log counts file=$logs/${1// /-}
  log=$file.log junit=$file.xml
  echo "0 1 0 $name" >"$file.counts"
  shift
  "$@" >"$log" 2>&1 </dev/null || outcome=FAILED
  if [ -s "$junit" ]; then
    counts=($(count_tests "$junit"))
  else
    counts=($([ $outcome = ok ] && echo 1 0 0 || echo 0 1 0))
  fi
  # A command can fail without a failed test, for example if a test could not be started; a report can be cut short.
  if [ ${#counts[@]} != 3 ]; then outcome=FAILED counts=(0 1 0); fi
  if [ $outcome = FAILED ] && [ "${counts[1]}" = 0 ]; then counts[1]=1; fi
  {
    printf '%-36s %-6s %5d s\n' "$name" "$outcome" $((SECONDS - start))
    if [ $outcome = FAILED ]; then
      tail -n 60 "$log" | cut -c 1-300 | sed 's/^/    /'
      echo "    (log: $log)"
    fi
  } >"$file.said"
  cat "$file.said"  # at once, so that lines of steps side by side do not mix
  echo "${counts[*]} $name" >"$file.counts"
  [ $outcome = ok ]
}

# Prints the sum of all steps and the steps that failed. True if none failed.
summary() {
  awk '{ passed += $1; failed += $2; skipped += $3 }
       $2 > 0 { name = $0; sub(/^[0-9]+ [0-9]+ [0-9]+ /, "", name); print "failed: " name }
       END { print passed " passed, " failed " failed, " skipped " skipped"; exit failed > 0 }' "$logs"/*.counts
}

build() {
  cmake --preset "$1" && cmake --build --preset "$1" --parallel "$(nproc)"
}

run_ctest() {
  ctest --preset "$@" --parallel "$(nproc)" --output-junit "$junit"
}

# Starts the Kafka broker of the contract tests.
start_broker() {
  broker=$(mktemp -d)
  scripts/kafka_broker.sh start "$broker"
  FRESHET_TEST_BROKERS=$(scripts/kafka_broker.sh url "$broker") && export FRESHET_TEST_BROKERS
}

run_pytest() {
  "$pytools_dir/bin/python" -m pytest -q -p no:cacheprovider --timeout 1200 --junitxml "$junit" "$@"
}

# Runs the end-to-end tests on a sanitizer's build; service_fixtures.py looks for reports in the logs. Without the offline
# evaluations: they take minutes there, and test_evaluate_against.py and the unit tests run the same code.
run_sanitized() {
  FRESHET_BINARY=$root/build/$1/freshet TSAN_OPTIONS=suppressions=$root/tests/tsan.supp:history_size=7 \
    run_pytest tests/integration --ignore tests/integration/test_evaluate.py
}

# The rest runs in four lanes side by side; none uses two cores all the time.

# Builds, at a lower priority than the tests; then what needs only compilers. Each build leaves its exit status in a file
# that the tests wait for.
build_lane() {
  renice -n 10 $BASHPID >/dev/null
  if $sanitizers; then
    for sanitizer in asan tsan; do
      step "$sanitizer build" build $sanitizer
      echo $? >"$logs/$sanitizer.built"
    done
  fi
  step "package" scripts/package.sh && step "package in a bare Debian" as_root scripts/check_package.sh
  step "license lines" .ci/check_spdx.py
  step "third-party licenses" .ci/check_third_party.sh build/release/freshet
  step "layers" .ci/check_layers.py build/release
  step "clang-tidy" .ci/check_tidy.sh build/release
}

# True once the sanitizer's build has succeeded.
wait_for_build() {
  while [ ! -s "$logs/$1.built" ] && kill -0 "$builds" 2>/dev/null; do sleep 1; done
  grep -qsx 0 "$logs/$1.built"
}

program_lane() {
  step "release tests" run_ctest release
  $sanitizers || return
  for sanitizer in asan tsan; do
    wait_for_build $sanitizer && step "$sanitizer tests" run_ctest $sanitizer
  done
}

service_lane() {
  step "end-to-end tests" run_pytest tests/integration
  ! $sanitizers || { wait_for_build tsan && step "tsan end-to-end tests" run_sanitized tsan; }
}

fault_lane() {
  step "fault tests" run_pytest --short tests/fault
  step "format" .ci/check_format.sh
  step "links" .ci/check_links.py
  ! $sanitizers || { wait_for_build asan && step "asan end-to-end tests" run_sanitized asan; }
}

# start LANE: in the background, in a process group of its own, so that clean_up stops what it has started. Sets $!.
start() {
  set -m
  # The steps have said how it went; a status other than 0 means that the lane itself was stopped.
  { trap 'exit 130' INT; "$@"; true; } &
  set +m
  lanes+=($!)
}

# Interrupts what still runs, as Ctrl-C would: tests stop the services and brokers that they have started.
clean_up() {
  for lane in "${lanes[@]}"; do kill -INT -- "-$lane" 2>/dev/null; done
  for lane in "${lanes[@]}"; do
    for _ in {1..60}; do kill -0 -- "-$lane" 2>/dev/null || break; sleep 1; done
    kill -KILL -- "-$lane" 2>/dev/null
  done
  [ -z "${broker:-}" ] || { scripts/kafka_broker.sh kill "$broker"; rm -rf "$broker"; }
}

set +e # from here on steps keep the score
step "set-up" scripts/setup.sh --test || exit 1
if $quick; then
  step "release build" build release && step "release tests" run_ctest release --label-regex 'unit|property'
  [ ! -e build/release/compile_commands.json ] || ! git rev-parse -q --verify origin/main >/dev/null ||
    step "clang-tidy of what changed" .ci/check_tidy.sh build/release --since origin/main
elif step "release build" build release; then
  lanes=()
  trap clean_up EXIT
  step "broker" start_broker
  start build_lane
  builds=$!
  start program_lane
  start service_lane
  start fault_lane
  for lane in "${lanes[@]}"; do
    wait "$lane" || echo "0 1 0 lane (stopped with status $?)" >"$logs/lane-$lane.counts"
  done
  lanes=()
fi
summary
