# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random instants under load: nothing acknowledged is lost, nothing is there twice, and the learner ends up
with the very parameters of one that never stopped."""

import collections
import random
import time

import checkpoints
import kafka_admin
from clients import Crowd
from freshet_process import wait_until

LONGEST_LOAD = 0.6      # seconds; a start takes about as long
LONG_LIFE = 4           # every so many rounds the service lives to write a checkpoint first
KILLED_WHILE_STARTING = 0.25  # of the rounds
# How far behind a learner is must not decide what it learns, where one is compared with another.
LEARNER = '[online]\ncheckpoint_interval = "1s"\nleast_scored = 1\n'
EMBEDDED = LEARNER + '[embedded]\nretention = "3650d"\n'


def kafka(broker, topic, group):
    return kafka_admin.service_config(broker, topic, group) + LEARNER


def kill_and_check(service, rounds, chance):
    """`rounds` times: load, kill -9, start, compare the histories with what the clients know."""
    crowd = Crowd(4, chance)
    for round in range(rounds):
        crowd.begin(service.url)
        if round % LONG_LIFE == 1:
            before = checkpoints.names(service.data)
            wait_until(lambda: checkpoints.names(service.data) - before, "a checkpoint under load")
        time.sleep(chance.uniform(0.02, LONGEST_LOAD))
        service.kill()
        crowd.end()
        if chance.random() < KILLED_WHILE_STARTING:
            service.launch()
            time.sleep(chance.uniform(0, 0.6))
            service.kill()
        service.start()
        crowd.settle(service.url)
        crowd.books.check_histories(service, crowd.newest_users())
        assert crowd.books.clean, f"round {round}: {crowd.books.figures}"
    crowd.books.check_histories(service)
    return crowd.books


def stop_at_the_end_of_the_log(service, books):
    """Returns how many events there were."""

    def at_the_end():
        learner = service.status()["learner"]
        return learner["lag_events"] == 0 and books.ends <= collections.Counter(learner["positions"])

    wait_until(at_the_end, "the learner at the end of the log", 600)
    events = service.status()["learner"]["events_learned"]
    service.stop()
    log = service.log_path.read_text()
    assert "learner resumes from its checkpoint" in log
    assert "a checkpoint cannot be used" not in log and "bug:" not in log
    return events


def check(service, rounds, chance, report, uninterrupted):
    """`uninterrupted(events)`: the checkpoint of a learner that reads the same log, of so many events, without a pause."""
    books = kill_and_check(service, rounds, chance)
    events = stop_at_the_end_of_the_log(service, books)
    same = checkpoints.newest(service.data).read_bytes() == uninterrupted(events)
    report(kills=rounds, **books.figures, events_learned=events, same_checkpoint=same)
    assert books.clean, books.figures
    assert same, "the learner differs from one that never stopped"


def test_kill_on_the_embedded_log(freshet, rounds, seed, report, tmp_path):
    service = freshet(EMBEDDED, environment=checkpoints.SAME_KEY)
    check(service, rounds(short=6, long=200), random.Random(seed), report,
          lambda events: checkpoints.of_an_uninterrupted_run(tmp_path / "uninterrupted", EMBEDDED, events, service.data))


def test_kill_on_kafka(freshet, broker, topic, rounds, seed, report, tmp_path):
    """One partition, so that there is one order to learn in."""
    kafka_admin.create_topic(broker, topic, partitions=1)
    service = freshet(kafka(broker, topic, topic), environment=checkpoints.SAME_KEY)
    other_group = kafka(broker, topic, f"{topic}-uninterrupted")
    check(service, rounds(short=2, long=25), random.Random(seed), report,
          lambda events: checkpoints.of_an_uninterrupted_run(tmp_path / "uninterrupted", other_group, events))
