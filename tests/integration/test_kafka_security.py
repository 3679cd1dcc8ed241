# SPDX-License-Identifier: Apache-2.0
"""Brokers that ask who is there: SASL and TLS listeners of a real broker, and clients that get it wrong."""

import subprocess

import pytest
from confluent_kafka.admin import AdminClient, NewTopic, ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion

from freshet_process import Broker, free_ports, run, wait_until

PASSWORD = "correct horse battery"
MODULE = "org.apache.kafka.common.security"


def openssl(directory, *arguments):
    subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)


def make_certificates(directory):
    """An authority, and a broker's key and certificate of it in the one file that Kafka wants."""
    openssl(directory, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test-ca", "-keyout",
            "ca.key", "-out", "ca.pem")
    openssl(directory, "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "broker.key", "-out",
            "broker.csr")
    (directory / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl(directory, "x509", "-req", "-in", "broker.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", "names", "-out", "broker.pem")
    openssl(directory, "pkcs8", "-topk8", "-nocrypt", "-in", "broker.key", "-out", "broker.pk8")
    (directory / "keystore.pem").write_text((directory / "broker.pk8").read_text() + (directory / "broker.pem").read_text())


@pytest.fixture(scope="module")
def secured(tmp_path_factory):
    """A broker with a listener for each way in; `ports` says where."""
    directory = tmp_path_factory.mktemp("secured")
    make_certificates(directory)
    ways = ["SASL_PLAINTEXT", "SSL", "SASL_SSL"]
    ports = dict(zip(ways, free_ports(len(ways))))
    everywhere = ",".join(["PLAINTEXT://127.0.0.1:@PORT@", *(f"{way}://127.0.0.1:{ports[way]}" for way in ways)])
    lines = [f"listeners={everywhere},CONTROLLER://127.0.0.1:@CONTROLLER@", f"advertised.listeners={everywhere}",
             "listener.security.protocol.map=CONTROLLER:PLAINTEXT," + ",".join(f"{way}:{way}" for way in ["PLAINTEXT", *ways]),
             "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512", "ssl.keystore.type=PEM", "ssl.truststore.type=PEM",
             f"ssl.keystore.location={directory}/keystore.pem", f"ssl.truststore.location={directory}/ca.pem",
             "ssl.client.auth=none"]
    for way in ("sasl_plaintext", "sasl_ssl"):
        lines += [f'listener.name.{way}.plain.sasl.jaas.config={MODULE}.plain.PlainLoginModule required '
                  f'user_freshet="{PASSWORD}";',
                  f"listener.name.{way}.scram-sha-512.sasl.jaas.config={MODULE}.scram.ScramLoginModule required;"]
    (directory / "overrides.properties").write_text("\n".join(lines) + "\n")
    broker = Broker(directory / "broker", directory / "overrides.properties").start()
    broker.ports, broker.ca = ports, directory / "ca.pem"
    user = UserScramCredentialUpsertion("freshet", ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096),
                                        PASSWORD.encode())
    broker.admin = AdminClient({"bootstrap.servers": broker.url})
    for future in broker.admin.alter_user_scram_credentials([user]).values():
        future.result(timeout=30)
    yield broker
    broker.stop()


def config(broker, topic, way, mechanism=None, ca=True):
    properties = {"security.protocol": way}
    if ca and way.endswith("SSL"):
        properties["ssl.ca.location"] = broker.ca
    if mechanism:
        properties |= {"sasl.mechanisms": mechanism, "sasl.username": "freshet", "sasl.password": "$env:KAFKA_PASSWORD"}
    return (f'[log]\nkind = "kafka"\n[kafka]\nbrokers = "127.0.0.1:{broker.ports[way]}"\ntopic = "{topic}"\n'
            f'group = "{topic}"\ndead_letter_topic = "{topic}-dead"\n[kafka.properties]\n'
            + "".join(f'"{name}" = "{value}"\n' for name, value in properties.items()))


WAYS = [("SASL_PLAINTEXT", "PLAIN"), ("SSL", None), ("SASL_SSL", "SCRAM-SHA-512")]


@pytest.mark.parametrize(("way", "mechanism"), WAYS, ids=lambda value: value or "none")
def test_every_way_in_writes_and_reads(freshet, secured, topic, way, mechanism, monkeypatch):
    monkeypatch.setenv("KAFKA_PASSWORD", PASSWORD)
    secured.admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(timeout=30)
    service = freshet(config(secured, topic, way, mechanism))
    service.send(*({"user": "u", "item": f"i{number}"} for number in range(5)))
    wait_until(lambda: '"count":5' in service.get("/v1/users/u").body, "the events in the history")
    assert PASSWORD not in service.log_path.read_text() + service.get("/v1/status").body
    assert PASSWORD not in run("config", "print", "-c", service.config).stdout


@pytest.mark.parametrize(("way", "mechanism", "password", "ca", "reason"), [
    ("SASL_PLAINTEXT", "PLAIN", "wrong", True, "Authentication failed"),
    ("SASL_SSL", "SCRAM-SHA-512", "wrong", True, "Authentication failed"),
    ("SSL", None, "", False, "certificate"),
], ids=["wrong-password", "wrong-scram-password", "unknown-authority"])
def test_who_is_not_let_in_says_why_and_serves_what_it_has(freshet, secured, topic, way, mechanism, password, ca, reason,
                                                          monkeypatch):
    monkeypatch.setenv("KAFKA_PASSWORD", password)
    service = freshet(config(secured, topic, way, mechanism, ca), ready=False)
    wait_until(lambda: reason in service.get("/readyz").body, f"{reason!r} in /readyz: {service.get('/readyz').body}")
    assert service.get("/readyz").status == 503
    assert service.get("/v1/popular").status == 200
    refused = service.post("/v1/events", [{"user": "u", "item": "i"}])
    assert refused.status == 503 and refused.headers["retry-after"], refused.body
