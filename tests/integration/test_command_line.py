# SPDX-License-Identifier: Apache-2.0
"""The command line around the service: version, health, completions and manual."""

import functools
import re
import shutil
import subprocess

import pytest

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


@functools.cache
def words_of_help(path=()):
    """{words of a command: (the commands below it, its options)} of all commands, as --help says."""
    text = run(*path, "--help").stdout
    sections = dict(re.findall(r"^(\w+):\n(.*?)\n(?:\n|$)", text, re.MULTILINE | re.DOTALL))
    below = re.findall(r"^  ([a-z]+) ", sections.get("Subcommands", ""), re.MULTILINE)
    options = re.findall(r"^  (-\S+)", sections["Options"], re.MULTILINE)
    found = {path: (set(below), {name for option in options for name in option.split(",")})}
    for name in below:
        found |= words_of_help((*path, name))
    return found


def offered_by_bash(script, *words):
    """What completion offers for the last word."""
    return subprocess.run(["bash", "-c", f"{script}\nCOMP_WORDS=(\"$@\") COMP_CWORD=$(($# - 1)); _freshet; "
                           'printf "%s\n" "${COMPREPLY[@]}"', "bash", *words], check=True, capture_output=True, text=True)


def offered_by_zsh(script, *words):
    """The completion system needs a terminal: its functions are replaced by what prints their arguments."""
    stubs = ("compdef() { }; _describe() { print -l -- ${${(P)2}%%:*} }; _files() { }; compadd() { shift; print -l -- $@ };"
             'words=("$@") CURRENT=$#\n')
    return subprocess.run(["zsh", "-f", "-c", f"{stubs}{script}\n_freshet", "zsh", *words], check=True, capture_output=True,
                          text=True)


def offered_by_fish(script, *words):
    return subprocess.run(["fish", "--no-config", "-c", f"{script}\ncomplete -C (string join ' ' -- $argv)", *words],
                          check=True, capture_output=True, text=True)


@pytest.mark.parametrize("shell, ask", [("bash", offered_by_bash), ("zsh", offered_by_zsh), ("fish", offered_by_fish)])
def test_completion_offers_every_command_and_option_of_the_help(shell, ask):
    if not shutil.which(shell):
        pytest.skip(f"no {shell}")
    script = run("completion", shell).stdout

    def offered(*words):
        answer = ask(script, "freshet", *words)
        assert answer.stderr == ""
        return {line.split("\t")[0] for line in answer.stdout.splitlines()} - {""}

    for path, (commands, options) in words_of_help().items():
        assert not commands or commands <= offered(*path, ""), path
        assert {name for name in options if name.startswith("--")} <= offered(*path, "--"), path
        assert options <= offered(*path, "-") | offered(*path, "--"), path
    assert offered("generate", "--format", "") == {"jsonl", "tsv"}
    assert {"bash", "zsh", "fish"} <= offered("completion", "")


def test_the_manual_tells_of_every_command_and_option():
    page = run("manual").stdout.replace("\\-", "-")
    sections = dict(re.findall(r"^\.SS (.*?)\n(.*?)(?=^\.S[SH])", page, re.MULTILINE | re.DOTALL))
    for path, (_, options) in words_of_help().items():
        if path:
            assert options - {"-h", "--help"} <= set(re.findall(r"\\fB(-[\w-]+)\\fR", sections[" ".join(("freshet", *path))]))
    assert run("manual").stdout.isascii()
