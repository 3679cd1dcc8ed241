#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# See check_tidy.py.
source "$(dirname "$0")/../scripts/env.sh"
exec python3 "$root/.ci/check_tidy.py" "$@"
