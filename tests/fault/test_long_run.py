# SPDX-License-Identifier: Apache-2.0
"""A steady stream for a long time: users and items come and go, caps are reached, what is old expires, and memory, file
descriptors and disk stay where they are.

Event time runs faster than the clock, and every limit is small, so that within minutes everything that is bounded has
been full many times over."""

import json
import pathlib
import random
import statistics
import threading
import time

from clients import connect
from freshet_process import ROOT, wait_until
from long_run_plot import write_csv, write_svg

EVENTS_PER_SECOND, LISTS_PER_SECOND = 300, 30
BATCH = 15
FASTER = 60  # event time against the clock
LIVING = {"user": 2000, "item": 1500}  # at any time; the oldest gives way to a new one
USER_LIFE, ITEM_LIFE = 40, 160  # events between two births
CONFIG = """
[events]
max_future_skew = "1m"
[embedded]
retention = "0s"
trim_interval = "2s"
[store]
max_event_age = "1h"
max_events_per_owner = 50
memtable_bytes = "4MiB"
max_wal_bytes = "8MiB"
block_cache_bytes = "8MiB"
[online]
max_items = 2000
max_open_sessions = 1000
dedupe_ids = 10000
checkpoint_interval = "5s"
[online.session_knn]
max_sessions = 3000
[online.user_history]
max_users = 1500
[online.matrix_factorization]
max_items = 1500
max_users = 1500
[online.user_cf]
max_users = 1500
[online.lstm]
max_items = 1500
replay_buffer = 2000
"""


class Load:
    """One thread that keeps a rate: `work` is called when it is due, and timed; it returns the answer's status."""

    def __init__(self, per_second, work):
        self.latencies, self.lock, self.stop = [], threading.Lock(), threading.Event()
        self.failures = self.refusals = 0
        self.thread = threading.Thread(target=self._run, args=(per_second, work))
        self.thread.start()

    def _run(self, per_second, work):
        due = time.monotonic()
        while not self.stop.wait(max(0.0, due - time.monotonic())):
            start = time.monotonic()
            status = work()
            with self.lock:
                self.latencies.append(1000 * (time.monotonic() - start))
                self.refusals += status == 503
                self.failures += status not in (200, 202, 503)
            due += 1 / per_second

    def percentiles(self):
        """p50 and p99 since they were asked for last, in ms."""
        with self.lock:
            taken, self.latencies = sorted(self.latencies), []
        return (taken[len(taken) // 2], taken[len(taken) * 99 // 100]) if taken else (0, 0)

    def end(self):
        self.stop.set()
        self.thread.join()


class Stream:
    """Events of users and items of whom some are born and some die all the time."""

    def __init__(self, service, chance, minutes):
        self.connection, self.chance = connect(service.url), chance
        self.start = time.time()
        self.first = self.start - minutes * 60 * FASTER - 3600  # of event time: never in the future
        self.sent = self.accepted = 0

    def newest(self, life):
        return self.sent // life

    def user(self):
        return f"u{self.newest(USER_LIFE) + self.chance.randrange(LIVING['user'])}"

    def _event(self):
        self.sent += 1
        item = self.newest(ITEM_LIFE) + int(LIVING["item"] * self.chance.random() ** 3)
        moment = self.first + FASTER * (time.time() - self.start)
        return {"user": self.user(), "item": f"i{item}", "ts": int(1000 * moment)}

    def post(self):
        self.connection.request("POST", "/v1/events", json.dumps([self._event() for _ in range(BATCH)]))
        answer = self.connection.getresponse()
        body = json.loads(answer.read())
        self.accepted += body.get("accepted", 0)
        return answer.status


class Lists:
    def __init__(self, service, stream):
        self.connection, self.stream = connect(service.url), stream

    def get(self):
        self.connection.request("GET", f"/v1/users/{self.stream.user()}/recommendations?k=20")
        answer = self.connection.getresponse()
        answer.read()
        return answer.status


def sample(service, start, events, lists):
    process = pathlib.Path(f"/proc/{service.process.pid}")
    status = service.status()
    on_disk = 0
    for file in service.data.rglob("*"):
        try:
            on_disk += file.stat().st_size if file.is_file() else 0
        except FileNotFoundError:  # compacted away
            pass
    events_p50, events_p99 = events.percentiles()
    lists_p50, lists_p99 = lists.percentiles()
    return {"seconds": round(time.monotonic() - start, 1), "resident_MiB": service.resident_mib(),
            "data_directory_MiB": on_disk / 2**20, "file_descriptors": len(list((process / "fd").iterdir())),
            "threads": len(list((process / "task").iterdir())), "learner_lag_events": status["learner"]["lag_events"],
            "items_known": status["learner"]["items"], "events_p50_ms": events_p50, "events_p99_ms": events_p99,
            "lists_p50_ms": lists_p50, "lists_p99_ms": lists_p99}


def growth(samples, name):
    """Of the last quarter's median over the one before."""
    quarter = len(samples) // 4
    before = statistics.median(each[name] for each in samples[-2 * quarter:-quarter])
    return statistics.median(each[name] for each in samples[-quarter:]) - before, before


def test_nothing_grows(freshet, minutes, seed, report):
    chance = random.Random(seed)
    length = minutes(short=0.5, long=60)
    service = freshet(CONFIG)
    stream = Stream(service, chance, length)
    asked = Lists(service, stream)
    events = Load(EVENTS_PER_SECOND / BATCH, stream.post)
    lists = Load(LISTS_PER_SECOND, asked.get)
    start = time.monotonic()
    samples = []
    try:
        while time.monotonic() - start < 60 * length:
            time.sleep(max(1.0, length * 60 / 360))
            samples.append(sample(service, start, events, lists))
    finally:
        events.end()
        lists.end()
    wait_until(lambda: service.status()["learner"]["events_learned"] == stream.accepted, "all that was accepted learned")
    out = ROOT / "build/long_run"
    out.mkdir(parents=True, exist_ok=True)
    write_csv(out / "samples.csv", samples)
    write_svg(out / "samples.svg", samples, f"{length:g} minutes, {EVENTS_PER_SECOND} events/s, {LISTS_PER_SECOND} lists/s")
    report(minutes=length, accepted=stream.accepted, sent=stream.sent, lists_refused=lists.refusals,
           users=stream.newest(USER_LIFE) + LIVING["user"], items=stream.newest(ITEM_LIFE) + LIVING["item"],
           resident_MiB=f"{samples[len(samples) // 2]['resident_MiB']:.0f} -> {samples[-1]['resident_MiB']:.0f}",
           disk_MiB=f"{samples[len(samples) // 2]['data_directory_MiB']:.0f} -> {samples[-1]['data_directory_MiB']:.0f}",
           file_descriptors=f"{samples[len(samples) // 2]['file_descriptors']} -> {samples[-1]['file_descriptors']}",
           plot=out / "samples.svg")
    assert stream.accepted == stream.sent and events.failures == lists.failures == 0
    if length < 5:
        return  # caps are not reached yet: there is still something to grow
    for name, allowed_share, allowed in (("resident_MiB", 0.05, 4), ("data_directory_MiB", 0.3, 8),
                                         ("file_descriptors", 0, 8), ("threads", 0, 0)):
        grown, before = growth(samples, name)
        assert grown <= before * allowed_share + allowed, f"{name} grew by {grown:.1f} from {before:.1f}; see {out}"
