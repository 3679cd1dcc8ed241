#!/usr/bin/env bash
# See check_tidy.py.
source "$(dirname "$0")/../scripts/env.sh"
exec python3 "$root/.ci/check_tidy.py" "$@"
