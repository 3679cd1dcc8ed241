# SPDX-License-Identifier: Apache-2.0
"""Three brokers, one of which is lost while events come in: partitions get other leaders, and nobody notices much."""

import random
import time

import pytest
from confluent_kafka import KafkaException

import kafka_admin
from clients import Crowd
from freshet_process import wait_until
from kafka_cluster import Cluster


@pytest.fixture
def cluster(tmp_path):
    brokers = Cluster(tmp_path).start()
    yield brokers
    brokers.kill()


def test_a_broker_of_three_that_is_killed_or_stopped_under_load(freshet, cluster, topic, rounds, seed, report):
    chance = random.Random(seed)
    wait_until(lambda: _created(cluster, topic), "the topic")
    service = freshet(kafka_admin.service_config(cluster, topic))
    crowd = Crowd(3, chance)
    losses = rounds(short=1, long=20)
    while_one_was_away = 0
    for _ in range(losses):
        gone = chance.choice(cluster.brokers)
        crowd.begin(service.url)
        wait_until(lambda: crowd.books.acknowledged, "the first events")
        time.sleep(chance.uniform(0.1, 1.0))
        gone.kill() if chance.random() < 0.7 else gone.stop()
        crowd.end()
        before = len(crowd.books.acknowledged)
        crowd.settle(service.url)  # two are enough to acknowledge
        crowd.begin(service.url)
        wait_until(lambda: len(crowd.books.acknowledged) > before, "events acknowledged by two of three")
        time.sleep(chance.uniform(0.1, 1.0))
        crowd.end()
        while_one_was_away += len(crowd.books.acknowledged) - before
        gone.start()
        crowd.settle(service.url)
        wait_until(lambda: service.get("/readyz").status == 200, "ready")
        crowd.books.check_histories(service)
        assert crowd.books.clean, crowd.books.figures
    report(brokers_lost=losses, accepted_by_two=while_one_was_away, **crowd.books.figures)
    status = service.status()
    assert status["history"]["lost_records"] == status["learner"]["lost_records"] == 0


def _created(cluster, topic):
    """Brokers register one after the other; until then there are too few for three replicas."""
    try:
        kafka_admin.create_topic(cluster, topic, partitions=3, replicas=3)
    except KafkaException:
        return False
    return True
