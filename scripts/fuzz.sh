#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the fuzzers with clang and runs them one after another, starting from the corpus in tests/fuzz/corpus.
source "$(dirname "$0")/env.sh"

usage="usage: scripts/fuzz.sh [TARGET...] [--runs N] [--seconds N] [--seed N] [--minimize]
  TARGET       fuzzers to run: file names in tests/fuzz without .cc (default: all)
  --runs N     executions of each fuzzer (default 1000000)
  --seconds N  time limit for each fuzzer (default: none)
  --seed N     seed of libFuzzer (default 1)
  --minimize   afterwards, copy the 25 inputs with the largest common coverage to the corpus
Inputs are kept in build/fuzz/inputs/TARGET, crashes in build/fuzz/crashes. The exit code is 0 if there was no crash."
targets=() runs=1000000 seconds=0 seed=1 minimize=false
while [ $# -gt 0 ]; do
  case $1 in
    --runs) runs=$2; shift ;;
    --seconds) seconds=$2; shift ;;
    --seed) seed=$2; shift ;;
    --minimize) minimize=true ;;
    -h | --help) echo "$usage"; exit 0 ;;
    -*) echo "$usage" >&2; exit 2 ;;
    *) targets+=("$1") ;;
  esac
  shift
done

cd "$root"
"$root/scripts/setup.sh" --fuzz
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --parallel "$(nproc)" | tail -n 1
programs=build/fuzz/tests/fuzz state=build/fuzz
if [ ${#targets[@]} = 0 ]; then
  for corpus in tests/fuzz/*.cc; do
    name=$(basename "$corpus" .cc)
    [ "$name" = replay ] || [ "$name" = make_seeds ] || targets+=("$name")
  done
fi

"$programs/fuzz_make_seeds" "$state/seeds"
mkdir -p "$state/crashes"
# Temporary files of the fuzzers go to memory if possible.
if [ -w /dev/shm ]; then export TMPDIR=/dev/shm; fi
export UBSAN_OPTIONS=print_stacktrace=1
failed=0
for target in "${targets[@]}"; do
  inputs=$state/inputs/$target corpus=tests/fuzz/corpus/$target seeds=$state/seeds/$target log=$state/$target.log
  mkdir -p "$inputs" "$corpus" "$seeds"
  outcome=ok
  nice -n 15 "$programs/fuzz_$target" -runs="$runs" -max_total_time="$seconds" -seed="$seed" -timeout=10 \
    -max_len=4096 -rss_limit_mb=4096 -print_final_stats=1 -artifact_prefix="$state/crashes/$target-" \
    "$inputs" "$corpus" "$seeds" 2>&1 | grep -v "checkpoint cannot be used" >"$log" || outcome=FAILED failed=1
  executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  coverage=$(grep -o 'cov: [0-9]*' "$log" | tail -n 1)
  printf '%-18s %-6s %11s executions, seed %s, %s edges\n' "$target" $outcome "${executed:-0}" "$seed" "${coverage#cov: }"
  if [ $outcome = FAILED ]; then
    echo "    log: $log; input: $state/crashes/$target-*"
  elif $minimize; then
    # The merge writes the inputs in order of added coverage: the first 25 have nearly all of it.
    smallest=$(mktemp -d)
    "$programs/fuzz_$target" -set_cover_merge=1 -max_len=512 "$smallest" "$corpus" "$inputs" >>"$log" 2>&1
    find "$smallest" -type f -printf '%T@ %p\n' | sort -n | head -n 25 | cut -d ' ' -f 2 | while read -r input; do
      cp "$input" "$corpus/$(sha256sum "$input" | cut -c 1-12)"
    done
    rm -rf "$smallest"
  fi
done
exit $failed
