#!/usr/bin/env bash
# Benchmarks of the whole service on made-up shops, compared with an earlier run.
source "$(dirname "$0")/env.sh"

usage="usage: scripts/bench.sh [--quick] [--items N,N...] [--events N] [--against DIR] | --ratios
  --quick        a small shop, seconds instead of minutes
  --items N,...  sizes of the catalogue, one shop each (10000,100000)
  --events N     events of each shop (500000); it has a tenth as many users
  --against DIR  compare with that run (the newest earlier one in build/bench)
  --ratios       only what must be faster than the plain code it replaced, measured in one run; fails if it is not
Figures go to build/bench/TIME. Everything runs on this machine, load and all: compare runs on a quiet one."
items=10000,100000 events=500000 against= quick=false
while [ $# -gt 0 ]; do
  case $1 in
    --quick) quick=true items=5000 events=50000 ;;
    --items) items=$2 && shift ;;
    --events) events=$2 && shift ;;
    --against) against=$(realpath "$2") && shift ;;
    --ratios) ratios=true ;;
    -h | --help) echo "$usage"; exit 0 ;;
    *) echo "$usage" >&2; exit 2 ;;
  esac
  shift
done
cd "$root"
bench=build/release/bench

if ${ratios:-false}; then
  "$bench/freshet_ranking_bench" '--benchmark_filter=^scan(_in_float)?/' --benchmark_repetitions=5 \
    --benchmark_min_time=0.1 --benchmark_format=json | python3 bench/ratios.py
  exit
fi

cmake --preset release >/dev/null && cmake --build --preset release --parallel "$(nproc)" >/dev/null
[ -n "$against" ] || [ ! -d build/bench ] || against=$(find build/bench -mindepth 1 -maxdepth 1 | sort | tail -n 1)
out=$root/build/bench/$(date -u +%Y-%m-%dT%H%M%SZ)
mkdir -p "$out"
shop=$(mktemp -d)
trap 'rm -rf "$shop"' EXIT
for size in ${items//,/ }; do
  echo "== a shop of $size items, $((events / 10)) users, $events events"
  build/release/freshet generate --items "$size" --users $((events / 10)) --events "$events" --format tsv -o "$shop/shop.tsv" 2>/dev/null
  $quick && export FRESHET_BENCH_SECONDS=3
  FRESHET_BENCH_JSON=$out/items-$size.json bench/pipeline.sh embedded "$shop/shop.tsv" user,item,time,type
done
[ -z "$against" ] || python3 bench/compare.py "$against" "$out"
