#!/usr/bin/env bash
# Installs, builds and runs every test. Exit code 0 only if all of it passed.
source "$(dirname "$0")/env.sh"

usage="usage: scripts/test.sh [--quick]
  --quick  the release build's unit and property tests only"
quick=false
case ${1:-} in
  "") ;;
  --quick) quick=true ;;
  -h | --help) echo "$usage"; exit 0 ;;
  *) echo "$usage" >&2; exit 2 ;;
esac

cd "$root"
logs=$root/build/logs
mkdir -p "$logs"
passed=0 failed=0

# step NAME COMMAND...: one line if it passes, the end of its output if it does not.
step() {
  local name=$1 start=$SECONDS log
  log=$logs/${name// /-}.log
  shift
  if "$@" >"$log" 2>&1; then
    printf '%-44s ok      %4d s\n' "$name" $((SECONDS - start))
    passed=$((passed + 1))
  else
    printf '%-44s FAILED  %4d s   (%s)\n' "$name" $((SECONDS - start)) "$log"
    tail -n 60 "$log" | sed 's/^/    /'
    failed=$((failed + 1))
  fi
}

build() {
  cmake --preset "$1" && cmake --build --preset "$1" --parallel "$(nproc)"
}

integration() {
  FRESHET_BINARY=$root/build/release/freshet "$pytools_dir/bin/python" -m pytest -q -p no:cacheprovider tests/integration
}

# The ingest contract suite once more, on a real broker.
broker_contract() {
  local dir
  dir=$(mktemp -d)
  scripts/kafka_broker.sh start "$dir"
  trap 'scripts/kafka_broker.sh kill "$dir"; rm -rf "$dir"' RETURN
  FRESHET_TEST_BROKERS=$(scripts/kafka_broker.sh url "$dir") \
    ctest --test-dir build/release --output-on-failure --no-tests=error -L integration -R RealKafka
}

step "set-up" scripts/setup.sh --test
step "release build" build release
step "release unit and property tests" ctest --preset release -L 'unit|property'
if ! $quick; then
  step "mock cluster tests" ctest --preset release -L integration
  step "contract suite on a real broker" broker_contract
  step "end-to-end tests" integration
  step "layers" python3 .ci/check_layers.py build/release
  step "format" .ci/check_format.sh
  for sanitizer in asan tsan; do
    step "$sanitizer build" build "$sanitizer"
    step "$sanitizer unit and property tests" ctest --preset "$sanitizer"
  done
fi
# Closing line: individual tests as ctest and pytest counted them, and the steps of this script.
tests=$(grep -hoE '[0-9]+ tests failed out of [0-9]+|^[0-9]+ passed' "$logs"/*.log | grep -oE '[0-9]+( passed)?$' |
  grep -oE '[0-9]+' | paste -sd+ | bc 2>/dev/null || true)
echo "ran about ${tests:-?} tests in $((passed + failed)) steps"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
