# SPDX-License-Identifier: Apache-2.0
"""/openapi.json is a valid OpenAPI 3.0 document that client generators read, and the running service does what it says."""

import importlib
import os
import subprocess
import sys

import pytest
from openapi_spec_validator import validate

from freshet_process import new_key
from test_embedded import shop_sessions

TOOLS = os.path.dirname(sys.executable)


@pytest.fixture
def document(freshet):
    return freshet().get("/openapi.json").json


def test_the_document_is_valid(document):
    assert document["openapi"].startswith("3.0.")
    validate(document)


def objects_in(value):
    if isinstance(value, list):
        for entry in value:
            yield from objects_in(entry)
    elif isinstance(value, dict):
        yield value
        for entry in value.values():
            yield from objects_in(entry)


def test_generators_of_3_0_can_read_the_document(document):
    for value in objects_in(document):
        # Lists of types, "null" and constants are of 3.1.
        assert not isinstance(value.get("type"), list) and value.get("type") != "null", value
        assert "const" not in value, value


def test_parameters_are_defined_once(document):
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    for operation in operations:
        for parameter in operation.get("parameters", []):
            assert list(parameter) == ["$ref"], parameter
    defined = [(p["name"], p["in"], p["schema"]) for p in document["components"]["parameters"].values()]
    assert all(defined.count(parameter) == 1 for parameter in defined)


def test_names_are_distinct(document):
    # Generators name files after components and operations, also on file systems that ignore case.
    components = document["components"]
    names = [name.lower() for kind in ("schemas", "parameters") for name in components[kind]]
    operations = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(set(names)) == len(names)
    assert len(set(operations)) == len(operations)


def test_a_generated_client_speaks_to_the_service(freshet, tmp_path, monkeypatch):
    keys = tmp_path / "keys"
    key = new_key(keys, "tester", "read,write,admin")
    service = freshet(f'[serve]\nkeys_file = "{keys}"\n')
    (tmp_path / "openapi.json").write_text(service.get("/openapi.json").body)
    (tmp_path / "generator.yml").write_text("package_name_override: freshet_client\npost_hooks: []\n")
    generated = subprocess.run(
        [os.path.join(TOOLS, "openapi-python-client"), "generate", "--path", "openapi.json", "--meta", "none",
         "--config", "generator.yml", "--output-path", "freshet_client", "--fail-on-warning"],
        capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert generated.returncode == 0, generated.stdout + generated.stderr
    monkeypatch.syspath_prepend(tmp_path)

    def operation(group, name):
        return importlib.import_module(f"freshet_client.api.{group}.{name}")

    models = importlib.import_module("freshet_client.models")
    client = importlib.import_module("freshet_client").AuthenticatedClient(base_url=service.url, token=key)

    events = [models.Event(item=item, session="s", user="u") for item in ("a", "b", "a", "b")]
    receipt = operation("events", "post_events").sync(client=client, body=events)
    assert receipt.accepted == 4 and receipt.rejected == []
    list_for_user = operation("recommendations", "recommend_user")
    answer = list_for_user.sync("u", client=client, k=5, explain=True, after=receipt.token)
    assert isinstance(answer, models.List) and len(answer.request) == 16
    put = operation("items", "put_item").sync("a", client=client, body=models.ItemFields(title="A", price=9.5))
    assert put.accepted == 1
    get = operation("items", "get_item")
    assert get.sync("a", client=client, after=put.token).price == 9.5
    patched = operation("items", "patch_item").sync("a", client=client, body=models.ItemPatch(title=None))
    assert get.sync("a", client=client, after=patched.token).title == ""
    refused = list_for_user.sync_detailed("u", client=client, k=0)
    assert refused.status_code == 400
    assert isinstance(refused.parsed, models.Problem) and refused.parsed.detail.startswith("k: expected an integer")
    assert operation("operations", "status").sync(client=client).learner.last_checkpoint is None


def test_schemathesis_finds_no_difference(freshet, tmp_path):
    # A busy test machine must not be taken for a faulty server: nothing is shed, nothing times out.
    keys = tmp_path / "keys"
    key = new_key(keys, "tester", "read,write,admin")
    service = freshet(f'[serve]\nevents_timeout = "5m"\nkeys_file = "{keys}"\n')
    service.key = key
    service.send(*shop_sessions(20))
    result = subprocess.run(
        [os.path.join(TOOLS, "schemathesis"), "run", service.url + "/openapi.json",
         "--header", f"Authorization: Bearer {key}",
         # A schema cannot express, in either direction: the items 1 and "1" are the same, ids are limited in bytes, an
         # event needs a user or a session, a token lies in the future, there is no 30 February.
         "--exclude-checks", "positive_data_acceptance,negative_data_rejection",
         "--max-examples", os.environ.get("FRESHET_SCHEMATHESIS_EXAMPLES", "25"), "--seed", "1"],
        capture_output=True, text=True, cwd=tmp_path, timeout=600)
    assert result.returncode == 0, result.stdout[-30000:] + result.stderr[-2000:]
