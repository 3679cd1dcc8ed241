#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what freshet needs on Debian 12: packages, LibTorch, and for the tests Kafka and Python tools.
# Can be run again; does and prints nothing if everything is installed.
source "$(dirname "$0")/env.sh"

usage="usage: scripts/setup.sh [--build|--test|--fuzz]
  --build  dependencies of building and running
  --test   also those of the tests (default)
  --fuzz   those of building and of the fuzzers (clang)"
mode=${1:---test}
case $mode in
  --build | --test | --fuzz) ;;
  -h | --help) echo "$usage"; exit 0 ;;
  *) echo "$usage" >&2; exit 2 ;;
esac

build_packages=(
  g++ cmake ninja-build ccache pkg-config git ca-certificates curl unzip maven openjdk-17-jre-headless
  python3 python3-venv python3-pip
  librdkafka-dev librocksdb-dev libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev libsimdjson-dev
  libtomlplusplus-dev libcli11-dev libspdlog-dev libfmt-dev prometheus-cpp-dev libssl-dev libzstd-dev zlib1g-dev
  libjemalloc-dev libroaring-dev
  dpkg-dev file patchelf zstd  # the packages (scripts/package.sh)
  libgtest-dev libgmock-dev libbenchmark-dev  # the presets configure the tests and benchmarks too
)
test_packages=(kcat jq procps clang-tidy-16 zsh fish lintian debootstrap systemd-container)
fuzz_packages=(clang-16 libclang-rt-16-dev)  # Debian's default, 14, cannot compile our coroutines with sanitizers

install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || die "root or sudo is needed to install: ${missing[*]}"
  echo "installing ${#missing[@]} Debian packages"
  retry as_root apt-get -q update || die "apt-get update failed"
  retry as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}" ||
    die "cannot install: ${missing[*]}"
}

# publish NEW FINAL: moves a directory into place at once, so that an interrupted run leaves nothing incomplete.
publish() {
  rm -rf "$2"
  mv "$1" "$2"
}

check_sum() { echo "$1  $2" | sha256sum --quiet -c - || die "$2 has the wrong checksum"; }

# Assembles a standard LibTorch tree from two published artifacts of the same version: libraries from Maven Central;
# headers, CMake package and licenses from the arm64 wheel (the x86-64 wheel contains CUDA; the headers are the same).
install_libtorch() {
  [ -e "$libtorch_dir/LICENSE" ] && return
  [ "$(uname -m)" = x86_64 ] || die "this script installs LibTorch for x86-64 only; install it yourself and give -DCMAKE_PREFIX_PATH"
  echo "installing LibTorch 2.7.1 (210 MB)"
  local wheel jar
  retry mvn -q -B -C dependency:copy -Dartifact=ai.djl.pytorch:pytorch-native-cpu:2.7.1:jar:linux-x86_64 \
    -DoutputDirectory="$work" || die "cannot download the LibTorch libraries"
  retry python3 -m pip download -q --no-deps --only-binary=:all: --platform manylinux_2_28_aarch64 \
    --python-version 311 torch==2.7.1 -d "$work" || die "cannot download the LibTorch headers"
  jar=$(echo "$work"/pytorch-native-cpu-*.jar) wheel=$(echo "$work"/torch-*.whl)
  check_sum 1769928feaaa2389b4aa68390e7787ce1707290258b167d016a200fced4b8c39 "$jar"
  check_sum 236f501f2e383f1cb861337bdf057712182f910f10aeaf509065d54d339e49b2 "$wheel"
  mkdir -p "$work/libtorch/lib"
  unzip -q -j "$jar" 'pytorch/cpu/linux-x86_64/*' -d "$work/libtorch/lib"
  unzip -q "$wheel" 'torch/include/*' 'torch/share/cmake/*' -d "$work"
  unzip -q -j "$wheel" '*.dist-info/LICENSE' '*.dist-info/NOTICE' -d "$work/libtorch"
  mv "$work/torch/include" "$work/torch/share" "$work/libtorch/"
  publish "$work/libtorch" "$libtorch_dir"
}

install_kafka() {
  [ -e "$kafka_dir/lib" ] && return
  echo "installing Kafka 3.9.2 for the tests (46 MB)"
  retry mvn -q -B -C -f "$root/scripts/kafka/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
    -DoutputDirectory="$work/kafka/lib" || die "cannot download Kafka"
  publish "$work/kafka" "$kafka_dir"
}

install_python_tools() {
  local wanted=$root/scripts/requirements.txt
  cmp -s "$wanted" "$pytools_dir/requirements.txt" && return
  echo "installing the Python tools of the tests"
  rm -rf "$pytools_dir"
  python3 -m venv "$pytools_dir" || die "cannot create a Python environment in $pytools_dir"
  retry "$pytools_dir/bin/pip" install -q -r "$wanted" || die "cannot install the Python tools"
  cp "$wanted" "$pytools_dir/requirements.txt"
}

mkdir -p "$FRESHET_CACHE"
exec 9>"$FRESHET_CACHE/setup.lock"
flock 9
work=$(mktemp -d "$FRESHET_CACHE/setup.XXXXXX")
trap 'rm -rf "$work"' EXIT

if [ "$mode" = --build ]; then
  install_packages "${build_packages[@]}"
  install_libtorch
elif [ "$mode" = --fuzz ]; then
  install_packages "${build_packages[@]}" "${fuzz_packages[@]}"
  install_libtorch
else
  install_packages "${build_packages[@]}" "${test_packages[@]}"
  install_libtorch
  install_kafka
  install_python_tools
fi
