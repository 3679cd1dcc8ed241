"""The command line around the service: versions and health."""

import re
import subprocess

from freshet_process import ROOT, new_key, run


def test_the_version_says_what_was_built(freshet):
    version = run("--version").stdout
    said = re.fullmatch(r"freshet (\S+) \(commit (\S+), (\w+ [\d.]+), LibTorch ([\d.]+)\)\n", version)
    assert said, version
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()
    assert not commit or said[2] == "unknown" or commit.startswith(said[2].removesuffix("-dirty")), "built from elsewhere"

    metrics = freshet().get("/metrics").body
    labels = dict(re.findall(r'(\w+)="([^"]*)"', re.search(r"^freshet_build_info\{(.*)\} 1$", metrics, re.MULTILINE)[1]))
    assert labels == {"version": said[1], "commit": said[2], "compiler": said[3], "libtorch": said[4]}


def test_health_is_asked_where_the_service_listens(freshet, tmp_path):
    keys = tmp_path / "keys"
    new_key(keys, "somebody", "read")
    service = freshet(f'[serve]\nkeys_file = "{keys}"\n')
    assert run("health", FRESHET_SERVE_PORT=str(service.port)).stdout == "alive\n"
    assert run("health", "--ready", "-c", service.config, FRESHET_LISTEN=f"0.0.0.0:{service.port}").stdout == "ready\n"
    assert run("health", "--url", service.url).stdout == "alive\n"

    service.stop()
    gone = run("health", FRESHET_SERVE_PORT=str(service.port), check=False)
    assert (gone.returncode, gone.stderr) == (1, f"freshet: http://127.0.0.1:{service.port}/healthz: Connection refused\n")
