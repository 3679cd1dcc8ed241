# SPDX-License-Identifier: Apache-2.0
"""The catalogue as records of the log: over HTTP, through Kafka, over restarts; filters and content."""

import http.client
import json
import subprocess

from freshet_process import run, wait_until
from test_embedded import shop_sessions, wait_learned
from test_kafka import kafka_config


def put(service, item, **fields):
    answer = service.curl(f"/v1/items/{item}", "PUT", fields)
    assert answer.status == 202, answer.body
    return answer.json["token"]


def names(answer):
    assert answer.status == 200, answer.body
    return [entry["item"] for entry in answer.json["items"]]


def has(service, item):
    return service.get(f"/v1/items/{item}").status == 200


def test_an_item_that_nobody_has_visited_is_listed_filtered_and_similar_to_others(freshet):
    service = freshet()
    service.send(*shop_sessions(50))
    for item in "abc":
        put(service, item, title=f"Blue mug {item}", categories=["kitchen > mugs"], price=9)
    token = put(service, "new", title="Blue mug", categories=["kitchen > mugs"], price=5, brand="acme")
    wait_learned(service, 154)
    assert names(service.get(f"/v1/popular?after={token}&filter=brand%3Dacme")) == ["new"]
    assert names(service.get("/v1/popular?filter=category%3Dkitchen%20AND%20price%3C%206")) == ["new"]
    assert "new" in names(service.get("/v1/items/a/similar?filter=price%3Ccontext.price"))
    wait_until(lambda: service.get("/v1/items/new/similar").status == 200, "the item in the model")
    assert set(names(service.get("/v1/items/new/similar?k=3"))) == {"a", "b", "c"}
    bad = service.get("/v1/popular?filter=price%20%3C")
    assert bad.status == 400 and "col 8" in bad.json["detail"]


def test_lists_leave_out_what_was_bought_and_give_new_items_a_place(freshet):
    service = freshet("[serve]\nexplore_share = 1.0\n")
    titles = {item: "Blue mug" for item in "abc"}
    titles.update({f"new-{n}": "Blue mug" if n % 2 else "Iron pan" for n in range(60)})
    service.curl("/v1/items", "POST", [{"item": item, "title": title, "color": "blue"} for item, title in titles.items()])
    now = 1_700_000_900_000
    service.send(*shop_sessions(50))
    service.send({"user": "u", "session": "then", "item": "b", "type": "purchase", "ts": now - 10 * 86_400_000})
    token = service.send({"user": "u", "session": "now", "item": "a", "ts": now})
    wait_learned(service, 63 + 152)

    def items(**query):
        return service.recommend("u", after=token, **query)

    def names_of(answer):
        return [entry["item"] for entry in answer["items"]]

    assert {"b", "c"} <= set(names_of(items(content=0, k=3)))
    assert "b" not in names_of(items(exclude_types="purchase:30d", k=1000))
    assert "b" in names_of(items(exclude_types="purchase:5d,cart", k=1000))
    shelf = items(content=1, exclude="a,b,c", k=30)
    assert shelf["source"] == "content" and all(name.startswith("new-") for name in names_of(shelf))
    explored = [(place, entry) for place, entry in enumerate(items(k=5)["items"], 1) if entry.get("explored")]
    assert len(explored) == 1
    (place, entry), = explored
    assert place >= 4 and entry["item"].startswith("new-") and 0 < entry["propensity"] <= 1
    assert "freshet_serve_explored_items_total" in service.get("/metrics").body

    def attributes():
        return {row["name"]: row for row in service.status()["memory"]["catalogue"]["attributes"]}

    color = wait_until(lambda: attributes().get("color"), "the attribute in the status")
    assert color["type"] == "text" and color["values"] == 1 and color["bytes"] > 0


def test_the_catalogue_survives_restarts_and_is_exported_as_it_was_sent(freshet, tmp_path):
    items = [{"item": f"i{n}", "title": f"Item {n}", "price": n / 4, "available": n % 3 > 0, "tags": ["x", str(n)]}
             for n in range(2500)]
    lines = tmp_path / "items.jsonl"
    lines.write_text("".join(json.dumps(item) + "\n" for item in items))
    service = freshet()
    report = json.loads(run("replay", "--items", lines, "--to", "http", "--url", service.url, "--json").stdout)
    assert report["acknowledged"] == report["sent"] == 2500
    token = service.curl("/v1/items", "PATCH", [{"item": "i1", "price": 7}, {"item": "none", "price": 1}]).json["token"]
    assert service.get(f"/v1/items/i1?after={token}").json["price"] == 7
    service.kill()
    service.start()
    exported = [json.loads(line) for line in run("items", "export", "--url", service.url).stdout.splitlines()]
    assert {item["item"] for item in exported} == {item["item"] for item in items}
    kept = {item["item"]: item for item in exported}
    assert kept["i1"]["price"] == 7 and kept["i2"]["attributes"] == {"tags": ["x", "2"]}
    assert [kept[item["item"]]["available"] for item in items] == [item["available"] for item in items]
    assert not has(service, "none")


def test_what_is_acknowledged_is_in_the_catalogue_and_no_larger_than_items_may_be(freshet):
    service = freshet("[catalogue]\nvectors = { " + ", ".join(f"v{n} = 4096" for n in range(20)) + " }\n")
    vectors = {f"v{n}": [0.1] * 4096 for n in range(20)}
    for sent in ({"": "x"}, {"": {"color": "red"}}, {"a": nested(61)}, {f"l{n}": [1] * 8192 for n in range(31)}):
        assert service.curl("/v1/items/i", "PUT", sent).status == 400
    for sent in ({"a": nested(60)}, {"vectors": vectors}, {f"l{n}": [1] * 8192 for n in range(15)}):
        token = service.curl("/v1/items/i", "PUT", sent).json["token"]
        stored = service.get(f"/v1/items/i?after={token}").json
        assert stored["attributes"].keys() == sent.keys() - {"vectors"}
        assert stored.get("vectors", {}).keys() == sent.get("vectors", {}).keys()
    for n in range(3):
        patch = {f"a{n}-{m}": "x" * 100 for m in range(60)}
        token = service.curl("/v1/items/i", "PATCH", patch).json["token"]
    assert len(service.get(f"/v1/items/i?after={token}").json["attributes"]) == 15 + 60
    assert 'freshet_ingest_item_changes_total{result="oversized_patch"} 2' in service.get("/metrics").body
    logged = service.log_path.read_text()
    assert logged.count("a patch is left out") == 1 and "135 entries, at most 128" in logged


def test_an_export_of_long_vectors_is_what_replay_takes(freshet, tmp_path):
    service = freshet("[catalogue]\nvectors = { " + ", ".join(f"v{n} = 4096" for n in range(20)) + " }\n")
    vectors = {f"v{n}": [0.1, -0.0, 1e-45, 3e38] * 1024 for n in range(20)}
    sent = {"price": 123456789012345680000.0, "vectors": vectors, "size": 9007199254740994.0}
    token = service.curl("/v1/items/i", "PUT", sent).json["token"]
    service.get(f"/v1/items/i?after={token}")
    exported = tmp_path / "exported.jsonl"
    exported.write_text(run("items", "export", "--url", service.url).stdout)
    token = service.curl("/v1/items/i", "DELETE").json["token"]
    assert service.get(f"/v1/items/i?after={token}").status == 404
    run("replay", "--items", exported, "--to", "http", "--url", service.url)
    wait_until(lambda: has(service, "i"), "the item in the catalogue")
    assert run("items", "export", "--url", service.url).stdout == exported.read_text()


def nested(depth):
    return json.loads("[" * depth + "1" + "]" * depth)


def test_an_export_asks_for_less_where_a_page_is_too_large(freshet, tmp_path):
    service = freshet("[serve]\nmax_answer_bytes_total = \"16MiB\"\n[catalogue]\nvectors = { image = 4096 }\n")
    items = [{"item": f"i{n:03}", "sku": 9007199254740993, "deep": nested(60), "vectors": {"image": [n + 0.5] * 4096}}
             for n in range(999)]
    lines = tmp_path / "items.jsonl"
    lines.write_text("".join(json.dumps(item) + "\n" for item in items))
    run("replay", "--items", lines, "--to", "http", "--url", service.url)
    wait_until(lambda: service.status()["history"]["lag_events"] == 0, "the items in the catalogue")
    exported = tmp_path / "exported.jsonl"
    exported.write_text(run("items", "export", "--url", service.url).stdout)
    kept = [json.loads(line) for line in exported.read_text().splitlines()]
    assert [(item["item"], item["attributes"]["sku"], item["vectors"]["image"][0]) for item in kept] == \
        [(item["item"], item["sku"], item["vectors"]["image"][0]) for item in items]
    run("replay", "--items", exported, "--to", "http", "--url", service.url)
    service.stop()
    nobody = run("items", "export", "--url", service.url, check=False)
    assert nobody.returncode == 2 and f"{service.url}/v1/items?limit=1000: Connection refused" in nobody.stderr


def test_a_feed_with_a_line_that_is_no_item_fails_after_the_others(freshet, tmp_path):
    service, items, clicks = freshet(), tmp_path / "items.csv", tmp_path / "clicks.tsv"
    clicks.write_text("s\ta\t1700000000\ns\tb\t1700000001\ns\ta\t1700000002\n")
    replay = ("replay", "--items", items, "--to", "http", "--url", service.url)
    evaluate = ("evaluate", clicks, "--columns", "session,item,time", "--items", items)
    items.write_bytes(b"item,title,price\na,Mug,9\nb,M\xfcg,9\nc,Mug,cheap\nd,Mug,3\n")
    for command in (replay, evaluate):
        some = run(*command, check=False)
        assert some.returncode == (1 if command == replay else 0)
        assert f"{items}:3: not valid UTF-8" in some.stderr and f'{items}:4: price: "cheap" is not a number' in some.stderr
    wait_until(lambda: has(service, "a") and has(service, "d"), "the other items")
    for text, reason in (("", "no items: the file is empty"), ("item,price\n,1\n", "no items: every line was skipped, 1 in all")):
        items.write_text(text)
        for command in (replay, evaluate):
            none = run(*command, check=False)
            assert none.returncode == 1 and reason in none.stderr


def stream(service, path, lines, method="POST"):
    """NDJSON in chunks, of one request: the status and the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=300)
    headers = {"Content-Type": "application/x-ndjson", "Transfer-Encoding": "chunked"}
    connection.request(method, path, body=lines, headers=headers, encode_chunked=True)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    return answer.status, body


def test_a_catalogue_of_any_length_is_one_request(freshet):
    service = freshet()
    items, rounds, text = 3_000, 100, "Holds tea. " * 40
    resident = []

    def lines():
        for version in range(rounds):
            chunk = "".join(json.dumps({"item": f"i{n}", "text": text, "version": version}) + "\n" for n in range(items))
            if version == rounds // 2:
                chunk += "{}\nnot an item\n" + json.dumps({"item": "long", "text": "x" * (20 << 20)}) + "\n"
            resident.append(service.resident_mib())
            yield chunk.encode()

    stream(service, "/v1/items", [json.dumps({"item": f"i{n}", "text": text}).encode() + b"\n" for n in range(items)])
    status, answer = stream(service, "/v1/items", lines())
    assert status == 202 and answer["accepted"] == items * rounds, answer
    middle = items * (rounds // 2 + 1)
    assert [entry["index"] for entry in answer["rejected"]] == [middle, middle + 1, middle + 2]
    assert "longer than 1048576 bytes" in answer["rejected"][2]["error"]
    first, second = resident[:rounds // 2], resident[rounds // 2:]
    assert max(second) - max(first) < 35, f"MiB, of 70 MiB that were sent meanwhile: {resident}"
    last = f"/v1/items/i{items - 1}?after={answer['token']}"
    wait_until(lambda: service.get(last).status == 200, "all records in the catalogue")
    assert service.get(last).json["attributes"]["version"] == rounds - 1
    exported = [json.loads(line) for line in run("items", "export", "--url", service.url).stdout.splitlines()]
    assert {item["item"] for item in exported} == {f"i{n}" for n in range(items)}
    assert {item["attributes"]["version"] for item in exported} == {rounds - 1}


def test_two_instances_have_one_catalogue_from_kafka(freshet, broker, topic):
    broker.produce(topic, shop_sessions(50))
    config = kafka_config(broker, topic)
    one, two = freshet(config, name="one"), freshet(config, name="two")
    token = put(one, "mug", title="Mug", price=4)
    assert "s-" in token
    wait_until(lambda: has(two, "mug"), "the item in the other instance")
    for field, value in (("price", 5), ("color", "red")):
        assert one.curl("/v1/items/mug", "PATCH", {field: value}).status == 202
    wait_until(lambda: two.get("/v1/items/mug").json["attributes"] == {"color": "red"}, "the patches")
    assert two.get("/v1/items/mug").json["price"] == 5
    assert one.curl("/v1/items/none", "PATCH", {"price": 1}).status == 404

    # As change data capture writes it: the plain row, and a tombstone.
    subprocess.run(["kcat", "-P", "-Z", "-b", broker.url, "-t", f"{topic}-state", "-K", "\t"],
                   input='cup\t{"title":"Cup","stock":3}\nmug\t\n', text=True, check=True, timeout=60)
    for service in (one, two):
        wait_until(lambda: has(service, "cup") and not has(service, "mug"), "the row and the tombstone")
    # A producer that knows the events topic only.
    broker.produce(topic, ['{"type":"$item","op":"put","item":"pan","fields":{"price":30}}'], key=False)
    for service in (one, two):
        wait_until(lambda: has(service, "pan"), "the record among the events")

    late = freshet(config, name="late")
    wait_until(lambda: has(late, "pan") and has(late, "cup"), "a new instance has the whole catalogue")
    assert not has(late, "mug")
