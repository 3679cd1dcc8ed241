# SPDX-License-Identifier: Apache-2.0
"""A disk that is full, read-only, broken, slow or damaged: /readyz says so, producers get 503, lists go on, nothing that
was accepted is lost, and once the disk is well again nobody has to do anything."""

import concurrent.futures
import os
import random
import shutil
import subprocess

import checkpoints
import pytest
from clients import Books, Client, Crowd, connect, history
from faulty_disk import FaultyDisk
from freshet_process import BINARY, Freshet, wait_until

TOML = ('[online]\ncheckpoint_interval = "1s"\nleast_scored = 1\n[embedded]\nretention = "3650d"\n'
        '[store]\nmemtable_bytes = "4MiB"\nmax_wal_bytes = "8MiB"\n')


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 48 MiB."""
    directory = tmp_path / "disk"
    directory.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", directory], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("mounting a file system needs root")
    yield directory
    subprocess.run(["umount", "-l", directory], check=True)


@pytest.fixture
def service_on():
    running = []

    def start(directory, environment={}, embedded="", sections=""):
        directory.mkdir(exist_ok=True)
        toml = TOML.replace("[embedded]\n", "[embedded]\n" + embedded)
        service = Freshet(directory, toml + sections, environment=checkpoints.SAME_KEY)
        running.append(service)
        return service.start(**environment)

    yield start
    for service in running:
        service.close()
        print(service.log_path.read_text()[-5000:])


def client(seed):
    return Client("c", Books(), random.Random(seed))


def send(client, service, requests):
    """Returns after the first refusal: False, and the request is still unanswered."""
    connection = connect(service.url)
    answers = all(client.send(connection) for _ in range(requests))
    connection.close()
    return answers


def refuses_and_says(client, service, reason):
    """Until the fault shows; then: events are refused, /readyz has the reason, lists are served."""
    while send(client, service, 100):
        pass
    wait_until(lambda: reason in service.get("/readyz").body, f"/readyz says {reason}: {service.get('/readyz').body}", 20)
    assert service.get("/readyz").status == 503
    assert service.get("/healthz").status == 200
    assert service.get("/v1/popular").status == 200


def recovers_by_itself(client, service):
    """The very process takes events again, and what was accepted before and since is there, before and after a crash."""
    client.settle(service.url, give_up=0)
    wait_until(lambda: service.get("/readyz").status == 200, "ready again")
    assert send(client, service, 20)
    client.books.check_histories(service)
    service.kill()
    service.start()
    client.books.check_histories(service)
    assert client.books.clean, client.books.figures


def test_a_full_disk(small_disk, service_on, seed, report):
    service = service_on(small_disk)
    sender = client(seed)
    assert send(sender, service, 50)
    ballast = small_disk / "ballast"
    with open(ballast, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(small_disk).free - (1 << 20))
    refuses_and_says(sender, service, "No space left on device")
    for _ in range(3):
        send(sender, service, 1)
    ballast.unlink()
    recovers_by_itself(sender, service)
    report(refused=sender.refused, **sender.books.figures)


@pytest.mark.parametrize("point", ["wal.write", "wal.sync"])
@pytest.mark.parametrize("error, reason", [("EIO", "Input/output error"), ("ENOSPC", "No space left on device"),
                                           ("EROFS", "Read-only file system")])
def test_a_write_ahead_log_that_fails_for_a_while(tmp_path, service_on, seed, report, point, error, reason):
    disk = FaultyDisk(tmp_path)
    service = service_on(tmp_path, disk.environment)
    sender = client(seed)
    assert send(sender, service, 20)
    disk.set(point, "1+", error)
    refuses_and_says(sender, service, reason)
    disk.clear()
    recovers_by_itself(sender, service)
    report(refused=sender.refused, **sender.books.figures)


def test_a_disk_that_fails_again_while_the_store_is_opened_again(tmp_path, service_on, seed, report):
    """What is there is still read: lists and histories go on."""
    disk = FaultyDisk(tmp_path)
    service = service_on(tmp_path, disk.environment)
    sender = client(seed)
    assert send(sender, service, 20)
    disk.set("wal.sync", "1+", "EIO")
    assert not send(sender, service, 1)
    disk.set("manifest.create", "1+", "EIO")
    wait_until(lambda: "MANIFEST" in service.get("/readyz").body, "the store opened again, in vain")
    assert service.get("/readyz").status == 503
    connection = connect(service.url)
    assert all(history(connection, user) for user in sender.users)
    connection.close()
    assert service.get("/v1/popular").status == 200
    assert not send(sender, service, 1)
    disk.clear()
    recovers_by_itself(sender, service)
    report(refused=sender.refused, **sender.books.figures)


def test_a_disk_that_takes_its_time(tmp_path, service_on, seed, report):
    """Events and changes wait for their fsync, and are then accepted; nobody else waits."""
    disk = FaultyDisk(tmp_path)
    service = service_on(tmp_path, disk.environment)
    crowd = Crowd(3, random.Random(seed))
    disk.set("wal.sync", "1+", "hang")
    crowd.begin(service.url)
    with concurrent.futures.ThreadPoolExecutor() as administrators:  # more than there are I/O threads
        changes = [administrators.submit(service.curl, f"/v1/items/item{n}", "PUT", "{}") for n in range(4)]
        changes.append(administrators.submit(service.curl, "/v1/users/nobody", "DELETE"))
        wait_until(lambda: all(client.unanswered for client in crowd.clients), "events sent")
        serves_lists(service)
        assert not crowd.books.acknowledged
        assert not any(change.done() for change in changes)
        disk.clear()
        assert {change.result().status for change in changes} == {202}
    takes_events_again(crowd, service)
    assert not any(client.refused for client in crowd.clients)
    report(**crowd.books.figures)


def test_a_full_queue_before_a_disk_that_takes_its_time(tmp_path, service_on, seed, report):
    """Refuses changes of items as it refuses events; what it took before is accepted."""
    disk = FaultyDisk(tmp_path)
    service = service_on(tmp_path, disk.environment, "max_queued_records = 1\n")
    crowd = Crowd(3, random.Random(seed))
    disk.set("wal.sync", "1+", "hang")
    crowd.begin(service.url)
    wait_until(lambda: sum(client.refused for client in crowd.clients) > 0, "a full queue refuses")
    assert service.curl("/v1/items/item", "PUT", "{}").status == 503
    serves_lists(service)
    assert not crowd.books.acknowledged
    disk.clear()
    takes_events_again(crowd, service)
    report(refused=sum(client.refused for client in crowd.clients), **crowd.books.figures)


def serves_lists(service):
    for _ in range(10):
        assert service.get("/v1/popular").status == 200
        assert service.get("/healthz").status == 200


def takes_events_again(crowd, service):
    wait_until(lambda: crowd.books.acknowledged, "events accepted")
    crowd.end()
    crowd.settle(service.url)
    crowd.books.check_histories(service)
    assert crowd.books.clean, crowd.books.figures


def refuses_to_start(directory, environment={}):
    result = subprocess.run([BINARY, "serve", "--data", directory, "--listen", "127.0.0.1:0"], capture_output=True,
                            text=True, timeout=60, env={**os.environ, **environment})
    assert result.returncode == 2, result
    reasons = [line for line in result.stderr.splitlines() if not line.startswith("20")]
    assert len(reasons) == 1, result.stderr
    return reasons[0]


def test_a_disk_that_cannot_be_written_to_at_the_start(tmp_path, service_on):
    disk = FaultyDisk(tmp_path)
    service = service_on(tmp_path)
    sender = client(1)
    assert send(sender, service, 20)
    service.kill()
    for error, reason in (("EROFS", "Read-only file system"), ("ENOSPC", "No space left on device")):
        for point in ("wal.create", "manifest.create"):
            disk.set(point, "1+", error)
            line = refuses_to_start(service.data, disk.environment)
            assert str(service.data) in line and reason in line, line
    disk.clear()
    service.start()
    sender.books.check_histories(service)
    assert sender.books.clean


def test_a_torn_end_of_the_write_ahead_log(tmp_path, service_on, rounds, seed, report):
    """What a power cut may leave of a copied directory: the histories are the log up to some record, and no more."""
    chance = random.Random(seed)
    events_alone = "[served]\nshare = 0\n"  # the log has the events alone, so that its end is their number
    original = service_on(tmp_path / "original", sections=events_alone)
    sender = client(seed)
    assert send(sender, original, 60)
    original.kill()
    log = max((original.data / "db").glob("*.log"))
    cuts = chance.sample(range(log.stat().st_size), rounds(short=2, long=50))
    for cut in cuts:
        copy = tmp_path / f"cut{cut}"
        shutil.copytree(original.data, copy / "data")
        os.truncate(copy / "data/db" / log.name, cut)
        service = service_on(copy, sections=events_alone)
        wait_until(lambda: service.status()["learner"]["lag_events"] == 0, "the learner at the end of the log")
        end = service.status()["learner"]["ends"]["0"]
        connection = connect(service.url)
        found = [id for user in sender.books.sent for id in history(connection, user)]
        connection.close()
        service.stop()
        assert len(found) == len(set(found)) == end, cut
        assert set(found) == {f"c-{number}" for number in range(1, end + 1)}, cut
    report(cuts=len(cuts), accepted=len(sender.books.acknowledged))


def damage(path, chance):
    """Cuts it off, or flips one bit of it. Returns which."""
    size = path.stat().st_size
    if chance.random() < 0.5:
        os.truncate(path, chance.randrange(size))
        return "truncated"
    with open(path, "r+b") as file:
        place = chance.randrange(size)
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 1 << chance.randrange(8)]))
    return "flipped"


def test_damaged_checkpoints(tmp_path, service_on, rounds, seed, report):
    """The newest one, then all of them: passed over, and the learner ends where it was."""
    chance = random.Random(seed)
    service = service_on(tmp_path)
    sender = client(seed)
    while len(list((service.data / "checkpoints").glob("checkpoint-*"))) < 3:
        assert send(sender, service, 20)
    service.send({"user": "last", "item": "a"})  # so the records of lists, which may wait a moment, are in the log
    wait_until(lambda: service.status()["learner"]["lag_events"] == 0, "the learner at the end of the log")
    service.stop()
    kinds = []
    for round in range(rounds(short=2, long=50)):
        whole = checkpoints.newest(service.data).read_bytes()
        files = sorted((service.data / "checkpoints").glob("checkpoint-*"), reverse=True)
        damaged = files if round % 2 else files[:1]
        kinds += [damage(path, chance) for path in damaged]
        service.start()
        wait_until(lambda: service.status()["learner"]["lag_events"] == 0, "the learner at the end of the log")
        service.stop()
        assert all(path.name in service.log_path.read_text() for path in damaged)
        assert checkpoints.newest(service.data).read_bytes() == whole
    report(truncated=kinds.count("truncated"), bits_flipped=kinds.count("flipped"), same_checkpoint=True)
