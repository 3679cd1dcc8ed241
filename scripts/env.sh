# SPDX-License-Identifier: Apache-2.0
# Sourced by the other scripts: locations of downloaded dependencies, and helpers.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export FRESHET_CACHE=${FRESHET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/freshet}
export CCACHE_DIR=${CCACHE_DIR:-$FRESHET_CACHE/ccache}
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1 CCACHE_MAXSIZE=5G
export CCACHE_SLOPPINESS=pch_defines,time_macros

libtorch_dir=$FRESHET_CACHE/libtorch-2.7.1
kafka_dir=$FRESHET_CACHE/kafka-3.9.2
pytools_dir=$FRESHET_CACHE/pytools

die() {
  echo "freshet: $*" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# retry COMMAND...: tries four times, since package mirrors fail now and then; shows the output only of the last failure.
retry() {
  local output attempt
  for attempt in 1 2 3 4; do
    if output=$("$@" 2>&1); then return 0; fi
    sleep $((attempt * 3))
  done
  echo "$output" | tail -n 20 >&2
  return 1
}
