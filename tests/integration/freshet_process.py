# SPDX-License-Identifier: Apache-2.0
"""Starts and drives the real freshet binary the way an operator would: a process, a directory, curl."""

import json
import os
import pathlib
import re
import signal
import subprocess
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("FRESHET_BINARY", str(ROOT / "build/release/freshet"))


def wait_until(condition, what, seconds=120.0):
    """Polls until `condition()` is truthy and returns it; fails naming `what` after `seconds`, which are far more than it
    takes: tests wait for states, and do not depend on how fast or busy the machine is."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


def free_ports(count):
    answer = subprocess.run([ROOT / "scripts/free_ports.py", str(count)], capture_output=True, text=True, check=True)
    return [int(port) for port in answer.stdout.split()]


def run(*arguments, stdin=None, check=True, timeout=120, **environment):
    """One freshet command to its end."""
    result = subprocess.run([BINARY, *map(str, arguments)], input=stdin, capture_output=True, text=True,
                            timeout=timeout, env={**os.environ, **environment})
    if check and result.returncode != 0:
        raise AssertionError(f"{arguments}: exit {result.returncode}\n{result.stdout}\n{result.stderr}")
    return result


def new_key(file, name, scopes, rate="-", events=None):
    """A key, its line appended to `file`."""
    made = run("keys", "new", name, "--scope", scopes, "--rate", rate, *(["--events", events] if events else []))
    with open(file, "a") as lines:
        lines.write(made.stdout)
    return made.stderr.split()[-1]


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


def patient(toml):
    """The configuration, with lists that are not refused because the machine is busy, unless it says when they are."""
    if "shed_delay" in toml:
        return toml
    section = '[serve]\nshed_delay = "1m"\n'
    return toml.replace("[serve]\n", section, 1) if "[serve]\n" in toml else toml + "\n" + section


class Freshet:
    """A running service on a free port. `toml` is the text of its configuration file (patient()); `ca`: it speaks TLS,
    with a certificate of this authority; `under`: a command that starts it, such as prlimit; `environment`: variables of
    every start."""

    def __init__(self, directory, toml="", config=None, ca=None, under=(), environment={}):
        self.directory = pathlib.Path(directory)
        self.data = self.directory / "data"
        self.config = config
        if config is None:
            self.config = self.directory / "freshet.toml"
            self.config.write_text(patient(toml))
        self.log_path = self.directory / "freshet.log"
        self.process = None
        self.url = None
        self.key = None  # sent with every request
        self.ca = ca
        self.under = under
        self.environment = environment

    def launch(self, **environment):
        """Starts the process and waits for nothing. Returns where its part of the log begins."""
        with open(self.log_path, "ab") as log:
            start_of_run = log.tell()
            self.process = subprocess.Popen(
                [*self.under, BINARY, "serve", "-c", str(self.config), "--data", str(self.data), "--listen", "127.0.0.1:0"],
                stdout=log, stderr=log, cwd=self.directory, env={**os.environ, **self.environment, **environment})
        return start_of_run

    def start(self, ready=True, **environment):
        start_of_run = self.launch(**environment)
        self._listens_on(wait_until(lambda: self._port(start_of_run), "the port in the log"))
        if ready:
            wait_until(lambda: self.get("/readyz").status == 200, "/readyz")
        return self

    def start_or_die(self, **environment):
        """True once it is ready, False if it has exited."""
        start_of_run = self.launch(**environment)

        def outcome():
            if self.process.poll() is not None:
                return "dead"
            try:
                self._listens_on(self._port(start_of_run) or 0)
                return "ready" if self.get("/readyz").status == 200 else None
            except AssertionError:  # not listening: not yet, or no longer
                return None

        return wait_until(outcome, "ready or dead") == "ready"

    def _listens_on(self, port):
        self.port = port
        self.url = f"{'https' if self.ca else 'http'}://127.0.0.1:{port}"

    def _port(self, start_of_run):
        if self.process.poll() is not None:
            raise AssertionError(f"freshet exited with {self.process.returncode}:\n{self.log_path.read_text()}")
        for line in self.log_path.read_bytes()[start_of_run:].decode(errors="replace").splitlines():
            if "freshet is serving" not in line:
                continue
            if line.startswith("{"):
                return json.loads(line)["port"]
            return int(line.split("port=")[1].split()[0])
        return None

    def resident_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024

    def stop(self):
        """SIGTERM and a clean exit."""
        assert self.stop_or_die() == 0, self.log_path.read_text()

    def stop_or_die(self):
        """SIGTERM; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def close(self):
        if self.process and self.process.poll() is None:
            self.kill()

    def curl(self, path, method="GET", body=None, content_type="application/json", headers=()):
        command = ["curl", "-sS", "-i", "-X", method, self.url + path, "--max-time", "30", "-H", "Expect:"]
        if self.key:
            command += ["-H", f"Authorization: Bearer {self.key}"]
        if self.ca:
            command += ["--cacert", self.ca]
        for header in headers:
            command += ["-H", header]
        data = None
        if body is not None:
            data = body if isinstance(body, (str, bytes)) else json.dumps(body)
            data = data.encode() if isinstance(data, str) else data
            command += ["-H", f"Content-Type: {content_type}", "--data-binary", "@-"]
        result = subprocess.run(command, input=data, capture_output=True, timeout=40)
        assert result.returncode == 0, result.stderr.decode()
        head, _, text = result.stdout.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}
        return Answer(int(lines[0].split()[1]), headers, text.decode())

    def get(self, path, **options):
        return self.curl(path, **options)

    def post(self, path, body, **options):
        return self.curl(path, method="POST", body=body, **options)

    def send(self, *events):
        """Posts events and returns the token that covers them."""
        answer = self.post("/v1/events", list(events))
        assert answer.status == 202, answer.body
        assert answer.json["accepted"] == len(events), answer.body
        return answer.json["token"]

    def recommend(self, user, kind="users", **query):
        path = f"/v1/{kind}/{urllib.parse.quote(user, safe='')}/recommendations"
        if query:
            path += "?" + urllib.parse.urlencode(query)
        answer = self.get(path)
        assert answer.status == 200, answer.body
        return answer.json

    def items_for(self, user, **query):
        return [entry["item"] for entry in self.recommend(user, **query)["items"]]

    def status(self):
        return self.get("/v1/status").json

    def counts(self):
        """What the data directory contains, seen by `freshet inspect`."""
        return json.loads(run("inspect", self.data, "--counts", "--json").stdout)


def absent_metrics(service):
    """{metric: description} of docs/metrics.md that this service lacks. Those that it has must be described the same."""
    served = dict(re.findall(r"^# HELP (\S+) (.*)$", service.get("/metrics").body, re.MULTILINE))
    text = (ROOT / "docs/metrics.md").read_text()
    documented = dict(re.findall(r"^\| `(freshet_\w+)` .*\| (.*) \|$", text, re.MULTILINE))
    assert served.keys() - documented.keys() == set()
    # The document may say more than the service does, nothing else.
    assert [name for name in served if not documented[name].startswith(served[name])] == []
    return {name: documented[name] for name in documented.keys() - served.keys()}


class Broker:
    """A real Apache Kafka broker on a free port (scripts/kafka_broker.sh)."""

    SCRIPT = str(ROOT / "scripts/kafka_broker.sh")

    def __init__(self, directory, overrides=None):
        """`overrides`: a file of properties."""
        self.directory = str(directory)
        self.overrides = overrides

    def _script(self, verb, *arguments):
        return subprocess.run([self.SCRIPT, verb, self.directory, *arguments], check=True, capture_output=True,
                              text=True, timeout=120).stdout.strip()

    def start(self):
        self._script("start", *([str(self.overrides)] if self.overrides else []))
        self.url = self._script("url")
        return self

    def stop(self):
        self._script("stop")

    def kill(self):
        self._script("kill")

    def produce(self, topic, records, key=True):
        """Produces with kcat: an independent client. `records` are events (dictionaries) or raw strings."""
        lines = []
        for record in records:
            text = record if isinstance(record, str) else json.dumps(record)
            name = "" if isinstance(record, str) else record.get("user") or record.get("session") or ""
            lines.append(f"{name}\t{text}" if key else text)
        command = ["kcat", "-P", "-b", self.url, "-t", topic, "-X", "topic.metadata.refresh.interval.ms=200"]
        if key:
            command += ["-K", "\t"]
        subprocess.run(command, input="\n".join(lines), text=True, check=True, timeout=60)

    def consume(self, topic):
        """Everything in the topic so far, as (headers, value)."""
        command = ["kcat", "-C", "-b", self.url, "-t", topic, "-e", "-q", "-f", "%h\t%s\n"]
        result = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=60)
        return [tuple(line.split("\t")) for line in result.stdout.splitlines()]
