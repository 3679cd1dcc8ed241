# SPDX-License-Identifier: Apache-2.0
"""What one client can do to everybody's lists: nothing, although ids of users and sessions are free to invent."""

import random
import re
import time

import pytest

from freshet_process import new_key, wait_until

DAY = 86_400_000


def shop_days(seed, sessions):
    """The last days of a small shop: users of one taste each, some items more popular than others."""
    chance, now = random.Random(seed), int(time.time() * 1000)
    events = []
    for session in range(sessions):
        user = chance.randrange(300)
        for click in range(5):
            cluster = user % 20 if chance.random() < 0.8 else chance.randrange(20)
            item = 10 * cluster + int(10 * chance.random() * chance.random())
            events.append({"user": f"u{user}", "session": f"s{session}", "item": f"i{item}",
                           "ts": now - 3 * DAY * (sessions - session) // sessions + 10_000 * click})
    return sorted(events, key=lambda event: event["ts"])


def pairs(count):
    """Made-up sessions that go from a popular item to the one that is to be pushed."""
    chance = random.Random(1)
    return [{"user": f"new{n}", "session": f"new{n}", "item": item}
            for n in range(count) for item in (f"i{10 * chance.randrange(20)}", "evil")]


def post(service, key, events):
    service.key = key
    for begin in range(0, len(events), 1000):
        service.send(*events[begin:begin + 1000])


@pytest.mark.parametrize("limited", [True, False])
def test_one_request_cannot_put_an_item_into_everybodys_lists(freshet, tmp_path, limited):
    keys = tmp_path / "keys"
    shop, mallory = new_key(keys, "shop", "read,write,admin"), new_key(keys, "mallory", "write")
    service = freshet(f'[serve]\nkeys_file = "{keys}"\n' + ("" if limited else "[online.sender_limit]\nshare = 1.0\n"))
    post(service, shop, shop_days(7, 2000))
    post(service, mallory, pairs(50))
    service.key = shop
    wait_until(lambda: service.status()["learner"]["events_published"] == 10_100, "the learner")
    lists = [service.items_for(f"u{user}", k=10) for user in range(100)]
    assert {len(items) for items in lists} == {10}
    pushed = sum("evil" in items for items in lists)
    taught = 100 - int(re.search(r"^freshet_learner_limited_events_total (\d+)", service.get("/metrics").body, re.M)[1])
    if limited:
        assert pushed <= 5
        assert 30 <= taught <= 60, "everything of the shop, and of the attack most of what it says about the shop's items"
    else:
        assert pushed >= 50 and taught == 100
    history = service.get("/v1/users/new49").json["events"]
    assert {event["item"] for event in history} >= {"evil"}, "all is stored"


def test_made_up_items_push_out_none_of_the_shop(freshet, tmp_path):
    keys = tmp_path / "keys"
    shop, mallory = new_key(keys, "shop", "read,write,admin"), new_key(keys, "mallory", "write")
    service = freshet(f'[serve]\nkeys_file = "{keys}"\n[online]\nmax_items = 300\n')
    post(service, shop, shop_days(7, 2000))
    published = lambda: service.status()["learner"]["events_published"]  # noqa: E731
    wait_until(lambda: published() == 10_000, "the learner")
    before = [set(service.items_for(f"u{user}", k=10)) for user in range(100)]
    post(service, mallory, [{"user": f"new{n}", "item": f"junk{n}"} for n in range(5000)])
    service.key = shop
    wait_until(lambda: published() == 15_000, "the learner")
    after = [set(service.items_for(f"u{user}", k=10)) for user in range(100)]
    assert sum(len(old & new) for old, new in zip(before, after)) >= 900
    assert not any(item.startswith("junk") for items in after for item in items)


def test_nobody_can_claim_the_ids_of_another(freshet, tmp_path):
    keys = tmp_path / "keys"
    shop, mallory = new_key(keys, "shop", "read,write,admin"), new_key(keys, "mallory", "write")
    service = freshet(f'[serve]\nkeys_file = "{keys}"\n')
    post(service, mallory, [{"id": f"c-{n}", "user": "mallory", "item": "junk"} for n in range(100)])
    post(service, shop, [{"id": f"c-{n}", "user": "alice", "item": f"i{n}"} for n in range(100)])
    post(service, shop, [{"id": f"c-{n}", "user": "alice", "item": f"i{n}"} for n in range(100)])
    wait_until(lambda: len(service.get("/v1/users/alice?limit=1000").json["events"]) == 100, "all of alice's events")
