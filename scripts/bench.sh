#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Benchmarks the whole service on synthetic shops and compares the figures with an earlier run (docs/performance.md).
source "$(dirname "$0")/env.sh"

usage="usage: scripts/bench.sh [--quick] [--items N,N...] [--users N,N...] [--against DIR] | --ratios
  --quick        small shops: a minute or two instead of 40 minutes
  --items N,...  catalogue sizes for cost against size (default 10000,100000,1000000); none: skip it
  --users N,...  numbers of users for cost against size (default 10000,100000,1000000,10000000); none: skip it
  --against DIR  compare with this run (default: the newest earlier one in build/bench)
  --ratios       only compare optimized code with the plain code that it replaced; fails if it is not clearly faster
Figures, plots and tables are written to build/bench/TIME. The load runs on this machine too: use a quiet one.
For a stream of your own, run bench/pipeline.sh embedded|kafka FILE COLUMNS; for a single size, bench/size.py."
items=10000,100000,1000000 users=10000,100000,1000000,10000000 shops=10000,100000 events=500000 against= quick=()
while [ $# -gt 0 ]; do
  case $1 in
    --quick) quick=(--quick) items=1000,5000 users=1000,10000 shops=5000 events=50000 ;;
    --items) items=${2#none} && shift ;;
    --users) users=${2#none} && shift ;;
    --against) against=$(realpath "$2") && shift ;;
    --ratios) ratios=true ;;
    -h | --help) echo "$usage"; exit 0 ;;
    *) echo "$usage" >&2; exit 2 ;;
  esac
  shift
done
cd "$root"

if ${ratios:-false}; then
  build/release/bench/freshet_ranking_bench '--benchmark_filter=^scan(_in_float)?/' --benchmark_repetitions=5 \
    --benchmark_min_time=0.1 --benchmark_format=json | python3 bench/ratios.py
  exit
fi

cmake --preset release >/dev/null && cmake --build --preset release --parallel "$(nproc)" --target freshet freshet_load >/dev/null
[ -n "$against" ] || [ ! -d build/bench ] || against=$(find build/bench -mindepth 1 -maxdepth 1 | sort | tail -n 1)
out=$root/build/bench/$(date -u +%Y-%m-%dT%H%M%SZ)
mkdir -p "$out"
stream=$(mktemp --suffix .tsv)
trap 'rm -f "$stream"' EXIT
[ ${#quick[@]} = 0 ] || export FRESHET_BENCH_SECONDS=1
for size in ${shops//,/ }; do
  echo "== a shop of $size items, $((events / 10)) users, $events events"
  build/release/freshet generate --items "$size" --users $((events / 10)) --events "$events" --format tsv -o "$stream" 2>/dev/null
  FRESHET_BENCH_JSON=$out/shop-$size.json bench/pipeline.sh embedded "$stream" user,item,time,type
done
for axis in items users; do
  for size in ${!axis//,/ }; do
    echo "== cost against size: $size $axis"
    bench/size.py $axis "$size" "$out/$axis-$size.json" "${quick[@]}"
  done
  [ -z "${!axis}" ] || bench/plot.py sizes "$out" $axis "$out/$axis.svg" >"$out/$axis.md"
done
echo "figures, plots and tables: $out"
[ -z "$against" ] || python3 bench/compare.py "$against" "$out"
