#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How soon a click changes the list: from POST /v1/events to the answer of recommendations?after=<its token>; and how soon
it changes the weights: to the first snapshot that has learned it.

usage: freshness.py URL [CLICKS]      against a running service, embedded or Kafka; add load with
                                      `freshet replay FILE --to http --speed 10000/s`
Prints p50, p90, p99 and the maximum in milliseconds: of the acknowledgment, of click to list, and of click to weights (if
the log has one partition; for a fifth of the clicks; one that is not learned within ten seconds counts as ten seconds).
"""

import http.client
import json
import sys
import time
import urllib.parse


def quantile(values, q):
    return sorted(values)[min(len(values) - 1, int(q * len(values)))]


def published(status):
    """The log position up to which the current snapshot has learned."""
    learner = status["learner"]
    return sum(learner["positions"].values()) - (learner["events_learned"] - learner["events_published"])


def click_to_weights(click, status, clicks, patience=10.0):
    """Sends a click every 20 ms and polls for a snapshot that contains it. Returns the milliseconds per click."""
    waiting, taken, due = [], [], time.perf_counter()
    while clicks or waiting:
        if clicks and time.perf_counter() >= due:
            clicks, due = clicks - 1, due + 0.02
            start = time.perf_counter()
            waiting.append((int(click(clicks).rpartition("-")[2]), start))
        newest, now = published(status()), time.perf_counter()
        taken += [(now - start) * 1000 for token, start in waiting if token <= newest or now - start > patience]
        waiting = [(token, start) for token, start in waiting if token > newest and now - start <= patience]
        time.sleep(0.002)
    return taken


def main():
    url = urllib.parse.urlparse(sys.argv[1])
    clicks = int(sys.argv[2]) if len(sys.argv) > 2 else 500
    connection = http.client.HTTPConnection(url.hostname, url.port)

    def ask(method, target, body=None):
        connection.request(method, target, body)
        return json.loads(connection.getresponse().read())

    # At stream time: with the current time, the first click would age a replayed log by years.
    now = ask("GET", "/v1/status")["learner"]["stream_time"]
    popular = [entry["item"] for entry in ask("GET", "/v1/popular?k=100")["items"]] or ["a"]

    def click(number, user="freshness-weights"):
        event = {"user": user, "item": popular[number % len(popular)], "ts": now}
        return ask("POST", "/v1/events", json.dumps(event))["token"]

    acknowledged, listed = [], []
    for number in range(clicks):
        user = f"freshness-{time.time_ns()}"
        start = time.perf_counter()
        token = click(number, user)
        acknowledged.append((time.perf_counter() - start) * 1000)
        ask("GET", f"/v1/users/{user}/recommendations?after={token}")
        listed.append((time.perf_counter() - start) * 1000)
    weights = []
    if len(ask("GET", "/v1/status")["learner"]["positions"]) == 1:
        weights = click_to_weights(click, lambda: ask("GET", "/v1/status"), clicks // 5)
    for name, values in (("acknowledged", acknowledged), ("click to list", listed), ("click to weights", weights)):
        if values:
            print(f"{name:16} p50 {quantile(values, .5):7.2f}  p90 {quantile(values, .9):7.2f}  "
                  f"p99 {quantile(values, .99):7.2f}  max {max(values):7.2f} ms   ({len(values)} clicks)")


if __name__ == "__main__":
    main()
