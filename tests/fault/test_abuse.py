# SPDX-License-Identifier: Apache-2.0
"""Clients that mean no good, or do not know better: each is shed by a limit, and nobody else notices."""

import collections
import contextlib
import json
import os
import socket
import threading
import time

import pytest

from clients import GONE, connect
from freshet_process import Freshet, new_key, wait_until

LIMITS = """
[serve]
header_timeout = "1s"
idle_timeout = "2s"
write_timeout = "1s"
max_connections = 400
max_body_bytes = "1MiB"
"""
GET = b"GET /v1/popular HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\n"


def metric(service, name):
    for line in service.get("/metrics").body.splitlines():
        if line.startswith(name + " ") or line.startswith(name + "{"):
            return float(line.split()[-1])
    return 0.0


class Regular(threading.Thread):
    """A client that asks all the while, over one connection, and must be answered every time. As any HTTP client, it asks
    again if the connection was closed while it was idle: on a busy machine its pause may be longer than idle_timeout."""

    def __init__(self, service):
        super().__init__()
        self.service, self.done = service, threading.Event()
        self.answered, self.problems = 0, []

    def run(self):
        connection = connect(self.service.url)
        fresh = True
        while not self.done.wait(0.01):
            try:
                connection.request("GET", "/v1/popular")
                answer = connection.getresponse()
                answer.read()
                self.answered += 1
                if answer.status != 200:
                    self.problems.append(answer.status)
                fresh = False
            except Exception as error:  # whatever it is, a regular should not see it
                if fresh or not isinstance(error, ConnectionError):
                    self.problems.append(repr(error))
                connection = connect(self.service.url)
                fresh = True
        connection.close()


@pytest.fixture
def service(freshet):
    """At the end of the test: all connections gone, and the memory that they took."""
    running = freshet(LIMITS)
    running.send(*({"user": f"u{number % 50}", "item": f"item-with-a-long-name-{number:060}"} for number in range(2000)))
    wait_until(lambda: running.status()["learner"]["lag_events"] == 0, "learned")
    before = running.resident_mib()
    regular = Regular(running)
    regular.start()
    wait_until(lambda: regular.answered, "the regular's first answer")
    yield running
    try:
        wait_until(lambda: metric(running, "freshet_serve_connections") <= 2, "the connections closed")
        answered = regular.answered
        wait_until(lambda: regular.answered > answered, "the regular is still answered")
    finally:
        regular.done.set()
        regular.join()
    assert not regular.problems, regular.problems[:3]
    assert running.resident_mib() < before + 200  # free memory is kept for the next time


@contextlib.contextmanager
def sockets(service, count):
    opened = [socket.create_connection(("127.0.0.1", service.port), timeout=20) for _ in range(count)]
    yield opened
    for each in opened:
        each.close()


def everything(connection):
    """What comes until the other side closes."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(65536):
            received += piece
    return received


def status(answer):
    return int(answer.split(b" ", 2)[1]) if answer else None


@pytest.mark.parametrize("beginning", [b"GET /v1/popular HTTP/1.1\r\nX-Slow: ", POST + b"Content-Length: 100000\r\n\r\n"],
                         ids=["header", "body"])
def test_who_sends_a_byte_at_a_time_is_hung_up_on(service, beginning):
    with sockets(service, 50) as slow:
        for each in slow:
            each.sendall(beginning)
        start, alive = time.monotonic(), list(slow)
        while alive and time.monotonic() - start < 60:
            time.sleep(0.1)
            for each in list(alive):
                try:
                    each.sendall(b"a")
                except OSError:
                    alive.remove(each)
        assert not alive, f"{len(alive)} still connected after 60 s"


def test_connections_beyond_the_limit_are_closed_at_once_and_idle_ones_later(service):
    with sockets(service, 600) as idle:
        assert all(everything(each) == b"" for each in idle), "neither kind is sent anything"
    wait_until(lambda: metric(service, "freshet_serve_connections") <= 2, "room for one who asks")
    assert metric(service, "freshet_serve_refused_connections_total") >= 150


def test_who_stops_sending_after_a_request_is_answered_and_who_stops_within_one_is_not(service):
    with sockets(service, 2) as (whole, half):
        whole.sendall(GET)
        whole.shutdown(socket.SHUT_WR)
        half.sendall(GET[:20])
        half.shutdown(socket.SHUT_WR)
        assert status(everything(whole)) == 200
        assert status(everything(half)) in (None, 400)


@pytest.mark.parametrize("flood", [b"X-Long: " + b"a" * 1_000_000, b"".join(b"X-%d: y\r\n" % n for n in range(50_000))],
                         ids=["one-long-field", "many-fields"])
def test_headers_without_an_end_are_refused(service, flood):
    with sockets(service, 20) as flooding:
        for each in flooding:
            with contextlib.suppress(ConnectionError):
                each.sendall(b"GET /v1/popular HTTP/1.1\r\n" + flood)
        assert {status(everything(each)) for each in flooding} <= {431, None}


def test_who_asks_and_never_reads_is_hung_up_on(service):
    with sockets(service, 20) as deaf:
        for each in deaf:
            each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            each.setblocking(False)
        ask = b"GET /v1/popular?k=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200
        most = service.resident_mib()

        def all_closed():
            nonlocal most
            most = max(most, service.resident_mib())
            for each in list(deaf):
                try:
                    each.send(ask)
                except BlockingIOError:
                    pass
                except OSError:
                    deaf.remove(each)
            return not deaf

        wait_until(all_closed, "all of them closed")
        assert most < service.resident_mib() + 200


@pytest.mark.parametrize(("head", "body"), [
    (POST + b"Content-Length: 100000000\r\n\r\n", b""),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"80000\r\n" + b" " * 0x80000 + b"\r\n"),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n5;", b"a" * 0x80000),
], ids=["announced", "in-chunks", "in-a-chunk-extension"])
def test_a_body_beyond_the_limit_is_refused_without_waiting_for_its_end(service, head, body):
    with sockets(service, 5) as huge:
        for each in huge:
            each.sendall(head)
            with contextlib.suppress(ConnectionError):
                for _ in range(4):
                    each.sendall(body)
        assert {status(everything(each)) for each in huge} == {413}


def test_nobodys_body_is_read(freshet, tmp_path):
    keys = tmp_path / "keys"
    reader = new_key(keys, "reader", "read")
    service = freshet(LIMITS + f'keys_file = "{keys}"\n')
    for key, expected in ((None, 401), ("nonsense", 401), (reader, 403)):
        with sockets(service, 1) as (stranger,):
            header = f"X-API-Key: {key}\r\n".encode() if key else b""
            stranger.sendall(POST + header + b"Content-Length: 1000000\r\n\r\n")  # of which none follows
            assert status(stranger.recv(4096)) == expected
    for call, expected in ((b"POST /v1/evnts", 404), (b"GET /healthz", 200)):
        with sockets(service, 1) as (lost,):
            lost.sendall(call + b" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n")
            assert status(lost.recv(4096)) == expected


def test_a_key_over_its_rate_is_refused_before_its_body(freshet, tmp_path):
    keys = tmp_path / "keys"
    writer = new_key(keys, "writer", "write", rate="0.01/1")
    service = freshet(LIMITS + f'keys_file = "{keys}"\n')
    header = f"X-API-Key: {writer}\r\n".encode()
    with sockets(service, 2) as (first, second):
        first.sendall(POST + header + b"Content-Length: 2\r\n\r\n[]")
        assert status(first.recv(4096)) == 202
        second.sendall(POST + header + b"Content-Length: 1000000\r\n\r\n")  # of which none follows
        assert status(second.recv(4096)) == 429


class Flood(threading.Thread):
    """A client that sends these bodies of events in turn, and does not wait when it is told to."""

    def __init__(self, service, key, bodies):
        super().__init__()
        self.service, self.bodies, self.done = service, bodies, threading.Event()
        self.headers = {"Content-Type": "application/json", "X-API-Key": key}
        self.answers, self.accepted_bytes, self.hurried = collections.Counter(), 0, 0

    def run(self):
        connection = connect(self.service.url)
        while not self.done.is_set():
            body = self.bodies[self.answers[202] % len(self.bodies)]
            try:
                connection.request("POST", "/v1/events", body, self.headers)
                answer = connection.getresponse()
                answer.read()
            except GONE:  # refused before it had sent all
                connection = connect(self.service.url)
                continue
            self.answers[answer.status] += 1
            self.accepted_bytes += len(body) if answer.status == 202 else 0
            self.hurried += answer.status in (429, 503) and not answer.getheader("Retry-After")
        connection.close()

    def stop(self):
        self.done.set()
        self.join()


def clicks(count):
    return json.dumps([{"session": "evil", "item": f"i{number % 100}"} for number in range(count)])


def ballast(count):
    """Events with a large field that is of no use; it cannot be compressed much."""
    return json.dumps([{"user": "evil", "item": "i", "x": os.urandom(30_000).hex()} for _ in range(count)])


def test_a_weak_key_neither_takes_the_instance_down_nor_others_with_it(freshet, tmp_path, report):
    keys = tmp_path / "keys"
    weak = new_key(keys, "weak", "write", rate="1")
    shop = new_key(keys, "shop", "read,write")
    service = freshet(f'[serve]\nkeys_file = "{keys}"\n')
    service.key = shop
    flood, start = Flood(service, weak, [clicks(10_000), ballast(100)]), time.monotonic()
    flood.start()
    connection = connect(service.url)
    looks = 0
    try:
        while looks < 100 or flood.answers[429] < 50:
            assert service.get("/readyz").status == 200, service.get("/readyz").body
            connection.request("POST", "/v1/events", json.dumps({"user": f"u{looks}", "item": f"i{looks % 100}"}),
                               {"Content-Type": "application/json", "X-API-Key": shop})
            accepted = connection.getresponse()
            token = json.loads(accepted.read())["token"]
            assert accepted.status == 202
            assert service.get(f"/v1/users/u{looks}/recommendations?after={token}").status == 200
            looks += 1
    finally:
        flood.stop()
    took = time.monotonic() - start
    report(looks=looks, answers=dict(flood.answers), seconds=f"{took:.0f}")
    assert flood.hurried == 0
    # 10,000 events at once, 100 a second from then on, and one request beyond.
    assert flood.answers[202] <= 3 + took * 100 / 5900
    assert set(flood.answers) == {202, 429}


def test_the_log_is_bounded_whatever_is_sent(freshet, report):
    most, appended = 16 << 20, 128 << 20
    service = freshet('[embedded]\nmax_bytes = "16MiB"\nmax_queued_bytes = "1MiB"\n'
                      '[store]\nmemtable_bytes = "4MiB"\nmax_wal_bytes = "8MiB"\n[online]\ncheckpoint_interval = "1s"\n')
    flood = Flood(service, "", [ballast(16) for _ in range(8)])
    flood.start()
    largest_log = largest_files = 0
    try:
        while flood.accepted_bytes < appended:
            largest_log = max(largest_log, metric(service, "freshet_ingest_log_bytes"))
            files = [file for file in service.data.rglob("*") if file.is_file()]
            with contextlib.suppress(FileNotFoundError):
                largest_files = max(largest_files, sum(file.stat().st_size for file in files))
    finally:
        flood.stop()
    report(answers=dict(flood.answers), sent_mib=flood.accepted_bytes >> 20, log_mib=f"{largest_log / 2**20:.1f}",
           files_mib=f"{largest_files / 2**20:.1f}")
    assert flood.hurried == 0
    assert set(flood.answers) <= {202, 503}
    assert largest_log < most + (4 << 20)
    assert largest_files < 4 * most
    wait_until(lambda: service.get("/readyz").status == 200, "ready")
    service.send({"user": "honest", "item": "i"})
    wait_until(lambda: service.get("/v1/users/honest").status == 200, "in the histories")


def test_the_bodies_of_all_requests_together_are_bounded(freshet):
    service = freshet('[serve]\nmax_body_bytes_total = "24MiB"\nheader_timeout = "10m"\n')
    before = service.resident_mib()
    length = 8 << 20
    with sockets(service, 50) as large:
        def send(connection):
            with contextlib.suppress(OSError):  # refused meanwhile
                connection.sendall(POST + b"Content-Length: %d\r\n\r\n[" % length + b" " * (length - 2))

        threads = [threading.Thread(target=send, args=(each,)) for each in large]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert service.resident_mib() < before + 100
        assert service.get("/v1/popular").status == 200
        service.send({"user": "u", "item": "a"})
        waiting = []
        for each in large:
            each.setblocking(False)
            try:
                assert status(each.recv(4096)) == 503
            except BlockingIOError:
                waiting.append(each)
            except ConnectionError:  # refused, and closed before it had sent all
                pass
        assert len(waiting) == 3
        for each in waiting:
            each.setblocking(True)
            each.sendall(b"]")
            assert status(each.recv(4096)) == 202


SMALL_CAPS = """
[online]
max_name_bytes = "2MiB"
parts = ["popularity", "covisitation", "lstm"]
[store]
transient_bytes = "2MiB"
[serve]
write_timeout = "10m"
max_answer_bytes_total = "16MiB"
"""
LONG = "x" * 450  # ids may have 512 bytes


def new_ids(first, count, **fields):
    """Events whose ids are new, nearly as long as they may be, and differ at their ends only."""
    return [{"id": f"{LONG}e{n}", "user": f"{LONG}u{n}", "session": f"{LONG}s{n}", "item": f"{LONG}i{n}", **fields}
            for n in range(first, first + count)]


def test_caps_weigh_what_clients_make_large(freshet):
    service = freshet(SMALL_CAPS)
    for first in range(0, 10_000, 1000):
        service.send(*new_ids(first, 1000))
        service.send(*new_ids(first, 1000, consent=False))
    wait_until(lambda: service.status()["learner"]["events_published"] == 10_000, "learned")
    assert 4000 < metric(service, "freshet_learner_items") < 5000, "with names of 2 MiB"
    assert 500 < metric(service, "freshet_store_transient_events") < 1000
    assert metric(service, "freshet_store_transient_bytes") <= 2 << 20
    newest = new_ids(9999, 1)[0]["item"]
    service.send(*({"user": f"visitor-{n}", "item": newest} for n in range(20)))
    wait_until(lambda: service.status()["learner"]["events_published"] == 10_020, "learned")
    assert service.items_for("another", k=1) == [newest], "the oldest have gone"
    service.stop()
    service.start()
    assert 4000 < metric(service, "freshet_learner_items") < 5000, "after a restart too"


def test_answers_that_are_not_read_are_bounded_together(freshet):
    service = freshet(SMALL_CAPS)
    for first in range(0, 800, 400):
        token = service.send(*({"user": "u", "item": f"i{n}", "props": {"text": "y" * 8000}}
                               for n in range(first, first + 400)))
    service.recommend("u", after=token)
    page = b"GET /v1/users/u?limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n"  # 6 MB
    before = service.resident_mib()
    with contextlib.ExitStack() as opened:
        deaf = []
        for _ in range(40):
            deaf.append(opened.enter_context(socket.socket()))
            deaf[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf[-1].settimeout(60)
            deaf[-1].connect(("127.0.0.1", service.port))
            deaf[-1].sendall(page)
        begun = [status(each.recv(100)) for each in deaf]
        assert set(begun) == {200, 503} and begun.count(200) <= 4, begun
        assert service.resident_mib() < before + 100
        assert service.get("/v1/popular").status == 200
    wait_until(lambda: service.get("/v1/users/u?limit=1000").status == 200, "room again, once they have gone")


MIB = [pytest.param(mib, marks=[] if mib % 100 == 0 else pytest.mark.long) for mib in range(360, 1001, 20)]


@pytest.mark.parametrize("mib", MIB)
def test_without_memory_it_ends_with_a_line(tmp_path, mib):
    """From what loads the program to what it starts with, in whichever thread and library memory ends."""
    service = Freshet(tmp_path, under=["prlimit", f"--as={mib << 20}"])
    try:
        sent, alive = 0, service.start_or_die()
        while alive and sent < 60_000:
            connection = connect(service.url)
            try:
                connection.request("POST", "/v1/events", json.dumps(new_ids(sent, 1000)), {"Content-Type": "application/json"})
                connection.getresponse().read()
            except GONE:
                alive = False
            connection.close()
            sent += 1000
        code = service.stop_or_die() if alive else service.process.wait(timeout=60)
    finally:
        service.close()
    log = service.log_path.read_text()
    last = log.splitlines()[-1]
    if code == 127:
        assert "error while loading shared libraries" in last, log
    elif code != 0:
        assert code == 2 and last.startswith("freshet: "), (code, log)


def test_idle_connections_leave_files_for_the_store(freshet):
    service = freshet(under=["prlimit", "--nofile=1024:1024"])
    assert "max_connections=512" in service.log_path.read_text()
    honest = connect(service.url)
    honest.connect()
    with sockets(service, 1100):
        for number in range(50):
            honest.request("POST", "/v1/events", f'{{"user":"u{number}","item":"a"}}', {"Content-Type": "application/json"})
            answer = honest.getresponse()
            assert answer.status == 202, answer.read()
            answer.read()
    honest.close()


def test_the_soft_limit_of_open_files_is_raised(freshet):
    service = freshet(under=["prlimit", "--nofile=256:"])
    limits = open(f"/proc/{service.process.pid}/limits").read()
    soft, hard = next(line.split()[3:5] for line in limits.splitlines() if line.startswith("Max open files"))
    assert soft == hard != "256"
