# SPDX-License-Identifier: Apache-2.0
"""What is left of a user, byte by byte."""

import json

from freshet_process import run, wait_until
from test_kafka import kafka_config

USER = "k7Qz-somebody-Wv3x-9pLm"

# Every part that remembers users, their ids included; files are rewritten and checkpoints replaced at once.
TOML = """
[online]
parts = ["popularity", "covisitation", "session_knn", "user_history", "matrix_factorization", "user_cf", "lstm"]
checkpoint_interval = "1s"
keep_checkpoints = 2

[writer]
erase_interval = "1s"
"""


def events_of(user, count, start=1_700_000_000_000):
    return [{"user": user, "session": f"session {user[:3]}", "item": f"i{n % 7}", "ts": start + n * 1000,
             "id": f"{start}-{user[:3]}-{n}"} for n in range(count)]


def show_lists(service, *owners):
    """A list for each, recorded."""
    for kind, owner in owners:
        for _ in range(2):
            service.recommend(owner, kind=kind, k=3)
    for kind, owner in owners:
        wait_until(lambda: len(service.get(f"/v1/{kind}/{owner.replace(' ', '%20')}/served").json.get("lists", [])) == 2,
                   f"the lists of {owner} stored")


def files_with(directory, text):
    """Names of the files below `directory` that hold `text`. RocksDB's files come and go meanwhile."""
    found = []
    for path in directory.rglob("*"):
        try:
            if path.is_file() and text.encode() in path.read_bytes():
                found.append(path.name)
        except FileNotFoundError:
            pass
    return sorted(found)


def test_an_erased_user_leaves_no_byte_in_the_data_directory(freshet):
    service = freshet(TOML)
    service.send(*events_of("somebody else", 40))
    token = service.send(*events_of(USER, 40))
    wait_until(lambda: service.status()["learner"]["events_learned"] >= 80, "80 events learned")
    wait_until(lambda: any("checkpoint" in name for name in files_with(service.data, USER)), "a checkpoint of the user")
    assert service.get(f"/v1/users/{USER}?limit=1").json["count"] == 40
    show_lists(service, ("users", USER), ("sessions", f"session {USER[:3]}"), ("users", "somebody else"))

    erased = service.curl(f"/v1/users/{USER}", method="DELETE")
    assert erased.status == 202, erased.body
    for owner in (f"users/{USER}", f"users/{USER}/served", f"sessions/session%20{USER[:3]}/served"):
        assert service.get(f"/v1/{owner}").status == 404
    # The manifest names keys of files long gone until it is begun anew, at the latest by the next start.
    wait_until(lambda: not [name for name in files_with(service.data, USER) if not name.startswith("MANIFEST")],
               "the user gone from all files")
    service.stop()
    service.start()
    assert files_with(service.data, USER) == []

    # What a replay of the whole journal finds is the others; nobody comes back.
    service.stop()
    for checkpoint in (service.data / "checkpoints").iterdir():
        checkpoint.unlink()
    service.start()
    wait_until(lambda: service.status()["learner"]["lag_events"] == 0, "the journal learned again")
    assert service.status()["learner"]["events_learned"] == 40
    assert service.get(f"/v1/users/{USER}").status == 404
    assert service.get("/v1/users/somebody%20else").json["count"] == 40
    assert service.get(f"/v1/sessions/session%20{USER[:3]}").status == 404
    assert service.get(f"/v1/sessions/session%20{USER[:3]}/served").status == 404
    assert len(service.get("/v1/users/somebody%20else/served").json["lists"]) == 2
    assert service.get(f"/v1/users/{USER}/similar").status == 404
    assert token.startswith("0-")


def test_what_a_user_does_after_being_erased_is_kept(freshet):
    service = freshet(TOML)
    service.send(*events_of(USER, 10))
    assert service.curl(f"/v1/users/{USER}", method="DELETE").status == 202
    service.send(*events_of(USER, 3, start=1_700_000_100_000))
    wait_until(lambda: "freshet_store_erasures_finished_total 1" in service.get("/metrics").body, "the files rewritten")
    assert service.get(f"/v1/users/{USER}").json["count"] == 3
    service.stop()
    service.start()
    assert service.get(f"/v1/users/{USER}").json["count"] == 3


def test_an_event_without_consent_counts_for_the_list_and_leaves_no_byte(freshet):
    service = freshet(TOML)
    service.send(*events_of("somebody else", 40))
    wait_until(lambda: service.status()["learner"]["events_learned"] >= 40, "40 events learned")
    popular = [entry["item"] for entry in service.get("/v1/popular").json["items"]]

    token = service.send({"user": USER, "item": "i3", "consent": False, "id": f"{USER}-1", "props": {"who": USER}})
    answer = service.recommend(USER, after=token)
    assert answer["source"] == "blend"
    assert "i3" not in [entry["item"] for entry in answer["items"]], "the item that the session is at"
    assert "i3" in popular
    token = service.send({"user": USER, "item": "i4", "consent": False},
                         {"user": "somebody else", "item": "i5", "ts": 1_700_000_050_000})
    assert "i4" not in service.items_for(USER, after=token)

    assert service.get(f"/v1/users/{USER}").status == 404
    assert service.get(f"/v1/users/{USER}/served").status == 404
    assert 'freshet_serve_served_lists_total{result="no_consent"} 2' in service.get("/metrics").body
    wait_until(lambda: service.status()["learner"]["events_learned"] >= 41, "what had consent learned")
    assert service.status()["learner"]["events_learned"] == 41
    assert files_with(service.data, USER) == []
    service.stop()
    assert files_with(service.data, USER) == []
    service.start()
    assert service.recommend(USER)["source"] == "popularity"
    assert service.get("/v1/users/somebody%20else?limit=1").json["count"] == 41


def test_erasure_takes_events_without_consent_out_of_memory(freshet):
    service = freshet(TOML)
    service.send(*events_of("somebody else", 40))
    wait_until(lambda: service.status()["learner"]["events_learned"] >= 40, "40 events learned")
    service.send({"user": USER, "item": "i3", "consent": False})
    assert service.recommend(USER)["source"] == "blend"
    assert service.curl(f"/v1/users/{USER}", method="DELETE").status == 202
    assert service.recommend(USER)["source"] == "popularity"


def test_an_export_is_everything_that_was_stored_and_ends_with_erasure(freshet):
    service = freshet(TOML)
    events = events_of(USER, 40)
    service.send(*events, *events_of("somebody else", 5))
    show_lists(service, ("users", USER))
    token = service.send({"user": USER, "item": "i3", "consent": False})
    wait_until(lambda: service.get("/v1/users/somebody%20else").status == 200, "the histories written")
    assert token
    exported, query = [], "?limit=7"
    while query:
        page = service.get(f"/v1/users/{USER}/export{query}").json
        exported += page["events"]
        assert ("without_consent" in page) == (len(exported) == 7)
        query = f"?limit=7&cursor={page['next']}" if "next" in page else None
    assert [event["id"] for event in exported] == [event["id"] for event in reversed(events)]
    assert service.get(f"/v1/sessions/session%20{USER[:3]}/export").json["events"] == exported
    lists, query = [], "?limit=1"
    while query:
        page = service.get(f"/v1/users/{USER}/export{query}").json
        lists += page.get("served", [])
        query = f"?limit=1&cursor={page['next']}" if "next" in page else None
    assert lists == service.get(f"/v1/users/{USER}/served").json["lists"]
    assert service.curl(f"/v1/users/{USER}", method="DELETE").status == 202
    assert service.get(f"/v1/users/{USER}/export").status == 404


# Both names in every event; ids and props of the producer's own making do not name anybody.
KEY = "a key of the operator's own"


def test_with_a_pseudonym_key_no_id_is_in_the_data_directory_and_everything_else_is_as_ever(freshet, monkeypatch):
    monkeypatch.setenv("PSEUDONYMS", KEY)
    toml = TOML + '[store]\npseudonym_key = "$env:PSEUDONYMS"\n'
    service = freshet(toml)
    session = f"{USER}-sitting"
    token = service.send(*[{"user": USER, "session": session, "item": f"i{n % 7}", "ts": 1_700_000_000_000 + n * 1000}
                           for n in range(40)],
                         *events_of("somebody else", 40), {"user": USER, "item": "i3", "consent": False})
    wait_until(lambda: service.status()["learner"]["events_learned"] >= 80, "80 events learned")
    assert service.recommend(USER, after=token)["source"] == "blend"
    assert service.get(f"/v1/sessions/{session}/recommendations").json["source"] == "blend"
    stored = service.get(f"/v1/users/{USER}?limit=1").json
    assert (stored["user"], stored["count"]) == (USER, 40)
    pseudonym = stored["events"][0]["user"]
    assert service.get(f"/v1/users/{USER}/similar").json["user"] == USER
    wait_until(lambda: service.get(f"/v1/sessions/{session}/served").status == 200, "the list stored")
    wait_until(lambda: any("checkpoint" in name for name in files_with(service.data, pseudonym)), "a checkpoint")
    assert files_with(service.data, USER) == []
    service.stop()
    assert files_with(service.data, USER) == []
    assert json.loads(run("inspect", service.data, "--user", pseudonym, "--json").stdout)["count"] == 40

    monkeypatch.setenv("PSEUDONYMS", "another key, which is wrong")
    service.launch()
    assert service.process.wait(30) == 2
    assert "is not the key that they were made with" in service.log_path.read_text()
    monkeypatch.setenv("PSEUDONYMS", KEY)
    service.start()
    assert service.curl(f"/v1/users/{USER}", method="DELETE").status == 202
    assert service.get(f"/v1/users/{USER}").status == 404
    wait_until(lambda: [name for name in files_with(service.data, pseudonym) if not name.startswith("MANIFEST")] == [],
               "the pseudonym gone from all files")


def test_ids_in_a_topic_end_at_its_readers(freshet, broker, topic, monkeypatch):
    monkeypatch.setenv("PSEUDONYMS", KEY)
    broker.produce(topic, events_of("somebody else", 40) + events_of(USER, 40))
    broker.produce(topic, [{"user": USER, "nothing": "that could be stored"}])
    service = freshet(kafka_config(broker, topic).replace(f'"{topic}-dead"', '""') + TOML +
                      '[store]\npseudonym_key = "$env:PSEUDONYMS"\n')
    wait_until(lambda: service.status()["learner"]["events_learned"] >= 80, "80 events learned")
    token = service.send({"user": USER, "item": "i6", "ts": 1_700_000_090_000})
    assert service.recommend(USER, after=token)["source"] == "blend"
    assert service.get(f"/v1/users/{USER}").json["count"] == 41
    assert any(USER in value for _, value in broker.consume(topic)), "the topic is as its producers made it"
    wait_until(lambda: any((service.data / "checkpoints").iterdir()), "a checkpoint")
    service.stop()
    assert not [name for name in files_with(service.data, USER) if not name.startswith("MANIFEST")]
    letters = json.loads(run("inspect", service.data, "--dead-letters", "--json").stdout)["dead_letters"]
    assert [(letter["reason"], letter["value"]) for letter in letters] == [("item: missing", "")]
    service.start()
    assert service.curl(f"/v1/users/{USER}", method="DELETE").status == 202
    wait_until(lambda: service.status()["learner"]["lag_events"] == 0, "the erase record learned")
    assert service.get(f"/v1/users/{USER}").status == 404
    assert service.get("/v1/users/somebody%20else").json["count"] == 40
