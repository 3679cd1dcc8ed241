#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a command on the committed tree in a minimal Debian 12, to prove that the scripts need nothing else.
source "$(dirname "$0")/env.sh"

usage="usage: scripts/check_bare.sh [--keep] [COMMAND...]       (as root; needs debootstrap; 8 GB under /var/tmp)
  COMMAND  is run in a clone of HEAD inside the new root (default: scripts/test.sh --quick)
  --keep   do not remove the root afterwards"
keep=false
case ${1:-} in
  -h | --help) echo "$usage"; exit 0 ;;
  --keep) keep=true; shift ;;
esac
[ $# -gt 0 ] || set -- scripts/test.sh --quick

source "$root/scripts/bare_root.sh"
make_root git,ca-certificates
git clone -q "$root" "$bare/root/freshet"
in_root bash -c 'cd /root/freshet && exec "$@"' bash "$@"
