# SPDX-License-Identifier: Apache-2.0
"""Three times as many requests as can be answered: some are answered as fast as ever, the others refused at once, and
neither histories nor memory suffer."""

import json
import subprocess
import threading

import pytest

from clients import connect
from freshet_process import ROOT, run, wait_until

LOAD = ROOT / "build/release/bench/freshet_load"
USERS = 2000
CONNECTIONS = 256
SUSTAINABLE = 0.8  # of what 16 connections can get at most: a rate at which nobody is refused
CONFIG = '[serve]\nshed_delay = "1ms"\n'  # what is late is refused at once


def load(service, targets, seconds, **options):
    arguments = [f"--{name}={value}" for name, value in options.items()]
    result = subprocess.run([LOAD, f"--port={service.port}", f"--targets={targets}", f"--seconds={seconds}", *arguments],
                            capture_output=True, text=True, check=True, timeout=120)
    return json.loads(result.stdout)


class Producer(threading.Thread):
    """Sends one event after the other, and asks for one list after the other, for as long as there is overload."""

    def __init__(self, service):
        super().__init__()
        self.service, self.done = service, threading.Event()
        self.accepted = self.refused_lists = 0
        self.problems = []

    def run(self):
        connection = connect(self.service.url)
        while not self.done.is_set():
            connection.request("POST", "/v1/events", json.dumps({"user": "steady", "item": f"i{self.accepted}"}))
            answer = connection.getresponse()
            body = answer.read()
            if answer.status == 202:
                self.accepted += 1
            else:
                self.problems.append((answer.status, body))
            connection.request("GET", "/v1/users/u1/recommendations")
            answer = connection.getresponse()
            answer.read()
            if answer.status == 503 and answer.getheader("Retry-After"):
                self.refused_lists += 1
            elif answer.status != 200:
                self.problems.append((answer.status, dict(answer.getheaders())))
        connection.close()


@pytest.mark.long  # whether there is overload depends on how fast and busy the machine is
def test_three_times_what_can_be_answered(freshet, tmp_path, rounds, report):
    seconds = rounds(short=2, long=20)
    service = freshet(CONFIG)
    stream, targets = tmp_path / "stream.tsv", tmp_path / "targets"
    run("generate", "--events", 20_000, "--users", USERS, "--items", 3000, "--format", "tsv", "-o", stream)
    run("replay", stream, "--to", "http", "--url", service.url, "--columns", "user,item,time,type")
    wait_until(lambda: service.status()["learner"]["lag_events"] == 0, "learned")
    targets.write_text("".join(f"/v1/users/u{user}/recommendations?k=20\n" for user in range(USERS)))
    most = load(service, targets, seconds)["answered_per_second"]
    normal = load(service, targets, seconds, rate=SUSTAINABLE * most, connections=CONNECTIONS)
    before = service.resident_mib()
    producer = Producer(service)
    producer.start()
    try:
        overload = load(service, targets, seconds, rate=3 * most, connections=CONNECTIONS)
        during = service.resident_mib()
    finally:
        producer.done.set()
        producer.join()
    report(most=f"{most:.0f}/s", normal_p99=f"{normal['service_p99_ms']:.1f} ms",
           overload_p99=f"{overload['service_p99_ms']:.1f} ms",
           p99_ratio=f"{overload['service_p99_ms'] / normal['service_p99_ms']:.1f}", answered=f"{overload['answered_per_second']:.0f}/s",
           refused=f"{overload['refused'] / seconds:.0f}/s", refused_p50=f"{overload['refused_p50_ms']:.1f} ms",
           events_accepted=producer.accepted)
    assert normal["failed"] == overload["failed"] == 0
    assert overload["refused"] > 0 and overload["answered_per_second"] > 0
    assert not producer.problems, producer.problems[:3]
    assert producer.accepted and during < before + 200
    wait_until(lambda: service.get("/v1/users/steady").json["count"] == min(producer.accepted, 1000), "all events stored")
    assert service.get("/v1/users/u1/recommendations").status == 200
