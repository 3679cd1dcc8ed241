#!/usr/bin/env python3
"""How soon a click changes the list: POST /v1/events to the answer of recommendations?after=<its token>.

usage: freshness.py URL [CLICKS]      against a running service, embedded or Kafka; add load with
                                      `freshet replay FILE --to http --speed 10000/s`
Prints p50, p90, p99 and the maximum in milliseconds: of the acknowledgement alone, and of click to list.
"""

import http.client
import json
import sys
import time
import urllib.parse


def quantile(values, q):
    return sorted(values)[min(len(values) - 1, int(q * len(values)))]


def main():
    url = urllib.parse.urlparse(sys.argv[1])
    clicks = int(sys.argv[2]) if len(sys.argv) > 2 else 500
    connection = http.client.HTTPConnection(url.hostname, url.port)

    def ask(method, target, body=None):
        connection.request(method, target, body)
        return json.loads(connection.getresponse().read())

    # At the stream's own time: a replayed log would otherwise age by years with the first click.
    now = ask("GET", "/v1/status")["learner"]["stream_time"]
    popular = [entry["item"] for entry in ask("GET", "/v1/popular?k=100")["items"]] or ["a"]
    acknowledged, listed = [], []
    for click in range(clicks):
        user = f"freshness-{time.time_ns()}"
        start = time.perf_counter()
        event = {"user": user, "item": popular[click % len(popular)], "ts": now}
        token = ask("POST", "/v1/events", json.dumps(event))["token"]
        acknowledged.append((time.perf_counter() - start) * 1000)
        ask("GET", f"/v1/users/{user}/recommendations?after={token}")
        listed.append((time.perf_counter() - start) * 1000)
    for name, values in (("acknowledged", acknowledged), ("click to list", listed)):
        print(f"{name:14} p50 {quantile(values, .5):7.2f}  p90 {quantile(values, .9):7.2f}  "
              f"p99 {quantile(values, .99):7.2f}  max {max(values):7.2f} ms   ({clicks} clicks)")


if __name__ == "__main__":
    main()
