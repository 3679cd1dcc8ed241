# SPDX-License-Identifier: Apache-2.0
"""Damaged files and what an operator does about them, and a service that is stopped while something is wrong."""

import os
import random
import signal
import subprocess

import pytest
from clients import Books, Client, connect
from faulty_disk import FaultyDisk
from freshet_process import BINARY, Freshet, new_key, run, wait_until

KEPT = '[embedded]\nretention = "3650d"\n'


def flip(path, place):
    with open(path, "r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 1]))


def tables_of(data, text):
    """The table files with this text among their properties."""
    return [path for path in (data / "db").glob("*.sst") if text in path.read_bytes()]


@pytest.fixture
def used(freshet):
    """A service that has been used, stopped, with everything in files; and its only client."""
    service = freshet(KEPT)
    sender = Client("c", Books(), random.Random(1))
    connection = connect(service.url)
    assert all(sender.send(connection) for _ in range(50))
    connection.close()
    service.stop()
    service.start()  # writes what is in the write-ahead log to files
    service.stop()
    return service, sender


def goes_on(service, sender):
    """The service takes events, and has all that it ever accepted, before and after a crash."""
    connection = connect(service.url)
    assert all(sender.send(connection) for _ in range(10))
    connection.close()
    sender.books.check_histories(service)
    service.kill()
    service.start()
    sender.books.check_histories(service)
    assert sender.books.clean, sender.books.figures


@pytest.mark.parametrize("name", ["MANIFEST-*", "CURRENT"])
def test_a_list_of_files_is_made_again(used, name):
    service, sender = used
    for path in (service.data / "db").glob(name):
        flip(path, 5)
    refused = run("serve", "--data", service.data, "--listen", "127.0.0.1:0", check=False)
    assert refused.returncode == 2 and "freshet repair" in refused.stderr, refused
    before = sorted(path.name for path in (service.data / "db").iterdir())
    assert "Nothing was changed" in run("repair", service.data).stdout
    assert sorted(path.name for path in (service.data / "db").iterdir()) == before
    assert "Repaired" in run("repair", service.data, "--apply").stdout
    assert "Nothing is damaged" in run("repair", service.data).stdout
    service.start()
    goes_on(service, sender)


def test_a_directory_in_use_is_not_repaired(freshet):
    service = freshet(KEPT)
    refused = run("repair", service.data, "--apply", check=False)
    assert refused.returncode == 2 and "in use by another process" in refused.stderr


def test_who_meets_damage_gets_an_error_and_the_log_has_the_reason(used):
    service, sender = used
    for path in tables_of(service.data, b"freshet.OwnerPrefix"):  # what the histories' tables are searched by
        flip(path, 20)
    service.start(ready=False)
    answers = [service.get(f"/v1/users/{user}") for user in sender.books.sent]
    assert 500 in {answer.status for answer in answers}
    assert not any(answer.status == 404 for answer in answers)
    line = next(line for line in service.log_path.read_text().splitlines() if "request failed" in line)
    assert "checksum mismatch" in line and ".sst" in line
    service.kill()
    assert "Repaired" in run("repair", service.data, "--apply").stdout
    service.start()
    goes_on(service, sender)


def test_a_service_on_a_disk_that_became_read_only_is_stopped(tmp_path, freshet):
    disk = FaultyDisk(tmp_path)
    service = freshet(KEPT)
    service.stop()
    service.start(**disk.environment)
    sender = Client("c", Books(), random.Random(1))
    connection = connect(service.url)
    assert sender.send(connection)
    disk.set("wal.write", "1+", "EROFS")
    assert not sender.send(connection)
    connection.close()
    assert service.stop_or_die() == 2
    log = service.log_path.read_text()
    assert "the store could not be synced" in log and "Read-only file system" in log
    assert "Assertion" not in log
    disk.clear()
    service.start()
    sender.books.check_histories(service)
    assert sender.books.clean, sender.books.figures


def opened_by_a_reader(pipe):
    """The writing end, or None while nobody reads."""
    try:
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


def test_sigterm_is_heard_while_a_file_is_reread_that_does_not_end(tmp_path, freshet):
    keys = tmp_path / "keys"
    key = new_key(keys, "ops", "admin")
    service = freshet(f'[serve]\nkeys_file = "{keys}"\n', ready=False)
    service.key = key
    keys.unlink()
    os.mkfifo(keys)
    service.process.send_signal(signal.SIGHUP)
    writing_end = wait_until(lambda: opened_by_a_reader(keys), "the pipe being read")
    assert service.stop_or_die() == 0
    os.close(writing_end)


@pytest.mark.parametrize("what", ["keys", "certificate", "configuration", "secret"])
def test_sigterm_is_heard_while_a_file_is_read_at_the_start_that_does_not_end(tmp_path, what):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    toml = {"keys": f'[serve]\nkeys_file = "{pipe}"\n',
            "certificate": f'[serve.tls]\ncertificate = "{pipe}"\nkey = "{pipe}"\n',
            "secret": f'[store]\npseudonym_key = "$file:{pipe}"\n'}
    service = Freshet(tmp_path, toml.get(what, ""), config=pipe if what == "configuration" else None)
    service.launch()
    try:
        writing_end = wait_until(lambda: opened_by_a_reader(pipe), "the pipe being read")
        service.process.send_signal(signal.SIGUSR1)  # means nothing, and is heard first
        assert service.stop_or_die() == 0
        assert "signal received while starting; exiting at once signal=SIGTERM" in service.log_path.read_text()
        os.close(writing_end)
    finally:
        service.close()


def test_keys_and_secrets_may_come_from_a_command(tmp_path):
    new_key(tmp_path / "keys", "ops", "read")
    service = Freshet(tmp_path, under=["bash", "-c", 'exec "$@" 3< <(cat keys) 4< <(echo 0123456789abcdef0123456789abcdef)',
                                       "bash"], toml=KEPT + '[serve]\nkeys_file = "/dev/fd/3"\n'
                      '[store]\npseudonym_key = "$file:/dev/fd/4"\n')
    try:
        service.start(ready=False)
        assert service.get("/v1/popular").status == 401
        service.stop()
    finally:
        service.close()


def test_a_replay_that_waits_for_a_pipe_ends_at_the_second_interrupt(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    replay = subprocess.Popen([BINARY, "replay", pipe, "--to", "http"], stderr=subprocess.DEVNULL)
    writing_end = wait_until(lambda: opened_by_a_reader(pipe), "the pipe being read")
    assert wait_until(lambda: replay.send_signal(signal.SIGINT) or replay.poll(), "its end") == -signal.SIGINT
    os.close(writing_end)


def test_files_are_the_services_own_and_there_is_no_core_dump(freshet):
    before = os.umask(0o022)
    try:
        service = freshet(KEPT)
    finally:
        os.umask(before)
    service.send({"user": "u", "item": "a"})
    limits = open(f"/proc/{service.process.pid}/limits").read()
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4] == "0"
    service.stop()
    files = list(service.data.rglob("*"))
    assert files and all(path.stat().st_mode & 0o077 == 0 for path in files)
