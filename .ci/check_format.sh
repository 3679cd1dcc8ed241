#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fails if a source file is not formatted as clang-format would do it; --fix formats all.
source "$(dirname "$0")/../scripts/env.sh"
cd "$root"
mode=(--dry-run --Werror)
if [ "${1:-}" = --fix ]; then mode=(-i); fi
git ls-files '*.h' '*.cc' | xargs "$pytools_dir/bin/clang-format" "${mode[@]}"
