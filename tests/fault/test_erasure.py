# SPDX-License-Identifier: Apache-2.0
"""Owners who are erased right after they did something, again and again, while others are active in the same sessions and
the service is killed: nobody ever sees the erased again, and nothing of the others is lost."""

import json
import random
import threading
import time

import kafka_admin
from clients import BASE_MS, GONE, Crowd, connect
from freshet_process import wait_until

SESSIONS = 5  # shared by all visitors
TOML = '[online]\ncheckpoint_interval = "1s"\nkeep_checkpoints = 1\n[writer]\nerase_interval = "1s"\n'


def request(connection, method, path, body=None):
    connection.request(method, path, body and json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, answer.read()


class Visitors:
    """Posts a few events of a new visitor and erases them at once, one visitor after another. A session is erased now and
    then, too; its users' own histories keep what they did in it."""

    def __init__(self, name, random):
        self.name, self.random = name, random
        self.erased = []  # whose erasure was acknowledged
        self.seen = []  # what was shown of them afterwards
        self.visits = 0

    def visit_until_down(self, url, stop):
        connection = connect(url)
        try:
            while not stop.is_set():
                self._visit(connection)
        except GONE:
            pass
        finally:
            connection.close()

    def _visit(self, connection):
        self.visits += 1
        user = f"{self.name}-{self.visits}"
        own_session = f"{user}-alone"
        session = f"shared-{self.random.randrange(SESSIONS)}"
        owners = [{"user": user, "session": session}, {"user": user}, {"session": own_session},
                  {"user": user, "session": own_session}]
        events = [{**owner, "item": f"i{number}", "ts": BASE_MS + number} for number, owner in enumerate(owners)]
        if request(connection, "POST", "/v1/events", events)[0] != 202:
            return
        for kind, owner in (("users", user), ("sessions", own_session)):
            request(connection, "GET", f"/v1/{kind}/{owner}/recommendations?k=3")
        for kind, owner in (("users", user), ("sessions", own_session)):
            if request(connection, "DELETE", f"/v1/{kind}/{owner}")[0] == 202:
                self.erased.append((kind, owner))
                self._look(connection, kind, owner, session)

    def _look(self, connection, kind, owner, session):
        self._look_at(connection, kind, owner)
        if kind == "users":
            self.seen += [(owner, event) for event in events_of(connection, "sessions", session)
                          if event.get("user") == owner]

    def _look_at(self, connection, kind, owner):
        for what in ("", "/served"):
            status, _ = request(connection, "GET", f"/v1/{kind}/{owner}{what}")
            if status != 404:
                self.seen.append((owner + what, status))

    def check(self, connection):
        """All of them again."""
        for kind, owner in self.erased:
            self._look_at(connection, kind, owner)
        gone = {owner for kind, owner in self.erased if kind == "users"}
        for number in range(SESSIONS):
            self.seen += [event for event in events_of(connection, "sessions", f"shared-{number}")
                          if event.get("user") in gone]


def events_of(connection, kind, owner):
    status, body = request(connection, "GET", f"/v1/{kind}/{owner}?limit=1000")
    return json.loads(body)["events"] if status == 200 else []


def erase_and_check(service, rounds, longest, chance, report):
    """`longest`: seconds of load before a kill."""
    crowd = Crowd(1, chance)
    visitors = [Visitors(f"v{number}", chance) for number in range(2)]
    for round in range(rounds):
        stop = threading.Event()
        crowd.begin(service.url)
        threads = [threading.Thread(target=each.visit_until_down, args=(service.url, stop)) for each in visitors]
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0.1, longest))
        service.kill()
        stop.set()
        for thread in threads:
            thread.join()
        crowd.end()
        service.start()
        crowd.settle(service.url)
        connection = connect(service.url)
        for each in visitors:
            each.check(connection)
            assert each.seen == [], f"round {round}"
        connection.close()
        crowd.books.check_histories(service, crowd.newest_users())
        assert crowd.books.clean, f"round {round}: {crowd.books.figures}"
    wait_until(lambda: "freshet_store_erasures_pending 0" in service.get("/metrics").body, "nothing pending", 300)
    connection = connect(service.url)
    for each in visitors:
        each.check(connection)
    report(kills=rounds, erasures=sum(len(each.erased) for each in visitors),
           seen_again=sum(len(each.seen) for each in visitors), **crowd.books.figures)
    assert all(each.seen == [] for each in visitors)


def test_erasure_on_the_embedded_log(freshet, rounds, seed, report):
    erase_and_check(freshet(TOML), rounds(short=4, long=100), 0.8, random.Random(seed), report)


def test_erasure_on_kafka(freshet, broker, topic, rounds, seed, report):
    kafka_admin.create_topic(broker, topic, partitions=4)
    service = freshet(kafka_admin.service_config(broker, topic) + TOML)
    erase_and_check(service, rounds(short=2, long=25), 4, random.Random(seed), report)
