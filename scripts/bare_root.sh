# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by scripts that need a minimal Debian 12: make_root, in_root. Sets $bare, which is removed at exit unless $keep is
# true; they run as root, and debootstrap is installed.

bare=$(mktemp -d /var/tmp/freshet-bare.XXXXXX)
chmod 755 "$bare"
mounted=()
clean_up() {
  local i
  for ((i = ${#mounted[@]} - 1; i >= 0; --i)); do umount "${mounted[i]}"; done
  # One file system only: if an umount failed, what is mounted there must not be deleted.
  if ${keep:-false}; then echo "kept: $bare"; else rm -rf --one-file-system "$bare"; fi
}
trap clean_up EXIT

# Leaves out package sources of others.
debian_sources() {
  apt-get indextargets --format "$1" 'Created-By: Packages' 'Origin: Debian'
}

# carry FILE...: copies what this machine has into the root.
carry() {
  local file
  for file in "$@"; do
    if [ -e "$file" ]; then mkdir -p "$bare$(dirname "$file")" && cp -rL "$file" "$bare$file"; fi
  done
}

mount_in() {
  mount "$@" && mounted+=("${@: -1}")
}

# make_root PACKAGE,...: the root of Debian's minimal variant with these packages.
make_root() {
  local mirror
  [ "$(id -u)" = 0 ] || die "a root file system can be made by root only"
  command -v debootstrap >/dev/null || die "debootstrap is missing: apt-get install debootstrap"
  mirror=$(debian_sources '$(CODENAME) $(REPO_URI)' | awk '$1 == "bookworm" {print $2; exit}')
  [ -n "$mirror" ] || die "apt knows no Debian 12 package source on this machine; run apt-get update"
  echo "creating a bare Debian 12 in $bare"
  retry debootstrap --variant=minbase --include="$1" bookworm "$bare" "$mirror" ||
    die "debootstrap failed; see $bare/debootstrap"

  # How this machine reaches its package sources: name resolution, certificates, settings of pip and Maven.
  debian_sources 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' >"$bare/etc/apt/sources.list"
  carry /etc/resolv.conf /etc/hosts /etc/pip.conf /root/.m2/settings.xml /usr/local/share/ca-certificates
  if [ -x "$bare/usr/sbin/update-ca-certificates" ]; then chroot "$bare" update-ca-certificates >/dev/null 2>&1; fi
  # Processes in the root see /proc and shared memory, nothing else of the host.
  mount_in -t proc proc "$bare/proc"
  mount_in -t tmpfs tmpfs "$bare/dev/shm"
}

# in_root COMMAND...: runs it in the root, with no more of this machine's environment than what reaches package sources.
in_root() {
  local variable settings=()
  while IFS= read -r -d '' variable; do
    [[ $variable =~ ^(https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY|PIP_[A-Z_]*|SSL_CERT_[A-Z]*|MAVEN_OPTS)= ]] && settings+=("$variable")
  done < <(env -0)
  chroot "$bare" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    DEBIAN_FRONTEND=noninteractive "${settings[@]}" "$@" </dev/null
}
