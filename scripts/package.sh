#!/usr/bin/env bash
# Builds the Debian package and prints its path (docs/install.md).
source "$(dirname "$0")/env.sh"

usage="usage: scripts/package.sh
Installs missing build dependencies, builds the release, and packs build/package/freshet_VERSION_ARCHITECTURE.deb.
Install it on Debian 12 with: apt-get install ./FILE"
case ${1:-} in
  "") ;;
  -h | --help) echo "$usage"; exit 0 ;;
  *) echo "$usage" >&2; exit 2 ;;
esac

cd "$root"
scripts/setup.sh --build
rm -rf build/package
mkdir -p build/package
{
  cmake --preset release && cmake --build --preset release --parallel "$(nproc)" --target freshet &&
    cpack --config build/release/CPackConfig.cmake -B build/package
} >build/package/build.log 2>&1 || die "packing failed: $(tail -n 5 build/package/build.log)"
rm -r build/package/_CPack_Packages
ls build/package/*.deb
