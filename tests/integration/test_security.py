# SPDX-License-Identifier: Apache-2.0
"""Who gets in, and what gets out: keys, TLS, reload, audit and logs of the real binary."""

import http.client
import json
import re
import signal
import ssl
import subprocess
import threading

import pytest

from freshet_process import absent_metrics, new_key, run, wait_until
from test_embedded import refused


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """A certificate authority of the test's own, and one server certificate of it that can be renewed."""

    def __init__(self, directory):
        self.directory = directory
        self.ca, self.key = directory / "ca.crt", directory / "server.key"
        self.certificate = directory / "server.crt"
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test authority", "-days", 1,
                "-keyout", directory / "ca.key", "-out", self.ca)
        self.renew(1)

    def renew(self, serial):
        """A new key and certificate, in place."""
        request, names = self.directory / "server.csr", self.directory / "names"
        names.write_text("subjectAltName=IP:127.0.0.1")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=freshet", "-keyout", self.key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.directory / "ca.key", "-days", 1,
                "-set_serial", serial, "-extfile", names, "-out", self.certificate)


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def secured(authority, keys):
    return (f'[serve]\nkeys_file = "{keys}"\n[serve.tls]\ncertificate = "{authority.certificate}"\n'
            f'key = "{authority.key}"\n')


def as_key(key):
    return {"headers": [f"X-API-Key: {key}"]}


def test_keys_open_what_they_are_for_over_tls(freshet, tmp_path, authority):
    keys = tmp_path / "keys"
    reader, writer = new_key(keys, "reader", "read"), new_key(keys, "writer", "write")
    hurried = new_key(keys, "hurried", "read", rate="0.1/2")
    service = freshet(secured(authority, keys), ca=authority.ca)
    assert service.get("/healthz").status == 200
    nobody = service.get("/v1/popular")
    assert nobody.status == 401
    assert nobody.headers["www-authenticate"].startswith("Bearer")
    assert nobody.json["status"] == 401
    assert service.get("/v1/popular", **as_key(reader)).status == 200
    assert service.get("/v1/popular", headers=[f"Authorization: Bearer {reader}"]).status == 200
    assert service.get("/v1/popular", **as_key(writer)).status == 403
    assert service.post("/v1/events", {"user": "u", "item": "a"}, **as_key(writer)).status == 202
    assert service.curl("/v1/users/u", method="DELETE", **as_key(reader)).status == 403
    assert [service.get("/v1/popular", **as_key(hurried)).status for _ in range(3)] == [200, 200, 429]
    late = service.get("/v1/popular", **as_key(hurried))
    assert 1 <= int(late.headers["retry-after"]) <= 10
    service.key = reader
    assert {name: what for name, what in absent_metrics(service).items() if what.startswith("TLS: ")} == {}

    stranger = subprocess.run(["curl", "-sS", service.url + "/healthz"], capture_output=True, text=True)
    assert stranger.returncode == 60, stranger.stderr  # not an authority that curl knows
    plain = subprocess.run(["curl", "-sS", f"http://127.0.0.1:{service.port}/healthz"], capture_output=True)
    assert plain.returncode != 0 and plain.stdout == b""


class Caller(threading.Thread):
    """Calls without a pause, over one connection and over new ones in turn, and keeps what went wrong."""

    def __init__(self, service, key):
        super().__init__()
        self.context = ssl.create_default_context(cafile=service.ca)
        self.port, self.key = service.port, key
        self.answered, self.failures, self.done = 0, [], threading.Event()

    def connect(self):
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context, timeout=30)

    def run(self):
        kept = self.connect()
        kept.connect()
        self.kept_socket = kept.sock
        while not self.done.is_set():
            for connection in (kept, self.connect()):
                try:
                    connection.request("GET", "/v1/popular?k=1", headers={"Authorization": f"Bearer {self.key}"})
                    answer = connection.getresponse()
                    answer.read()
                    if answer.status != 200 or (connection is kept and connection.sock is not self.kept_socket):
                        self.failures.append((answer.status, answer.reason))
                except Exception as error:  # whatever it is, it is a failure
                    self.failures.append(repr(error))
                if connection is not kept:
                    connection.close()
                self.answered += 1

    def stop(self):
        self.done.set()
        self.join()


def served_serial(service):
    certificate = ssl.get_server_certificate(("127.0.0.1", service.port))
    text = subprocess.run(["openssl", "x509", "-noout", "-serial"], input=certificate, text=True, check=True,
                          capture_output=True)
    return int(text.stdout.strip().split("=")[1], 16)


def test_a_recorded_stream_is_sent_over_tls_to_whom_it_is_meant_for(freshet, tmp_path, authority):
    keys, stream = tmp_path / "keys", tmp_path / "stream.tsv"
    key = new_key(keys, "producer", "write,admin")
    service = freshet(secured(authority, keys), ca=authority.ca)
    stream.write_text("".join(f"u{i % 5}\ti{i}\t{1_600_000_000 + i}\n" for i in range(50)))

    def replay(**environment):
        return run("replay", stream, "--to", "http", "--url", f"https://127.0.0.1:{service.port}", "--columns",
                   "user,item,time", "--patience", 1, check=False, FRESHET_API_KEY=key, **environment)

    stranger = replay()
    assert stranger.returncode != 0 and "certificate verify failed" in stranger.stderr, stranger.stderr
    sent = replay(SSL_CERT_FILE=str(authority.ca))
    assert sent.returncode == 0, sent.stderr
    wait_until(lambda: service.get("/v1/users/u0", **as_key(key)).json.get("count") == 10, "all events stored")


def test_health_on_the_same_machine_takes_any_certificate(freshet, tmp_path, authority):
    keys = tmp_path / "keys"
    new_key(keys, "reader", "read")
    service = freshet(secured(authority, keys), ca=authority.ca)
    assert run("health", "-c", service.config, FRESHET_SERVE_PORT=str(service.port)).stdout == "alive\n"
    stranger = run("health", "--url", service.url, check=False)
    assert stranger.returncode == 1 and "certificate verify failed" in stranger.stderr, stranger.stderr


def test_a_reload_changes_keys_and_certificate_and_no_request_fails(freshet, tmp_path, authority):
    keys = tmp_path / "keys"
    steady, leaving = new_key(keys, "steady", "read"), new_key(keys, "leaving", "read")
    service = freshet(secured(authority, keys), ca=authority.ca)

    def reloads(result):
        metrics = service.get("/metrics", **as_key(steady)).body
        return float(re.search(rf'freshet_serve_reloads_total{{result="{result}"}} (\S+)', metrics)[1])

    def reload(result):
        before = reloads(result)
        service.process.send_signal(signal.SIGHUP)
        wait_until(lambda: reloads(result) > before, f"a reload that is {result}")

    caller = Caller(service, steady)
    caller.start()
    try:
        for serial in range(2, 6):
            authority.renew(serial)
            reload("ok")
            assert served_serial(service) == serial

        good = keys.read_text()
        keys.write_text(good + "half a li")
        reload("failed")
        assert service.get("/v1/popular", **as_key(leaving)).status == 200
        assert f"{keys}: line 3" in service.log_path.read_text()

        keys.write_text("".join(line for line in good.splitlines(True) if not line.startswith("leaving")))
        joining = new_key(keys, "joining", "read")
        reload("ok")
        assert service.get("/v1/popular", **as_key(leaving)).status == 401
        assert service.get("/v1/popular", **as_key(joining)).status == 200

        authority.certificate.write_text("nonsense")
        reload("failed")
        assert served_serial(service) == 5
    finally:
        caller.stop()
    assert caller.failures == []
    assert caller.answered > 20
    service.stop()


def test_an_address_for_others_needs_keys(tmp_path):
    keys = tmp_path / "keys"
    new_key(keys, "reader", "read")
    config = tmp_path / "freshet.toml"
    config.write_text('[serve]\naddress = "0.0.0.0"\nport = 0\n')
    message = refused(tmp_path, "-c", config, "--data", tmp_path / "data")
    assert message.count("\n") == 1 and "freshet keys new" in message
    config.write_text(f'[serve]\naddress = "0.0.0.0"\nport = 0\nkeys_file = "{keys}"\n')
    assert "is valid" in run("config", "check", config).stdout
    config.write_text('[serve]\nkeys_file = "absent"\n[serve.tls]\ncertificate = "absent"\n')
    assert "serve.tls.key" in refused(tmp_path, "-c", config, "--data", tmp_path / "data")
    config.write_text('[serve]\nport = 0\n[serve.tls]\ncertificate = "absent.crt"\nkey = "absent.key"\n')
    checked = run("config", "check", config, check=False)
    assert (checked.returncode, checked.stdout) == (1, "")
    assert checked.stderr == "serve.tls.certificate: absent.crt cannot be used: No such file or directory\n"
    message = refused(tmp_path, "-c", config, "--data", tmp_path / "data")
    assert "serve.tls.certificate: absent.crt cannot be used: No such file or directory" in message


def test_replay_gives_its_key(freshet, tmp_path, monkeypatch):
    keys = tmp_path / "keys"
    writer = new_key(keys, "writer", "write")
    service = freshet(f'[serve]\nkeys_file = "{keys}"\n')
    stream = tmp_path / "stream.jsonl"
    stream.write_text('{"user":"u","item":"a","ts":1700000000000}\n')
    assert run("replay", stream, "--to", "http", "--url", service.url, check=False).returncode != 0
    monkeypatch.setenv("FRESHET_API_KEY", writer)
    run("replay", stream, "--to", "http", "--url", service.url)


def test_neither_logs_nor_metrics_name_people(freshet, tmp_path):
    keys, audit = tmp_path / "keys", tmp_path / "audit.log"
    everything = new_key(keys, "everything", "read,write,admin")
    service = freshet(f'[serve]\nkeys_file = "{keys}"\n[serve.audit]\nfile = "{audit}"\n'
                      '[logging]\nlevel = "debug"\nformat = "json"\n')
    service.key = everything
    token = service.send(*[{"user": f"alice-{n}", "session": f"carol-{n}", "item": "a"} for n in range(20)])
    service.recommend("alice-1", after=token)
    service.post("/v1/events", [{"user": "alice-2"}, {"user": "alice-3", "item": "a", "ts": "nonsense"}])
    for path in ("/v1/users/alice-4", "/v1/sessions/carol-4", "/v1/users/alice-5/recommendations?after=9-9-9",
                 "/v1/users/alice-6/nothing", "/alice-7", "/v1/users/alice-8/similar"):
        service.get(path, headers=["X-Request-Id: trace-17"])
    assert service.curl("/v1/users/alice-9", method="DELETE").status == 202
    assert service.curl("/v1/sessions/carol-9", method="DELETE").status == 202
    metrics = service.get("/metrics").body
    service.stop()

    log, audited = service.log_path.read_text(), audit.read_text()
    for text in (log, audited, metrics):
        assert "alice" not in text and "carol" not in text
        assert everything not in text
    requests = [line for line in map(json.loads, log.splitlines()) if line["message"] == "request"]
    export = next(line for line in requests if line["call"] == "GET /v1/users/{user}")
    assert (export["request"], export["key"], export["status"]) == ("trace-17", "everything", 200)
    calls = [json.loads(line) for line in audited.splitlines()]
    assert [(line["level"], line["key"], line["call"], line["status"]) for line in calls] == [
        ("audit", "everything", "GET /v1/users/{user}", 200),
        ("audit", "everything", "GET /v1/sessions/{session}", 200),
        ("audit", "everything", "DELETE /v1/users/{user}", 202),
        ("audit", "everything", "DELETE /v1/sessions/{session}", 202)]
    assert calls[0]["request"] == "trace-17"
    assert all(re.fullmatch("[0-9a-f]{16}", line["owner_hash"]) for line in calls)


def test_a_rotated_audit_file_is_opened_again(freshet, tmp_path):
    audit = tmp_path / "audit.log"
    service = freshet(f'[serve.audit]\nfile = "{audit}"\n')
    service.curl("/v1/items/mug", method="PUT", body={})
    audit.rename(tmp_path / "audit.log.1")
    service.process.send_signal(signal.SIGHUP)
    wait_until(audit.exists, "a new audit file")
    service.curl("/v1/items/mug", method="DELETE")
    assert "DELETE /v1/items/{item}" in audit.read_text()
    assert "PUT /v1/items/{item}" in (tmp_path / "audit.log.1").read_text()
