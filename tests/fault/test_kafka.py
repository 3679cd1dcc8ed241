# SPDX-License-Identifier: Apache-2.0
"""A Kafka that deletes, grows, aborts and goes away, with services that are killed while they share a group."""

import random
import time

import kafka_admin
from clients import Crowd, connect, history
from freshet_process import Broker, wait_until


def click(number, user="u"):
    return {"id": f"{user}-{number}", "user": user, "item": f"i{number % 7}", "ts": 1_700_000_000_000}


def ids(service, user="u"):
    connection = connect(service.url)
    found = history(connection, user)
    connection.close()
    return found


def wait_for(service, expected, user="u"):
    """Both readers: the history is exactly this, and everything in it has been learned."""
    wait_until(lambda: ids(service, user) == [event["id"] for event in expected], f"{len(expected)} events in the history")
    wait_until(lambda: service.status()["learner"]["positions"] == service.status()["history"]["positions"], "learned")


def test_what_a_transaction_aborted_is_never_read(freshet, broker, topic):
    kafka_admin.create_topic(broker, topic, partitions=1)
    service = freshet(kafka_admin.service_config(broker, topic))
    events = [click(number) for number in range(30)]
    kafka_admin.transaction(broker, topic, events[:10], commit=True)
    kafka_admin.transaction(broker, topic, events[10:20], commit=False)
    kafka_admin.transaction(broker, topic, events[20:], commit=True)
    wait_for(service, events[:10] + events[20:])
    status = service.status()
    assert status["learner"]["events_learned"] == 20
    assert status["history"]["lost_records"] == status["learner"]["lost_records"] == 0, "an aborted record is no loss"


def test_partitions_that_are_added_are_read_from_their_beginning(freshet, broker, topic, report):
    kafka_admin.create_topic(broker, topic, partitions=1)
    service = freshet(kafka_admin.service_config(broker, topic))
    kafka_admin.produce(broker, topic, [click(number) for number in range(10)], partition=0)
    wait_for(service, [click(number) for number in range(10)])
    kafka_admin.add_partitions(broker, topic, 3)
    start = time.monotonic()
    for partition in (1, 2):
        kafka_admin.produce(broker, topic, [click(number, f"new{partition}") for number in range(10)], partition)
    for partition in (1, 2):
        wait_for(service, [click(number, f"new{partition}") for number in range(10)], f"new{partition}")
    report(seconds_until_read=round(time.monotonic() - start, 1))
    assert service.status()["history"]["positions"] == {"0": 10, "1": 10, "2": 10}


def test_records_that_retention_deleted_unread_are_passed_and_counted(freshet, broker, topic):
    kafka_admin.create_topic(broker, topic, partitions=1)
    service = freshet(kafka_admin.service_config(broker, topic))
    events = [click(number) for number in range(60)]
    kafka_admin.produce(broker, topic, events[:20], partition=0)
    wait_for(service, events[:20])
    service.stop()
    kafka_admin.produce(broker, topic, events[20:], partition=0)
    kafka_admin.delete_records(broker, topic, 0, before=50)
    service.start()
    wait_for(service, events[:20] + events[50:])

    def lost():
        status = service.status()
        return status["history"]["lost_records"], status["learner"]["lost_records"]

    wait_until(lambda: lost() == (30, 30), f"the loss in /v1/status: {lost()}")
    metrics = service.get("/metrics").body
    assert 'freshet_ingest_out_of_range_total{reader="history"} 30' in metrics
    assert 'freshet_ingest_out_of_range_total{reader="learner"} 30' in metrics
    assert "increase the retention of the topic" in service.log_path.read_text()


def test_a_broker_that_is_killed_under_load(freshet, tmp_path, topic, rounds, seed, report):
    chance = random.Random(seed)
    broker = Broker(tmp_path / "kafka").start()
    try:
        kafka_admin.create_topic(broker, topic, partitions=3)
        service = freshet(kafka_admin.service_config(broker, topic) + "[serve]\nevents_timeout = \"2s\"\n")
        crowd = Crowd(3, chance)
        kills = rounds(short=1, long=10)
        for _ in range(kills):
            crowd.begin(service.url)
            wait_until(lambda: crowd.books.acknowledged, "the first events")
            time.sleep(chance.uniform(0.1, 1.0))
            broker.kill()
            wait_until(lambda: service.get("/readyz").status == 503, "not ready without the broker")
            assert service.get("/v1/popular").status == 200
            crowd.end()
            broker.start()
            crowd.settle(service.url)
            wait_until(lambda: service.get("/readyz").status == 200, "ready again")
            crowd.books.check_histories(service, crowd.newest_users())
            assert crowd.books.clean, crowd.books.figures
        report(broker_kills=kills, refused=sum(client.refused for client in crowd.clients), **crowd.books.figures)
    finally:
        broker.kill()


def test_two_instances_of_a_group_of_which_one_is_killed(freshet, broker, topic, rounds, seed, report):
    """Partitions go back and forth. Together the instances hold every event; each holds none twice, and in order."""
    chance = random.Random(seed)
    kafka_admin.create_topic(broker, topic, partitions=4)
    instances = [freshet(kafka_admin.service_config(broker, topic), name=name) for name in ("a", "b")]
    crowd = Crowd(3, chance)
    kills = rounds(short=1, long=20)
    for _ in range(kills):
        chance.shuffle(instances)
        stays, goes = instances
        crowd.begin(stays.url)
        time.sleep(chance.uniform(0.1, 1.0))
        goes.kill() if chance.random() < 0.7 else goes.stop()
        time.sleep(chance.uniform(0.1, 1.0))
        goes.start(ready=False)
        time.sleep(chance.uniform(0, 8))
        crowd.end()
        crowd.settle(stays.url)
    books = crowd.books

    def written():
        return [service.status()["history"]["positions"] for service in instances]

    wait_until(lambda: all(max(each.get(partition, 0) for each in written()) >= end
                           for partition, end in books.ends.items()), "everything written by one or the other")
    missing = 0
    connections = [connect(service.url) for service in instances]
    for user, sent in books.sent.items():
        held = [history(connection, user) for connection in connections]
        for found in held:
            books.doubled += len(found) - len(set(found))
            books.misordered += found != [id for id in sent if id in set(found)]
        missing += len({id for id in sent if id in books.acknowledged} - set(held[0]) - set(held[1]))
    books.lost = missing
    report(kills_and_stops=kills, **books.figures)
    assert books.clean, books.figures
