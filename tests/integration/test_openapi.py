"""/openapi.json is a valid OpenAPI 3.1 document, and the running service does what it says."""

import os
import subprocess
import sys

from openapi_spec_validator import validate

from freshet_process import new_key
from test_embedded import shop_sessions


def test_the_document_is_valid(freshet):
    validate(freshet().get("/openapi.json").json)


def test_schemathesis_finds_no_difference(freshet, tmp_path):
    # A busy test machine must not be taken for a faulty server: nothing is shed, nothing times out.
    keys = tmp_path / "keys"
    key = new_key(keys, "tester", "read,write,admin")
    service = freshet(f'[serve]\nshed_delay = "1m"\nevents_timeout = "5m"\nkeys_file = "{keys}"\n')
    service.key = key
    service.send(*shop_sessions(20))
    result = subprocess.run(
        [os.path.join(os.path.dirname(sys.executable), "schemathesis"), "run", service.url + "/openapi.json",
         "--header", f"Authorization: Bearer {key}",
         # What a schema cannot say, both ways: items 1 and "1" are the same, ids are limited in bytes, a token lies in the
         # future, there is no 30 February.
         "--exclude-checks", "positive_data_acceptance,negative_data_rejection",
         "--max-examples", os.environ.get("FRESHET_SCHEMATHESIS_EXAMPLES", "25"), "--seed", "1"],
        capture_output=True, text=True, cwd=tmp_path, timeout=600)
    assert result.returncode == 0, result.stdout[-30000:] + result.stderr[-2000:]
