#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fails if the binary loads a library that THIRD_PARTY.md does not name. usage: check_third_party.sh BINARY
set -euo pipefail
cd "$(dirname "$0")/.."
unnamed=$(ldd "$1" | awk '/=>/ {print $1}' | sed -E 's/[.-]([0-9]|so).*//' | sort -u |
  while read -r library; do grep -qF "\`$library\`" THIRD_PARTY.md || echo "$library"; done)
[ -z "$unnamed" ] || { echo "not in THIRD_PARTY.md:" $unnamed; exit 1; }
