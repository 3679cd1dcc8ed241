#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the packages of build/package in a bare Debian 12 that systemd boots, and uses them as a user would.
source "$(dirname "$0")/env.sh"

usage="usage: scripts/check_package.sh [--keep]      (as root, after scripts/package.sh; 2 GB under /var/tmp)
lintian finds nothing in the .deb. It is installed in a new root, where systemd starts the service by its unit, as its
user, and the quick start's demonstration runs against it; purge keeps the data, or deletes it if told so. The archive
runs in the same root, without the package's dependencies, as nobody.
  --keep  do not remove the root afterwards"
keep=false
case ${1:-} in
  "") ;;
  --keep) keep=true ;;
  -h | --help) echo "$usage"; exit 0 ;;
  *) echo "$usage" >&2; exit 2 ;;
esac
deb=$(echo "$root"/build/package/*.deb) archive=$(echo "$root"/build/package/*.tar.zst)
[[ -e $deb && -e $archive ]] || die "build/package has no packages: run scripts/package.sh"
command -v systemd-nspawn >/dev/null || die "systemd-nspawn is missing: apt-get install systemd-container"

lintian --fail-on error,warning --allow-root --profile debian "$deb"
echo "lintian: clean"

source "$root/scripts/bare_root.sh"
make_root systemd-sysv,curl,ca-certificates
install -m 755 "$root/scripts/demonstration.sh" "$bare/usr/local/bin/demonstration"

# in_system SCRIPT: boots the root with a loopback of its own and runs the script there; prints what it says.
in_system() {
  rm -f "$bare/root/said" "$bare/root/status"
  cat >"$bare/root/script" <<<'set -eux
    export DEBIAN_FRONTEND=noninteractive
    await_ready() { timeout 120 sh -c "until $1 health --ready 2>/dev/null; do sleep 0.2; done"; }'"$1"
  cat >"$bare/etc/systemd/system/check.service" <<'UNIT'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'sh /root/script >/root/said 2>&1; echo $? >/root/status'
ExecStopPost=/usr/bin/systemctl --no-block poweroff
TimeoutStartSec=600
[Install]
WantedBy=multi-user.target
UNIT
  chroot "$bare" systemctl -q enable check.service
  umount "$bare/dev/shm" "$bare/proc" && mounted=()
  timeout 700 systemd-nspawn -q --register=no --keep-unit --private-network -D "$bare" --boot --console=read-only \
    >"$bare/root/boot" 2>&1 || true
  mount_in -t proc proc "$bare/proc"
  mount_in -t tmpfs tmpfs "$bare/dev/shm"
  [ -e "$bare/root/said" ] || die "the system did not boot: $(tail -n 20 "$bare/root/boot")"
  cat "$bare/root/said"
  [ "$(cat "$bare/root/status")" = 0 ] || die "failed in the booted system"
}

echo "== the archive"
zstd -dcq "$archive" | tar -x -C "$bare/opt"
in_system '
  cd /opt/freshet-*
  setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs env -i FRESHET_STORE_DIRECTORY=/tmp/data \
    FRESHET_LISTEN=localhost:8080 bin/freshet serve & service=$!
  await_ready bin/freshet
  demonstration $PWD/bin/freshet http://localhost:8080 | tee /tmp/shown
  grep -q "^after a click on chair-20: .*chair" /tmp/shown
  kill $service; wait $service'
rm -rf "$bare"/opt/freshet-*

echo "== the package"
cp "$deb" "$bare/root/freshet.deb"
retry in_root apt-get -q update || die "apt-get update failed in the root"
retry in_root apt-get -q install -y --no-install-recommends /root/freshet.deb || die "the package cannot be installed"
in_system '
  freshet --version
  systemd-analyze verify freshet.service
  systemctl is-enabled freshet && exit 1   # installing starts nothing
  systemctl enable --now freshet
  await_ready freshet
  pid=$(systemctl show -p MainPID --value freshet)
  test "$(stat -c %U /proc/$pid)" = freshet
  test "$(stat -c "%U %a" /var/lib/freshet)" = "freshet 700"
  grep -E "^(NoNewPrivs|Seccomp|CapEff|CapBnd):" /proc/$pid/status
  demonstration freshet http://localhost:8080 | tee /tmp/shown
  grep -q "^after a click on chair-20: .*chair" /tmp/shown
  install -m 640 -g freshet /dev/null /etc/freshet/keys
  freshet keys new shop --scope read,write >>/etc/freshet/keys
  echo FRESHET_SERVE_KEYS_FILE=/etc/freshet/keys >/etc/freshet/environment
  systemctl restart freshet
  await_ready freshet
  test "$(curl -s -o /dev/null -w "%{http_code}" localhost:8080/v1/popular)" = 401
  systemctl reload freshet
  pid=$(systemctl show -p MainPID --value freshet)
  dpkg --install /root/freshet.deb   # an upgrade restarts it
  test "$(systemctl show -p MainPID --value freshet)" != "$pid"
  await_ready freshet
  dpkg --remove freshet
  test ! -e /etc/systemd/system/multi-user.target.wants/freshet.service
  test -d /var/lib/freshet
  dpkg --purge freshet
  test ! -e /etc/freshet
  test -d /var/lib/freshet'
in_root apt-get -q install -y --no-install-recommends /root/freshet.deb >/dev/null
in_root sh -c 'echo "freshet freshet/remove-data boolean true" | debconf-set-selections && dpkg --purge freshet >/dev/null
  test ! -e /var/lib/freshet'
echo "both packages install and run"
