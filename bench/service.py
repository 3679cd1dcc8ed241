"""A running freshet, for benchmarks: starts it, feeds it, asks it for lists, and reads what that cost it."""

import contextlib
import http.client
import json
import pathlib
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
FRESHET = ROOT / "build/release/freshet"
LOAD = ROOT / "build/release/bench/freshet_load"

# Which thread does what; any other is "other".
THREADS = {"freshet-io": "http", "freshet-journal": "http", "freshet-writer": "writer", "freshet-learner": "learner",
           "freshet-train": "learner", "rocksdb": "compaction"}


def figure(key, label, value, unit, digits=3):
    """Prints a line; returns the entry of a JSON file that compare.py and plot.py read."""
    value = float(f"{value:.{digits}g}") if isinstance(value, float) else value
    print(f"{label:<44} {value:>12,.10g} {unit}", flush=True)
    return {"key": key, "label": label, "unit": unit, "value": value}


def generate(file, **options):
    """A made-up shop's stream, as TSV: user, item, time, type."""
    words = [f"--{name}={value}" for name, value in options.items()]
    subprocess.run([FRESHET, "generate", "--format=tsv", f"--output={file}", *words], check=True, stderr=subprocess.DEVNULL)


class Service:
    """The service at a port of this machine whose process is `pid`."""

    def __init__(self, port, pid=None):
        self.port, self.pid, self.process = port, pid, None

    def start(self, directory, config=""):
        """Starts it on directory/data; returns the seconds until it is ready."""
        directory = pathlib.Path(directory)
        (directory / "bench.toml").write_text(config)
        begin = time.monotonic()
        with open(directory / "service.log", "ab") as log:
            self.process = subprocess.Popen([FRESHET, "serve", "-c", "bench.toml", "--listen", f"127.0.0.1:{self.port}"],
                                            cwd=directory, stdout=log, stderr=log)
        self.pid = self.process.pid
        while self.process.poll() is None:
            with contextlib.suppress(OSError):
                if self._get("/readyz").status == 200:
                    return time.monotonic() - begin
            time.sleep(0.01)
        raise RuntimeError(f"freshet does not start: {(directory / 'service.log').read_text()[-1000:]}")

    def stop(self):
        """A clean stop, with a checkpoint."""
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
        """Events that histories and learner have not read yet."""
        status = self.status()
        return status["history"]["lag_events"], status["learner"]["lag_events"]

    def cpu(self):
        """Seconds of CPU time so far, by what the threads do."""
        seconds = dict.fromkeys([*THREADS.values(), "other"], 0.0)
        for task in pathlib.Path(f"/proc/{self.pid}/task").iterdir():
            with contextlib.suppress(OSError):  # a thread that has just ended
                name = (task / "comm").read_text()
                kind = next((kind for prefix, kind in THREADS.items() if name.startswith(prefix)), "other")
                seconds[kind] += int((task / "schedstat").read_text().split()[0]) / 1e9
        return seconds

    def _replay(self, file, columns, *options):
        return [FRESHET, "replay", file, f"--columns={columns}", "--no-ids", "--to=http",
                f"--url=http://127.0.0.1:{self.port}", "--json", *options]

    def send(self, file, columns="user,item,time,type"):
        """All events of a stream as fast as they are acknowledged; returns how many."""
        answer = subprocess.run(self._replay(file, columns), check=True, capture_output=True, text=True)
        return json.loads(answer.stdout)["acknowledged"]

    @contextlib.contextmanager
    def fed(self, file, per_second, columns="user,item,time,type"):
        """So many events a second for as long as the block runs."""
        feeder = subprocess.Popen(self._replay(file, columns, f"--speed={per_second}/s"), stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        time.sleep(1)
        try:
            yield
            if feeder.poll() is not None:
                raise RuntimeError(f"{file} was over before the measurement, or the service did not take it")
        finally:
            feeder.kill()
            feeder.wait()

    def lists(self, targets, seconds, rate=0, connections=16):
        """freshet_load's figures; rate 0: as many as are answered."""
        answer = subprocess.run([LOAD, f"--port={self.port}", f"--targets={targets}", f"--seconds={seconds}",
                                 f"--rate={rate}", f"--connections={connections}"],
                                check=True, capture_output=True, text=True)
        figures = json.loads(answer.stdout)
        if figures["failed"]:
            raise RuntimeError(f"lists failed: {answer.stdout}")
        return figures

    def cost_of_a_list(self, targets, seconds):
        """Microseconds of CPU time of the whole process per list, by what the threads do, with nothing else to do."""
        before = self.cpu()
        count = self.lists(targets, seconds)["answered_per_second"] * seconds
        return {kind: (after - before[kind]) * 1e6 / count for kind, after in self.cpu().items()}


@contextlib.contextmanager
def running(port, directory, config=""):
    """A service on directory/data that is stopped in the end; yields it and the seconds until it was ready."""
    service = Service(port)
    try:
        ready = service.start(directory, config)
        yield service, ready
        service.stop()
    finally:
        if service.process and service.process.poll() is None:
            service.process.kill()
            service.process.wait()


@contextlib.contextmanager
def scratch(kept=None):
    """A directory: `kept`, which stays, else a temporary one."""
    if kept:
        pathlib.Path(kept).mkdir(parents=True, exist_ok=True)
        yield pathlib.Path(kept)
    else:
        with tempfile.TemporaryDirectory(prefix="freshet-bench-") as directory:
            yield pathlib.Path(directory)
