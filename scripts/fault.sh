#!/usr/bin/env bash
# The long forms of the fault tests (docs/reliability.md says what each does and what it found).
source "$(dirname "$0")/env.sh"

tests=$(cd "$root/tests/fault" && ls test_*.py | sed 's/^test_\(.*\)\.py$/\1/' | paste -sd ' ')
usage="usage: scripts/fault.sh TEST [--short] [--rounds N] [--minutes M] [--seed S] [PYTEST_OPTION...]
  TEST      all, or one of: $tests
  --short   as few faults as scripts/test.sh injects      --rounds N  so many
  --minutes M  length of long_run (60)                     --seed S  of every random choice (1)
  FRESHET_BINARY says which binary; default build/release/freshet"
case ${1:-} in
  all) target=tests/fault ;;
  "" | -*) echo "$usage" >&2; exit 2 ;;
  *) target=tests/fault/test_$1.py ;;
esac
cd "$root"
[ -e "$target" ] || { echo "$usage" >&2; exit 2; }
shift
exec "$pytools_dir/bin/python" -m pytest -q -x -p no:cacheprovider "$target" "$@"
