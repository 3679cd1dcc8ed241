# SPDX-License-Identifier: Apache-2.0
"""A running freshet for benchmarks: starts it, sends events, requests lists, and reads the cost."""

import contextlib
import http.client
import json
import os
import pathlib
import resource
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
FRESHET = ROOT / "build/release/freshet"
LOAD = ROOT / "build/release/bench/freshet_load"

DISTURBED = 0.05  # share of the cores' time used by other programs above which a measurement is repeated

# Kind of work by name of the thread; all others are "other".
THREADS = {"freshet-io": "http", "freshet-disk": "http", "freshet-bodies": "http", "freshet-journal": "http",
           "freshet-writer": "writer", "freshet-learner": "learner", "freshet-train": "learner", "rocksdb": "compaction"}


def figure(key, label, value, unit, digits=3):
    """Prints the figure; returns its entry in the JSON file that compare.py and plot.py read."""
    value = float(f"{value:.{digits}g}") if isinstance(value, float) else value
    print(f"{label:<44} {value:>12,.10g} {unit}", flush=True)
    return {"key": key, "label": label, "unit": unit, "value": value}


def machine_cpu():
    """Seconds of CPU time of all cores so far: busy (also for other machines on the host), and total."""
    *at_work, = [int(field) / os.sysconf("SC_CLK_TCK") for field in pathlib.Path("/proc/stat").read_text().split()[1:9]]
    return sum(at_work) - at_work[3] - at_work[4], sum(at_work)


def generate(file, **options):
    """Generates the stream of a synthetic shop, as TSV: user, item, time, type."""
    words = [f"--{name}={value}" for name, value in options.items()]
    subprocess.run([FRESHET, "generate", "--format=tsv", f"--output={file}", *words], check=True, stderr=subprocess.DEVNULL)


class Service:
    """The service with process id `pid` on a port of this machine."""

    def __init__(self, port, pid=None):
        self.port, self.pid, self.process, self.feeder = port, pid, None, None

    def start(self, directory, config="", ready="/readyz"):
        """Starts it on directory/data; returns the seconds until GET `ready` answers 200."""
        directory = pathlib.Path(directory)
        (directory / "bench.toml").write_text(config)
        begin = time.monotonic()
        with open(directory / "service.log", "ab") as log:
            self.process = subprocess.Popen([FRESHET, "serve", "-c", "bench.toml", "--listen", f"127.0.0.1:{self.port}"],
                                            cwd=directory, stdout=log, stderr=log)
        self.pid = self.process.pid
        while self.process.poll() is None:
            with contextlib.suppress(OSError):
                if self._get(ready).status == 200:
                    return time.monotonic() - begin
            time.sleep(0.01)
        raise RuntimeError(f"freshet does not start: {(directory / 'service.log').read_text()[-1000:]}")

    def stop(self):
        """Stops it cleanly, with a checkpoint."""
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait() != 0:
            raise RuntimeError("freshet did not stop cleanly")

    def _get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.body = answer.read()
        return answer

    def status(self):
        return json.loads(self._get("/v1/status").body)

    def lag(self):
        """Number of events that the histories and the learner have not read yet."""
        status = self.status()
        return status["history"]["lag_events"], status["learner"]["lag_events"]

    def cpu(self):
        """Seconds of CPU time so far, by kind of work."""
        seconds = dict.fromkeys([*THREADS.values(), "other"], 0.0)
        for task in pathlib.Path(f"/proc/{self.pid}/task").iterdir():
            with contextlib.suppress(OSError):  # the thread has just ended
                name = (task / "comm").read_text()
                kind = next((kind for prefix, kind in THREADS.items() if name.startswith(prefix)), "other")
                seconds[kind] += int((task / "schedstat").read_text().split()[0]) / 1e9
        return seconds

    def _replay(self, file, columns, *options):
        return [FRESHET, "replay", file, f"--columns={columns}", "--no-ids", "--to=http",
                f"--url=http://127.0.0.1:{self.port}", "--json", *options]

    def send(self, file, columns="user,item,time,type"):
        """Sends all events of a stream as fast as they are acknowledged; returns their number."""
        answer = subprocess.run(self._replay(file, columns), check=True, capture_output=True, text=True)
        return json.loads(answer.stdout)["acknowledged"]

    @contextlib.contextmanager
    def fed(self, file, per_second, columns="user,item,time,type"):
        """Sends `per_second` events per second while the block runs."""
        self.feeder = subprocess.Popen(self._replay(file, columns, f"--speed={per_second}/s"), stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
        time.sleep(1)
        try:
            yield
            if self.feeder.poll() is not None:
                raise RuntimeError(f"{file} ended before the measurement, or the service did not accept it")
        finally:
            self.feeder.kill()
            self.feeder.wait()
            self.feeder = None

    def _ours(self):
        """Seconds of CPU time of the service and of the load generators."""
        load = resource.getrusage(resource.RUSAGE_CHILDREN)
        feeder = pathlib.Path(f"/proc/{self.feeder.pid}/stat").read_text().split()[13:15] if self.feeder else (0, 0)
        return sum(self.cpu().values()) + load.ru_utime + load.ru_stime + sum(map(int, feeder)) / os.sysconf("SC_CLK_TCK")

    def lists(self, targets, seconds, rate=0):
        """Figures of freshet_load over 16 connections; rate 0: as many lists as the service answers. Adds "cpu_us", the
        CPU time per list of the threads that answer, and "elsewhere", the share of the cores' time used by other programs.
        If that is above DISTURBED, tries up to three times and returns the least disturbed try."""
        tries = []
        while not tries or (tries[-1]["elsewhere"] > DISTURBED and len(tries) < 3):
            answering, ours, (at_work, had) = self.cpu()["http"], self._ours(), machine_cpu()
            figures = self.load(targets, seconds, rate)
            figures["cpu_us"] = 1e6 * (self.cpu()["http"] - answering) / (figures["answered_per_second"] * seconds)
            at_work_now, had_now = machine_cpu()
            figures["elsewhere"] = max(0.0, (at_work_now - at_work - (self._ours() - ours)) / (had_now - had))
            tries.append(figures)
        return min(tries, key=lambda each: each["elsewhere"])

    def load(self, targets, seconds, rate):
        answer = subprocess.run([LOAD, f"--port={self.port}", f"--targets={targets}", f"--seconds={seconds}", f"--rate={rate}"],
                                check=True, capture_output=True, text=True)
        figures = json.loads(answer.stdout)
        if figures["failed"]:
            raise RuntimeError(f"lists failed: {answer.stdout}")
        return figures


@contextlib.contextmanager
def running(port, directory, config="", ready="/readyz"):
    """A service on directory/data, stopped at the end; yields it and the seconds until it was ready."""
    service = Service(port)
    try:
        ready = service.start(directory, config, ready)
        yield service, ready
        service.stop()
    finally:
        if service.process and service.process.poll() is None:
            service.process.kill()
            service.process.wait()


@contextlib.contextmanager
def scratch(kept=None):
    """The directory `kept`, which is not removed; without it, a temporary one."""
    if kept:
        pathlib.Path(kept).mkdir(parents=True, exist_ok=True)
        yield pathlib.Path(kept)
    else:
        with tempfile.TemporaryDirectory(prefix="freshet-bench-") as directory:
            yield pathlib.Path(directory)
