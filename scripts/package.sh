#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds what users install, the Debian package and the self-contained archive, and prints their paths (docs/install.md).
source "$(dirname "$0")/env.sh"

usage="usage: scripts/package.sh [deb] [tar]      (default: both)
Installs missing build dependencies, builds the release, and packs
  deb  build/package/freshet_VERSION_ARCHITECTURE.deb: Debian 12 brings the libraries
  tar  build/package/freshet-VERSION-linux-ARCHITECTURE.tar.zst: needs glibc 2.36 and nothing else; run bin/freshet in it"
wanted=()
for argument in "$@"; do
  case $argument in
    deb | tar) wanted+=("$argument") ;;
    -h | --help) echo "$usage"; exit 0 ;;
    *) echo "$usage" >&2; exit 2 ;;
  esac
done
[ ${#wanted[@]} -gt 0 ] || wanted=(deb tar)

cd "$root"
scripts/setup.sh --build
out=$root/build/package
rm -rf "$out"
mkdir -p "$out"
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

pack_deb() {
  cpack --config build/release/CPackConfig.cmake -B "$out"
  rm -r "$out/_CPack_Packages"
}

# bundle PREFIX: copies the libraries of Debian that the installation uses, with their licenses; not those of glibc, which
# belong to the kernel's and the name service's side of the machine.
bundle() {
  local prefix=$1 library package
  while read -r library; do
    cp -L "$library" "$prefix/lib/freshet/"
    package=$(dpkg -S "$(realpath "$library")" 2>/dev/null || dpkg -S "$library")
    package=${package%%:*}
    install -D -m 644 "/usr/share/doc/$package/copyright" "$prefix/share/doc/freshet/libraries/$package"
  done < <(ldd "$prefix/bin/freshet" | awk '$3 ~ "^/(usr/)?lib" {print $3}' |
    grep -vE '/(libc|libm|libdl|librt|libpthread|libresolv)\.so')
  chmod 644 "$prefix"/lib/freshet/*
  find "$prefix/lib/freshet" -type f -exec patchelf --set-rpath "\$ORIGIN" {} +
}

pack_tar() {
  local name
  name=freshet-$(build/release/freshet --version | cut -d ' ' -f 2)-linux-$(uname -m)
  cmake --install build/release --prefix "$out/$name" --strip
  bundle "$out/$name"
  tar -C "$out" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -c "$name" |
    zstd -q -9 -T0 -o "$out/$name.tar.zst"
  rm -r "${out:?}/$name"
}

exec 3>&1 4>&2 >"$out/build.log" 2>&1
trap 'echo "freshet: packing failed: $(tail -n 5 "$out/build.log")" >&4' ERR
cmake --preset release
cmake --build --preset release --parallel "$(nproc)" --target freshet
for one in "${wanted[@]}"; do "pack_$one"; done
find "$out" -name 'freshet[-_]*' >&3
