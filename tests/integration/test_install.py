# SPDX-License-Identifier: Apache-2.0
"""What `cmake --install` puts below a prefix, run as its systemd unit would run it: by somebody who is not its builder."""

import os
import pathlib
import re
import shlex
import subprocess
import tempfile

import pytest

from freshet_process import BINARY, ROOT, Freshet, run, wait_until

BUILD = ROOT / "build/release"
NOBODY = 65534
pytestmark = pytest.mark.skipif(pathlib.Path(BINARY) != BUILD / "freshet", reason="only the release is installed")


@pytest.fixture(scope="module")
def prefix():
    """Where others can reach it: not below the directory of pytest. Not kept: half a gigabyte."""
    with tempfile.TemporaryDirectory(prefix="freshet-install-") as directory:
        os.chmod(directory, 0o755)
        prefix = pathlib.Path(directory, "prefix")
        subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix], check=True, capture_output=True, timeout=120,
                       umask=0o077)
        yield prefix


def unit(prefix):
    """The values of the unit's keys; of those that are there more than once, the last."""
    lines = (prefix / "lib/systemd/system/freshet.service").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if re.match(r"\w+=", line))


class SystemdService(Freshet):
    """The unit's command line, with files of the test's own, in the environment that systemd would give it."""

    def __init__(self, prefix, state):
        super().__init__(state, config=prefix / "share/freshet/freshet.toml")
        self.command = shlex.split(unit(prefix)["ExecStart"])
        for absolute, ours in (("/etc/freshet/freshet.toml", self.config), ("/var/lib/freshet", self.data)):
            self.command[self.command.index(absolute)] = str(ours)
        self.command += ["--listen", "127.0.0.1:0"]

    def launch(self):
        somebody_else = dict(user=NOBODY, group=NOBODY, extra_groups=[]) if os.getuid() == 0 else {}
        environment = dict(PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", LANG="C.UTF-8", HOME="/")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, cwd="/", umask=0o077, env=environment,
                                            **somebody_else)
        return 0


def test_everybody_may_read_what_was_installed_with_a_strict_umask(prefix):
    for path in [prefix, *prefix.rglob("*")]:
        if not path.is_symlink():
            mode = path.stat().st_mode & 0o777
            assert mode in ((0o755,) if path.is_dir() else (0o755, 0o644)), (path, oct(mode))


def test_every_library_is_below_the_prefix_or_the_systems(prefix):
    private = prefix / "lib/freshet"
    for file in [prefix / "bin/freshet", *private.iterdir()]:
        dynamic = subprocess.run(["readelf", "-d", file], check=True, capture_output=True, text=True).stdout
        for path in re.findall(r"\((?:RUNPATH|RPATH)\).*\[(.*)\]", dynamic):
            assert all(part.startswith("$ORIGIN") for part in path.split(":")), (file, path)

    output = subprocess.run(["ldd", prefix / "bin/freshet"], check=True, capture_output=True, text=True, env={}).stdout
    assert "not found" not in output, output
    found = {os.path.normpath(path) for path in re.findall(r"=> (/\S+)", output)}
    ours = {path for path in found if not re.match(r"/(usr/)?lib(64)?/", path)}
    assert ours == {str(file) for file in private.iterdir()}, "LibTorch, all of it that is needed and nothing else"


def test_the_unit_runs_the_binary_of_its_prefix(prefix):
    assert shlex.split(unit(prefix)["ExecStart"])[0] == str(prefix / "bin/freshet")


def test_the_license_comes_along(prefix):
    documents = prefix / "share/doc/freshet"
    assert (documents / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert "SPDX-License-Identifier: Apache-2.0" in (documents / "copyright").read_text()


def test_the_manual_and_the_completions_come_along(prefix):
    share = prefix / "share"
    assert (share / "man/man1/freshet.1").read_text() == run("manual").stdout
    for shell, path in (("bash", "bash-completion/completions/freshet"), ("zsh", "zsh/site-functions/_freshet"),
                        ("fish", "fish/vendor_completions.d/freshet.fish")):
        assert (share / path).read_text() == run("completion", shell).stdout


def test_the_user_of_the_unit_is_declared(prefix):
    declared = (prefix / "lib/sysusers.d/freshet.conf").read_text()
    assert re.search(rf"^u {unit(prefix)['User']} ", declared, re.MULTILINE)


@pytest.mark.parametrize("name", ["freshet.toml", "kafka.toml", "dev.toml", "small.toml"])
def test_the_configurations_that_come_along_are_valid(prefix, name):
    subprocess.run([prefix / "bin/freshet", "config", "check", prefix / "share/freshet" / name], check=True)


def test_the_installed_service_serves_whoever_runs_it(prefix):
    with tempfile.TemporaryDirectory(prefix="freshet-state-") as state:
        if os.getuid() == 0:
            os.chown(state, NOBODY, NOBODY)
        service = SystemdService(prefix, state)
        try:
            service.start()
            service.send({"user": "u", "item": "a"}, {"user": "u", "item": "b"})
            wait_until(lambda: service.items_for("somebody"), "a list")
            service.stop()
        finally:
            service.close()
