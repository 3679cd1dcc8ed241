# SPDX-License-Identifier: Apache-2.0
"""Offsets without a record, partitions that change hands, lost data directories: ready once all that can be read is read."""

import concurrent.futures
import json
import shutil
import subprocess
import time

import kafka_admin
import pytest
from freshet_process import Broker, wait_until
from test_kafka import click

MANY = 10_001  # more than a reader may be behind and be ready


def service_config(broker, topic):
    """Lists leave no records: all positions are those of what the tests write."""
    return kafka_admin.service_config(broker, topic) + "[served]\nshare = 0\n"


def clicks(count, first=0):
    return [click(number, f"u{number % 50}") for number in range(first, first + count)]


def settled(service):
    """Ready, at the end by all accounts, with nothing lost."""
    if service.get("/readyz").status != 200:
        return None
    status = service.status()
    history, learner = status["history"], status["learner"]
    metrics = service.get("/metrics").body.splitlines()
    done = (history["lag_events"] == learner["lag_events"] == 0 and history["positions"] == history["ends"]
            and learner["positions"] == learner["ends"] and "freshet_learner_lag_seconds 0" in metrics)
    return status if done else None


def wait_settled(service):
    status = wait_until(lambda: settled(service), "ready, and nothing left to read")
    assert status["history"]["lost_records"] == status["learner"]["lost_records"] == 0
    return status["history"]["positions"]


def assert_visible(service, positions):
    """A token that another instance, or this one in its former life, gave."""
    token = "_".join(f"{partition}-{offset}" for partition, offset in positions.items())
    answer = service.get(f"/v1/users/u1/recommendations?after={token}")
    assert answer.status == 200, answer.body


def emptied(freshet, broker, topic):
    kafka_admin.produce(broker, topic, clicks(MANY), partition=0)
    kafka_admin.delete_records(broker, topic, 0, before=MANY)
    return freshet(service_config(broker, topic), ready=False), {"0": MANY}, 0


def taken_over(freshet, broker, topic):
    kafka_admin.produce(broker, topic, clicks(MANY), partition=0)
    active = freshet(service_config(broker, topic), name="active")
    positions = wait_settled(active)
    standby = freshet(service_config(broker, topic), name="standby")
    assert standby.status()["history"]["positions"] == {}, "the group has given it no partition, and it is ready"
    active.stop()
    wait_until(lambda: standby.status()["history"]["ends"], "the partition at the standby")
    return standby, positions, MANY


def lost_directory(freshet, broker, topic):
    kafka_admin.produce(broker, topic, clicks(MANY), partition=0)
    service = freshet(service_config(broker, topic))
    positions = wait_settled(service)
    service.stop()
    shutil.rmtree(service.data)
    return service.start(ready=False), positions, MANY


def aborted(freshet, broker, topic):
    kafka_admin.transaction(broker, topic, clicks(MANY), commit=False)
    return freshet(service_config(broker, topic), ready=False), {"0": MANY + 1}, 0


def committed(freshet, broker, topic):
    kafka_admin.transaction(broker, topic, clicks(1), commit=True)
    return freshet(service_config(broker, topic), ready=False), {"0": 2}, 1


@pytest.mark.parametrize("case", [emptied, taken_over, lost_directory, aborted, committed])
def test_whoever_has_read_what_there_is_is_ready(freshet, broker, topic, case):
    kafka_admin.create_topic(broker, topic, partitions=1)
    service, positions, events = case(freshet, broker, topic)
    assert wait_settled(service) == positions
    assert_visible(service, positions)
    service.stop()
    assert service.counts()["events"] == events
    service.start(ready=False)
    assert wait_settled(service) == positions


def test_a_transaction_after_the_start_is_passed_too(freshet, broker, topic):
    kafka_admin.create_topic(broker, topic, partitions=1)
    service = freshet(service_config(broker, topic))
    kafka_admin.transaction(broker, topic, clicks(3), commit=True)
    kafka_admin.transaction(broker, topic, clicks(3), commit=False)
    wait_until(lambda: service.status()["history"]["positions"] == {"0": 8}, "both transactions and their markers")
    assert wait_settled(service) == {"0": 8}


def test_an_instance_without_partitions_is_not_ready_while_the_group_owes_it_some(freshet, tmp_path, topic):
    broker = Broker(tmp_path / "kafka").start()
    try:
        kafka_admin.create_topic(broker, topic, partitions=1)
        service = freshet(service_config(broker, topic))
        broker.kill()
        wait_until(lambda: "partitions revoked" in service.log_path.read_text(), "the session has expired")
        reasons = service.get("/readyz").json["components"]
        assert "to assign partitions" in reasons["history_writer"]["reason"]
        broker.start()
        wait_until(lambda: service.get("/readyz").status == 200, "ready again")
        assert service.status()["history"]["ends"] == {"0": 0}
        token = service.send(click(1))
        assert service.items_for("u", after=token) is not None
    finally:
        broker.kill()


def test_a_topic_made_anew_is_a_new_log(freshet, broker, topic):
    kafka_admin.create_topic(broker, topic, partitions=1)
    kafka_admin.produce(broker, topic, clicks(300), partition=0)
    service = freshet(service_config(broker, topic))
    wait_settled(service)
    kafka_admin.delete_topic(broker, topic)
    wait_until(lambda: topic in service.get("/readyz").json["components"]["event_log"].get("reason", ""), "it is gone")
    kafka_admin.create_topic(broker, topic, partitions=1)
    for reader in ("history", "learner"):
        wait_until(lambda: service.status()[reader]["positions"] == {"0": 0}, f"{reader} at the new beginning, still empty")
    for number in range(3):
        token = service.send(click(number, "reader"))
        assert token == f"0-{number + 1}"
        assert service.get(f"/v1/users/reader/recommendations?after={token}").status == 200
        assert service.get("/v1/users/reader").json["count"] == number + 1, "read your writes"
    for _ in range(2):
        wait_settled(service)
        service.stop()
        assert kafka_admin.committed(broker, topic, f"{topic}-learner") <= 3
        service.start()
        assert service.status()["learner"]["events_learned"] == 303, "learned once"
    assert kafka_admin.committed(broker, topic, topic) == 3


def lag_series(service):
    return [line.split()[0] for line in service.get("/metrics").body.splitlines()
            if line.startswith("freshet_ingest_lag_events{")]


def test_a_topic_made_anew_with_fewer_partitions_leaves_no_lag_of_the_others(freshet, broker, topic):
    kafka_admin.create_topic(broker, topic, partitions=3)
    for partition in range(3):
        kafka_admin.produce(broker, topic, clicks(30), partition)
    service = freshet(service_config(broker, topic))
    wait_settled(service)
    wait_until(lambda: len(lag_series(service)) == 3, "the lag of three partitions")
    kafka_admin.delete_topic(broker, topic)
    wait_until(lambda: topic in service.get("/readyz").json["components"]["event_log"].get("reason", ""), "it is gone")
    kafka_admin.create_topic(broker, topic, partitions=1)
    wait_until(lambda: lag_series(service) == ['freshet_ingest_lag_events{partition="0"}'], "the lag of one")


def test_a_stop_while_the_topic_is_gone_ends_soon_and_loses_nothing(freshet, tmp_path, topic):
    (tmp_path / "overrides").write_text("auto.create.topics.enable=false\n")
    broker = Broker(tmp_path / "kafka", tmp_path / "overrides").start()
    try:
        kafka_admin.create_topic(broker, topic, partitions=2)
        for partition in range(2):
            kafka_admin.produce(broker, topic, clicks(150, first=150 * partition), partition)
        service = freshet(service_config(broker, topic))
        wait_settled(service)
        kafka_admin.delete_topic(broker, topic)
        wait_until(lambda: topic in service.get("/readyz").json["components"]["event_log"].get("reason", ""), "it is gone")
        with concurrent.futures.ThreadPoolExecutor() as pool:
            unwritten = [pool.submit(subprocess.run, ["curl", "-s", service.url + "/v1/events", "--json", json.dumps(event)],
                                     capture_output=True, text=True) for event in clicks(3)]
            time.sleep(1)
            assert service.stop_or_die() == 0, "it ended by itself"
            assert not any("token" in answer.result().stdout for answer in unwritten), "acknowledged, and in no topic"
        log = service.log_path.read_text()
        assert f'kafka: topic \\"{topic}\\": Broker: Unknown topic or partition' in log and "stopped" in log, log
        assert service.counts()["events"] == 300
        kafka_admin.create_topic(broker, topic, partitions=2)
        service.start(ready=False)
        assert service.get("/v1/users/u1").json["count"] == 6, "what was read of the topic before"
        wait_until(lambda: service.get("/readyz").status == 200, "ready")
    finally:
        broker.kill()
