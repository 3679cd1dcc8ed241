#!/usr/bin/env bash
# Fails if a source is not as clang-format would have it; --fix makes it so.
source "$(dirname "$0")/../scripts/env.sh"
cd "$root"
mode=(--dry-run --Werror)
if [ "${1:-}" = --fix ]; then mode=(-i); fi
git ls-files '*.h' '*.cc' | xargs "$pytools_dir/bin/clang-format" "${mode[@]}"
