#!/usr/bin/env bash
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
[ "$(id -u)" = 0 ] || die "check_bare.sh creates a root file system: run it as root"
command -v debootstrap >/dev/null || die "debootstrap is missing: apt-get install debootstrap"

bare=$(mktemp -d /var/tmp/freshet-bare.XXXXXX)
mounted=()
clean_up() {
  local i
  for ((i = ${#mounted[@]} - 1; i >= 0; --i)); do umount "${mounted[i]}"; done
  # One file system only: if an umount failed, what is mounted there must not be deleted.
  if $keep; then echo "kept: $bare"; else rm -rf --one-file-system "$bare"; fi
}
trap clean_up EXIT

# The Debian package sources of this machine; leaves out those of others.
debian_sources() {
  apt-get indextargets --format "$1" 'Created-By: Packages' 'Origin: Debian'
}

mirror=$(debian_sources '$(CODENAME) $(REPO_URI)' | awk '$1 == "bookworm" {print $2; exit}')
[ -n "$mirror" ] || die "apt knows no Debian 12 package source on this machine; run apt-get update"
echo "creating a bare Debian 12 in $bare"
retry debootstrap --variant=minbase --include=git,ca-certificates bookworm "$bare" "$mirror" ||
  die "debootstrap failed; see $bare/debootstrap"

# Not part of the proof is how this machine reaches its package sources: name resolution, certificates, settings of pip and Maven.
debian_sources 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' >"$bare/etc/apt/sources.list"
carry() {
  local file
  for file in "$@"; do
    if [ -e "$file" ]; then mkdir -p "$bare$(dirname "$file")" && cp -rL "$file" "$bare$file"; fi
  done
}
carry /etc/resolv.conf /etc/hosts /etc/pip.conf /root/.m2/settings.xml /usr/local/share/ca-certificates
chroot "$bare" update-ca-certificates >/dev/null 2>&1

# Processes in the root see /proc and shared memory, nothing else of the host.
mount_in() {
  mount "$@" && mounted+=("${@: -1}")
}
mount_in -t proc proc "$bare/proc"
mount_in -t tmpfs tmpfs "$bare/dev/shm"

git clone -q "$root" "$bare/root/freshet"
settings=()
while IFS= read -r -d '' variable; do
  [[ $variable =~ ^(https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY|PIP_[A-Z_]*|SSL_CERT_[A-Z]*|MAVEN_OPTS)= ]] && settings+=("$variable")
done < <(env -0)
chroot "$bare" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  "${settings[@]}" bash -c 'cd /root/freshet && exec "$@"' bash "$@" </dev/null
