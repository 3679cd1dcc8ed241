#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the long forms of the fault tests (docs/reliability.md describes them).
source "$(dirname "$0")/env.sh"

tests=$(cd "$root/tests/fault" && ls test_*.py | sed 's/^test_\(.*\)\.py$/\1/' | paste -sd ' ')
usage="usage: scripts/fault.sh TEST [--short] [--rounds N] [--minutes M] [--seed S] [PYTEST_OPTION...]
  TEST         all, or one of: $tests
  --short      as few faults as in scripts/test.sh
  --rounds N   number of faults
  --minutes M  length of long_run (default 60)
  --seed S     seed of all random choices (default 1)
FRESHET_BINARY=FILE tests this binary (default: build/release/freshet)."
case ${1:-} in
  all) target=tests/fault ;;
  "" | -*) echo "$usage" >&2; exit 2 ;;
  *) target=tests/fault/test_$1.py ;;
esac
cd "$root"
[ -e "$target" ] || { echo "$usage" >&2; exit 2; }
shift
exec "$pytools_dir/bin/python" -m pytest -q -x -p no:cacheprovider "$target" "$@"
