# SPDX-License-Identifier: Apache-2.0
"""Clients that keep books: what they sent, what was acknowledged, and what the histories must therefore contain."""

import collections
import http.client
import json
import threading
import urllib.parse

from freshet_process import wait_until

EVENTS_PER_REQUEST = 3
USERS = 3  # whom one client sends for at the same time
LISTS_PER_REQUEST = 0.2
LISTS_PER_USER = 50  # fewer than are kept
EVENTS_PER_USER = 300  # then somebody else comes: fewer than a history keeps
BASE_MS = 1_700_000_000_000
GONE = (OSError, http.client.HTTPException)  # what a client sees of a service that died


class Books:
    """The events of some users, in the order in which they were sent, and which of them were acknowledged."""

    def __init__(self):
        self.lock = threading.Lock()
        self.sent = {}  # user: ids, in order
        self.acknowledged = set()
        self.ends = collections.Counter()  # partition: where what was acknowledged ends
        self.lost = self.doubled = self.misordered = 0
        self.shown = collections.defaultdict(set)  # user: ids of lists that were answered; the last may not be recorded
        self.recorded = collections.defaultdict(set)  # user: ids of those that have been found recorded
        self.lists_lost = self.lists_doubled = 0

    def check_lists(self, user, found):
        """`found`: the ids of this user's recorded lists. What was there once must stay."""
        self.lists_doubled += len(found) - len(set(found))
        self.lists_lost += len(self.recorded[user] - set(found))
        self.recorded[user] = set(found) & self.shown[user]

    def check(self, user, found):
        """`found`: the ids in this user's history, oldest first."""
        self.doubled += len(found) - len(set(found))
        self.lost += sum(id in self.acknowledged and id not in set(found) for id in self.sent[user])
        first_seen = list(dict.fromkeys(found))
        self.misordered += first_seen != [id for id in self.sent[user] if id in set(found)]

    def acknowledge(self, batch, token):
        with self.lock:
            self.acknowledged.update(event["id"] for event in batch)
            for partition, end in (part.split("-") for part in token.split("_")):
                self.ends[partition] = max(self.ends[partition], int(end))

    def check_histories(self, service, users=None):
        """Compares the histories (all, or of these users) with the books, once what was acknowledged is written."""
        wait_until(lambda: self.ends <= collections.Counter(service.status()["history"]["positions"]),
                   "the histories at the end of the log")
        connection = connect(service.url)
        for user in users or self.sent:
            self.check(user, history(connection, user))
            if self.shown[user]:
                self.check_lists(user, lists(connection, user))
        connection.close()

    @property
    def figures(self):
        return {"accepted": len(self.acknowledged), "lost": self.lost, "doubled": self.doubled,
                "misordered": self.misordered, "lists_recorded": sum(map(len, self.recorded.values())),
                "lists_shown": sum(map(len, self.shown.values())), "lists_lost": self.lists_lost,
                "lists_doubled": self.lists_doubled}

    @property
    def clean(self):
        return (self.lost, self.doubled, self.misordered, self.lists_lost, self.lists_doubled) == (0, 0, 0, 0, 0)


class Client:
    """Sends its users' events in order, one request at a time; one that was not answered is sent again or given up, as
    real ones are. All events of a user have the same time, so that a history shows the order of the log."""

    def __init__(self, name, books, random):
        self.name, self.books, self.random = name, books, random
        self.events = self.refused = 0
        self.users = []  # since the last forget_users(), the ones who are still at it last
        self.unanswered = None

    def forget_users(self):
        self.users = []

    def _user(self):
        """One of the current ones."""
        if not self.users or len(self.books.sent[self.users[-1]]) >= EVENTS_PER_USER:
            for number in range(USERS):
                self.users.append(f"{self.name}-{self.events}-{number}")
                self.books.sent[self.users[-1]] = []
        return self.random.choice(self.users[-USERS:])

    def _request(self):
        batch = []
        for _ in range(self.random.randint(1, EVENTS_PER_REQUEST)):
            user = self._user()
            self.events += 1
            batch.append({"id": f"{self.name}-{self.events}", "user": user,
                          "item": f"i{int(self.random.paretovariate(0.5)) % 500}",
                          "ts": BASE_MS + int(user.split("-")[1])})
            self.books.sent[user].append(batch[-1]["id"])
        return batch

    def _post(self, connection, batch):
        """True once it is acknowledged. Raises OSError or HTTPException if the service is gone."""
        connection.request("POST", "/v1/events", json.dumps(batch), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 202:
            assert answer.status == 503, (answer.status, body)
            assert answer.getheader("Retry-After"), "503 without Retry-After"
            self.refused += 1
            return False
        receipt = json.loads(body)
        assert receipt["accepted"] == len(batch), body
        self.books.acknowledge(batch, receipt["token"])
        return True

    def settle(self, url, give_up=0.3):
        """Sends what was not answered again until it is, or forgets it."""
        if self.unanswered and self.random.random() >= give_up:
            connection = connect(url)
            wait_until(lambda: self._post(connection, self.unanswered), f"{self.name}'s events acknowledged")
            connection.close()
        self.unanswered = None

    def send(self, connection):
        """One request. True if it was acknowledged; raises if the service is gone."""
        self.unanswered = self._request()
        if self._post(connection, self.unanswered):
            user = self.unanswered[0]["user"]
            self.unanswered = None
            if self.random.random() < LISTS_PER_REQUEST and len(self.books.shown[user]) < LISTS_PER_USER:
                self._list(connection, user)
        return self.unanswered is None

    def _list(self, connection, user):
        connection.request("GET", f"/v1/users/{user}/recommendations?k=3")
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == 200:
            self.books.shown[user].add(json.loads(body)["request"])

    def send_until_down(self, url, stop):
        """Until the service is gone, refuses, or `stop` is set."""
        connection = connect(url)
        try:
            while not stop.is_set() and self.send(connection):
                pass
        except GONE:
            pass
        finally:
            connection.close()


class Crowd:
    """Several clients at once, each on a thread while there is load."""

    def __init__(self, size, random):
        self.books = Books()
        self.clients = [Client(f"c{number}", self.books, random) for number in range(size)]
        self.stop = threading.Event()
        self.threads = []

    def begin(self, url):
        self.stop.clear()
        for client in self.clients:
            client.forget_users()
        self.threads = [threading.Thread(target=client.send_until_down, args=(url, self.stop)) for client in self.clients]
        for thread in self.threads:
            thread.start()

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def settle(self, url, give_up=0.3):
        for client in self.clients:
            client.settle(url, give_up)

    def newest_users(self):
        """Whoever was sent for since begin()."""
        return [user for client in self.clients for user in client.users]


def connect(url):
    address = urllib.parse.urlparse(url)
    return http.client.HTTPConnection(address.hostname, address.port, timeout=30)


def history(connection, user):
    """The ids of this user's events, oldest first."""
    connection.request("GET", f"/v1/users/{user}?limit=1000")
    answer = connection.getresponse()
    body = answer.read()
    if answer.status == 404:
        return []
    assert answer.status == 200, body
    document = json.loads(body)
    assert document["count"] < 1000, "more than a history keeps: nothing can be said about the oldest"
    return [event["id"] for event in reversed(document["events"])]


def lists(connection, user):
    """The ids of this user's recorded lists."""
    connection.request("GET", f"/v1/users/{user}/served")
    answer = connection.getresponse()
    body = answer.read()
    if answer.status == 404:
        return []
    assert answer.status == 200, body
    return [shown["request"] for shown in json.loads(body)["lists"]]
