# SPDX-License-Identifier: Apache-2.0
"""The service on a real Apache Kafka broker: clicks by kcat, answers by curl."""

import json
import subprocess

from confluent_kafka.admin import AdminClient, NewTopic

from freshet_process import Broker, ROOT, absent_metrics, run, wait_until
from test_embedded import shop_sessions, wait_learned


def kafka_config(broker, topic, **more):
    lines = [f'[log]\nkind = "kafka"\n[kafka]\nbrokers = "{broker.url}"\ntopic = "{topic}"\ngroup = "{topic}"',
             f'dead_letter_topic = "{topic}-dead"', f'state_topic = "{topic}-state"',
             *(f"{key} = {value}" for key, value in more.items())]
    return "\n".join(lines) + "\n"


def history_count(service, kind, owner):
    answer = service.get(f"/v1/{kind}/{owner}")
    return answer.json["count"] if answer.status == 200 else 0


def test_a_click_in_kafka_changes_the_next_answer(freshet, broker, topic):
    broker.produce(topic, shop_sessions(50))
    service = freshet(kafka_config(broker, topic))
    wait_learned(service, 150)

    broker.produce(topic, [{"user": "u", "item": "a", "ts": 1_700_000_600_000}])
    wait_until(lambda: history_count(service, "users", "u") == 1, "the click in the history")
    assert service.items_for("u")[0] == "b"

    broker.produce(topic, [{"user": "u", "item": "b", "ts": 1_700_000_601_000}])
    wait_until(lambda: history_count(service, "users", "u") == 2, "the second click in the history")
    assert service.items_for("u")[0] == "c"


def test_events_posted_over_http_go_through_kafka_and_read_your_writes_holds(freshet, broker, topic):
    broker.produce(topic, shop_sessions(50))
    service = freshet(kafka_config(broker, topic))
    wait_learned(service, 150)
    for click, expected in (("a", "b"), ("b", "c")):
        token = service.send({"user": "u", "item": click})
        assert service.items_for("u", after=token)[0] == expected
    assert {name: what for name, what in absent_metrics(service).items() if what.startswith("Kafka: ")} == {}


def test_a_click_without_consent_counts_by_kafka_and_by_http_and_is_stored_by_neither(freshet, broker, topic):
    broker.produce(topic, shop_sessions(50))
    service = freshet(kafka_config(broker, topic))
    wait_learned(service, 150)
    broker.produce(topic, [{"user": "u", "item": "a", "ts": 1_700_000_600_000, "consent": False}])
    wait_until(lambda: service.recommend("u")["source"] == "blend", "the click in memory")
    assert service.items_for("u")[0] == "b"
    token = service.send({"user": "someone", "item": "a", "ts": 1_700_000_600_000, "consent": False})
    assert service.items_for("someone", after=token)[0] == "b"
    assert history_count(service, "users", "u") == history_count(service, "users", "someone") == 0
    assert not [value for _, value in broker.consume(topic) if "someone" in value]
    wait_until(lambda: service.status()["learner"]["lag_events"] == 0, "the learner past it")
    assert service.status()["history"]["lag_events"] == 0
    service.stop()
    assert service.counts()["events"] == 150


def test_a_replayed_stream_arrives_completely_also_over_a_crash(freshet, broker, topic, tmp_path):
    stream = tmp_path / "stream.tsv"
    run("generate", "--events", 30_000, "--users", 800, "--items", 300, "--seed", 3, "--format", "tsv", "-o", stream)
    broker.produce(topic, [])
    service = freshet(kafka_config(broker, topic), ready=False)
    report = json.loads(run("replay", stream, "--to", "kafka", "--brokers", broker.url, "--topic", topic,
                            "--json").stdout)
    assert report["acknowledged"] == report["sent"] == 30_000
    wait_until(lambda: service.status()["history"]["positions"], "the first batch")
    service.kill()
    service.start()
    wait_until(lambda: service.status()["history"]["lag_events"] == 0, "the histories at the end of the log")
    wait_learned(service, 30_000)
    assert service.status()["learner"]["events_learned"] == 30_000
    service.stop()
    assert service.counts()["events"] == 30_000


def test_poison_records_go_to_the_dead_letter_topic(freshet, broker, topic):
    broker.produce(topic, ["{broken", '{"user":"u"}'], key=False)
    service = freshet(kafka_config(broker, topic))
    broker.produce(topic, [{"user": "u", "item": "a"}])
    wait_until(lambda: history_count(service, "users", "u") == 1, "the good record behind the bad ones")
    wait_until(lambda: len(broker.consume(f"{topic}-dead")) == 2, "two dead letters")
    letters = {value: headers for headers, value in broker.consume(f"{topic}-dead")}
    assert "not valid JSON" in letters["{broken"]
    assert "item: missing" in letters['{"user":"u"}']


def test_poison_records_stop_nothing_if_there_is_no_topic_for_them(freshet, topic, tmp_path):
    (tmp_path / "strict").write_text("auto.create.topics.enable=false\n")
    broker = Broker(tmp_path / "strict-kafka", tmp_path / "strict").start()
    try:
        admin = AdminClient({"bootstrap.servers": broker.url})  # must live until the topic is there
        admin.create_topics([NewTopic(topic, 1)])[topic].result(timeout=30)
        broker.produce(topic, ["{broken", '{"user":"u"}'], key=False)
        service = freshet(kafka_config(broker, topic))

        def warning():
            answer = service.get("/readyz")
            assert answer.status == 200
            return answer.json["components"]["history_writer"].get("warning", "")

        assert f'topic "{topic}-dead"' in wait_until(warning, "the warning")
        subprocess.run(["kcat", "-P", "-b", broker.url, "-t", topic], input=b"\xff\x9b", check=True, timeout=60)
        broker.produce(topic, [{"user": "u", "item": "a"}, '{"user":"u"}'])
        wait_until(lambda: history_count(service, "users", "u") == 1, "the good record behind the bad ones")
        wait_until(lambda: 'dead_letters_total{place="store"} 4' in service.get("/metrics").body, "four dead letters")
        assert service.get("/readyz").status == 200
        letters = json.loads(run("inspect", service.data, "--dead-letters", "--json").stdout)["dead_letters"]
        assert [letter["value"] for letter in letters if "not valid JSON" in letter["reason"]] == ["{broken"]
        assert [letter["value_hex"] for letter in letters if letter["reason"] == "not valid UTF-8"] == ["ff9b"]
        assert "keeping dead letters in the data directory" in service.log_path.read_text()
        assert "\nfreshet_ingest_dead_letter_topic_in_trouble 1\n" in service.get("/metrics").body

        small = NewTopic(f"{topic}-dead", 1, config={"max.message.bytes": "1000"})
        admin.create_topics([small])[f"{topic}-dead"].result(timeout=30)
        wait_until(lambda: not warning(), "the topic is seen")
        broker.produce(topic, ["x" * 5_000, {"user": "u", "item": "b"}])
        wait_until(lambda: history_count(service, "users", "u") == 2, "the good record behind the large one")
        broker.produce(topic, ["{small"])

        def letters_in_topic():  # there may be earlier ones, which have waited in the producer
            return [value for _, value in broker.consume(f"{topic}-dead")]

        wait_until(lambda: letters_in_topic().count("{small") == 1, "a dead letter that fits, once")
        assert not any(value.startswith("xxx") for value in letters_in_topic())
        assert not warning()
    finally:
        broker.kill()


def test_a_broker_that_comes_late_is_waited_for(freshet, topic, tmp_path):
    broker = Broker(tmp_path / "late-kafka").start()
    try:
        broker.produce(topic, shop_sessions(20))
        broker.stop()
        service = freshet(kafka_config(broker, topic), ready=False)
        unready = service.get("/readyz")
        assert unready.status == 503
        assert "kafka" in unready.body
        assert service.recommend("u")["items"] == []
        broker.start()
        wait_until(lambda: service.get("/readyz").status == 200, "ready once the broker is there")
        wait_learned(service, 60)

        broker.kill()
        wait_until(lambda: service.get("/readyz").status == 503, "not ready without the broker")
        assert service.items_for("s0", kind="sessions") is not None
        broker.start()
        wait_until(lambda: service.get("/readyz").status == 200, "ready again")
        token = service.send({"user": "u", "item": "a"})
        assert service.items_for("u", after=token)
    finally:
        broker.kill()


def test_a_topic_that_does_not_exist_yet_is_waited_for(freshet, broker, topic):
    service = freshet(kafka_config(broker, topic), ready=False)
    wait_until(lambda: topic in service.get("/readyz").body, "/readyz names the topic")
    broker.produce(topic, [{"user": "u", "item": "a"}])
    wait_until(lambda: history_count(service, "users", "u") == 1, "the click in the history")
    wait_until(lambda: service.get("/readyz").status == 200, "ready")


def test_a_stop_does_not_wait_for_a_broker_that_is_away(freshet):
    service = freshet('[log]\nkind = "kafka"\n[kafka]\nbrokers = "127.0.0.1:1"\n'
                      '[serve]\ndrain_timeout = "0s"\nevents_timeout = "10m"\nafter_timeout = "10m"\n', ready=False)
    waiting = [subprocess.Popen(["curl", "-s", *arguments], stdout=subprocess.PIPE) for arguments in (
        [service.url + "/v1/events", "--json", '{"user":"u","item":"a"}'],
        [service.url + "/v1/users/u/recommendations?after=0-1"])]
    wait_until(lambda: f"\nfreshet_serve_connections {len(waiting) + 1}\n" in service.get("/metrics").body,
               "the requests are waiting")
    refused = service.curl("/v1/users/u", method="DELETE")
    assert refused.status == 503 and refused.json["detail"].startswith("kafka: "), "where to is not known"
    service.stop()
    assert [curl.communicate(timeout=30)[0] for curl in waiting] == [b"", b""]


def test_the_kafka_example_configuration_starts(freshet, broker, topic, tmp_path):
    text = (ROOT / "configs/kafka.toml").read_text()
    service = freshet("\n".join(
        f'brokers = "{broker.url}"' if line.startswith("brokers") else
        f'topic = "{topic}"' if line.startswith("topic") else line
        for line in text.splitlines()), ready=False)
    broker.produce(topic, [{"user": "u", "item": "a"}])
    wait_until(lambda: history_count(service, "users", "u") == 1, "the click in the history")
