#!/usr/bin/env bash
# clang-tidy (.clang-tidy) over our sources; those that include torch take a minute each and are left out.
#   .ci/check_tidy.sh BUILD_DIRECTORY [FILE...]
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1 && shift
if [ $# = 0 ]; then
  with_torch=$(grep -oE '[a-z_]+\.cc' online/parts/neural/CMakeLists.txt | sed 's|^|online/parts/neural/|')
  set -- $(git ls-files '*.cc' | grep -vE '^(tests|bench)/' | grep -vxF "$with_torch")
fi
printf '%s\n' "$@" | xargs -P "$(nproc)" -n 4 clang-tidy-16 -p "$build" --quiet 2> >(grep -v 'warnings generated' >&2)
