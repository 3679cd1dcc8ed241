# SPDX-License-Identifier: Apache-2.0
"""What a page in a real browser can do to the service (docs/decisions/0010). Only where Chromium is installed."""

import contextlib
import http.server
import json
import re
import shutil
import socket
import subprocess
import threading

import pytest

from freshet_process import new_key, wait_until

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

HELPERS = """
const json = {"Content-Type": "application/json"};
async function attempt(url, options) {
  try {
    const answer = await fetch(url, options);
    return answer.type == "opaque" ? "opaque" : answer.status;
  } catch (error) {
    return error.name;
  }
}
function submit(url, type) {
  document.body.appendChild(Object.assign(document.createElement("iframe"), {name: type}));
  const form = document.body.appendChild(document.createElement("form"));
  Object.assign(form, {action: url, method: "post", enctype: type, target: type});
  form.appendChild(Object.assign(document.createElement("input"), {name: '{"user":"u","item":"', value: '"}'}));
  form.submit();
}
"""


class Pages(http.server.ThreadingHTTPServer):
    """Serves one page under any name, and takes what its script reports."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.page, self.report = b"", None
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def origin(self, name):
        return f"http://{name}:{self.server_port}"

    def set_script(self, script):
        """`script` is the body of an async function, which returns what is reported."""
        self.report = None
        self.page = f"""<!doctype html><body><script>{HELPERS}
            (async () => {{ {script} }})().catch(String).then(found =>
                fetch("{self.origin('pages.example')}/report",
                      {{method: "POST", mode: "no-cors", body: JSON.stringify(found)}}));
            </script>""".encode()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(self.server.page)))
        self.end_headers()
        self.wfile.write(self.server.page)

    def do_POST(self):
        self.server.report = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Rebinding:
    """A port that gives the page, and is the service's in all else: what a name is whose owner changes its address."""

    def __init__(self, pages, service):
        self.pages, self.service = pages, service
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):  # closed
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self.forward, args=[connection], daemon=True).start()

    def forward(self, connection):
        with connection, contextlib.suppress(OSError):
            data = connection.recv(65536)
            port = self.pages.server_port if data.startswith(b"GET / ") else self.service.port
            with socket.create_connection(("127.0.0.1", port)) as other:
                threading.Thread(target=self.copy, args=[other, connection], daemon=True).start()
                other.sendall(data)
                self.copy(connection, other)

    @staticmethod
    def copy(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.close()


@pytest.fixture
def pages():
    server = Pages()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def browse(pages, tmp_path):
    """Shows a page whose script is `script`, until `then()`, and returns what it reports. `.example` is this machine."""
    def show(script, url=None, name="pages.example", then=lambda: True):
        pages.set_script(script)
        log = tmp_path / "chromium.log"
        with open(log, "ab") as output:
            browser = subprocess.Popen(
                [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                 "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0",
                 f"--user-data-dir={tmp_path / 'profile'}", "--host-resolver-rules=MAP *.example 127.0.0.1",
                 url or pages.origin(name)], stdout=output, stderr=output)
        try:
            wait_until(lambda: pages.report, f"the page's report; see {log}")
            wait_until(then, "what the page has begun")
            return pages.report
        finally:
            browser.terminate()
            browser.wait(timeout=60)

    return show


def answers(service, **headers):
    """{(route, status): count} of all requests so far."""
    metrics = service.get("/metrics", **headers).body
    found = re.findall(r'freshet_serve_requests_total\{route="(.*?)",status="(\d+)"\} (\d+)', metrics)
    return {(route, int(status)): int(count) for route, status, count in found}


def test_a_page_of_another_site_changes_and_reads_nothing(freshet, browse):
    service = freshet()
    service.send({"user": "known", "item": "a"})
    report = browse(f"""
        const url = "{service.url}", event = '{{"user":"u","item":"a"}}';
        for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
          submit(url + "/v1/events", type);
        return {{
          event: await attempt(url + "/v1/events", {{method: "POST", headers: json, body: event}}),
          blind: await attempt(url + "/v1/events", {{method: "POST", mode: "no-cors", body: event}}),
          blob: await attempt(url + "/v1/events", {{method: "POST", mode: "no-cors", body: new Blob([event])}}),
          beacon: navigator.sendBeacon(url + "/v1/events", event),
          item: await attempt(url + "/v1/items/a", {{method: "PUT", headers: json, body: "{{}}"}}),
          erase: await attempt(url + "/v1/users/known", {{method: "DELETE"}}),
          read: await attempt(url + "/v1/users/known"),
          glimpse: await attempt(url + "/v1/popular", {{mode: "no-cors"}}),
        }};""", then=lambda: answers(service).get(("none", 403), 0) >= 10)  # all but the glimpse
    assert report == {"event": "TypeError", "blind": "opaque", "blob": "opaque", "beacon": True, "item": "TypeError",
                      "erase": "TypeError", "read": "TypeError", "glimpse": "opaque"}
    assert service.get("/v1/users/u").status == 404
    assert service.get("/v1/items/a").status == 404
    assert service.get("/v1/users/known").json["count"] == 1
    counts = answers(service)
    assert counts[("POST /v1/events", 202)] == 1, "the test's own"
    assert ("PUT /v1/items/{item}", 202) not in counts and ("DELETE /v1/users/{user}", 202) not in counts


def test_a_name_that_is_pointed_at_the_service_is_not_its_own(freshet, browse, pages):
    service = freshet()
    service.send({"user": "known", "item": "a"})
    rebinding = Rebinding(pages, service)
    try:
        report = browse("""
            return {
              read: await attempt("/v1/users/known"),
              event: await attempt("/v1/events", {method: "POST", headers: json, body: '{"user":"u","item":"a"}'}),
              erase: await attempt("/v1/users/known", {method: "DELETE"}),
            };""", url=f"http://rebound.example:{rebinding.port}/")
    finally:
        rebinding.close()
    assert report == {"read": 421, "event": 421, "erase": 421}
    assert service.get("/v1/users/u").status == 404
    assert service.get("/v1/users/known").json["count"] == 1


def test_pages_of_listed_origins_send_events_with_a_key_and_no_others_do(freshet, browse, pages, tmp_path):
    keys = tmp_path / "keys"
    key, ops = new_key(keys, "pages", "write"), new_key(keys, "ops", "read,admin")
    service = freshet(f'[serve]\nkeys_file = "{keys}"\ncors_origins = ["{pages.origin("shop.example")}"]\n')
    script = f"""
        const url = "{service.url}", event = '{{"user":"USER","item":"a"}}';
        const bearer = key => ({{...json, "Authorization": "Bearer " + key}});
        const post = headers => attempt(url + "/v1/events", {{method: "POST", headers, body: event}});
        return {{
          event: await post(bearer("{key}")),
          header: await post({{...json, "X-API-Key": "{key}"}}),
          keyless: await post(json),
          read: await attempt(url + "/v1/popular", {{headers: bearer("{ops}")}}),
          item: await attempt(url + "/v1/items/a", {{method: "PUT", headers: bearer("{ops}"), body: "{{}}"}}),
        }};"""
    listed = browse(script.replace("USER", "shopper"), name="shop.example")
    assert listed == {"event": 202, "header": 202, "keyless": 401, "read": "TypeError", "item": "TypeError"}
    other = browse(script.replace("USER", "stranger"), name="other.example")
    assert other == {name: "TypeError" for name in listed}

    as_ops = {"headers": [f"X-API-Key: {ops}"]}
    wait_until(lambda: service.get("/v1/users/shopper", **as_ops).json.get("count") == 2, "the events")
    assert service.get("/v1/users/stranger", **as_ops).status == 404
    assert service.get("/v1/items/a", **as_ops).status == 404
