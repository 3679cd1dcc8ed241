# SPDX-License-Identifier: Apache-2.0
"""`freshet ope`: agreement with the Open Bandit Pipeline, reading of logs, and refusals."""

import gzip
import json
import math
import random
import sys

import pytest

from freshet_process import ROOT, run

sys.path.insert(0, str(ROOT / "tests/integration/open_bandit"))
import obp_estimates as obp  # noqa: E402

COLUMNS = ("--policy", "column:candidate", "--prediction", "predicted", "--expected-prediction", "expected")


def ope(*arguments):
    return json.loads(run("ope", *arguments, "--json", "-", "--bootstrap", 50).stdout)


def refusal(*arguments, code=1):
    result = run("ope", *arguments, check=False)
    assert result.returncode == code and result.stdout == "", (result.returncode, result.stdout, result.stderr)
    return result.stderr


def our_estimates(log):
    """What freshet says, under the names of obp_estimates()."""
    def values(*arguments):
        report = ope(log, *COLUMNS, *arguments)
        return {name: estimate["value"] for name, estimate in report["estimates"].items()}, report["lambda"]

    plain, lambda_ = values()
    clipped, _ = values("--max-weight", obp.CLIP)
    shrunk = {f"DRos {value}": values("--lambda", value)[0]["DRos"] for value in obp.LAMBDAS}
    return {"IPS": plain["IPS"], "IPS clipped": clipped["IPS"], "SNIPS": plain["SNIPS"], "DM": plain["DM"],
            "DR": plain["DR"], "DR clipped": clipped["DR"], **shrunk, "DRos tuned": plain["DRos"], "lambda": lambda_}


def agree(ours, theirs):
    assert ours.pop("lambda") == theirs.pop("lambda")
    assert ours == pytest.approx(theirs, abs=1e-9)


def test_estimates_equal_those_that_obp_made():
    agree(our_estimates(obp.LOG), json.loads(obp.EXPECTED.read_text()))


def test_estimates_equal_those_that_obp_makes(tmp_path):
    pytest.importorskip("obp", reason="obp is not installed: it needs Python before 3.11, scikit-learn and PyTorch")
    for seed in range(2, 5):
        made = obp.synthetic(seed)
        obp.write_log(tmp_path / "log.tsv", *made)
        agree(our_estimates(tmp_path / "log.tsv"), obp.obp_estimates(*made))


def world(path, rounds=4000, seed=1, header=True):
    """Two policies on four items with click rates .1, .2, .3, .4: one uniform, one that prefers the last."""
    chance = random.Random(seed)
    policies = {"uniform": [0.25] * 4, "good": [0.1, 0.1, 0.2, 0.6]}
    with gzip.open(path, "wt") as log:
        if header:
            print("item", "time", "type", "propensity", "position", "policy", sep="\t", file=log)
        for i in range(rounds):
            policy = ("uniform", "good")[i % 2]
            item = chance.choices(range(4), policies[policy])[0]
            event = "click" if chance.random() < (item + 1) / 10 else "impression"
            fields = [f"i{item}", 1_600_000_000 + i, event, policies[policy][item], 1, policy]
            print(*([] if header else ["-"]), *fields, sep="\t", file=log)
    return path


GOOD, UNIFORM = 0.1 * 0.1 + 0.1 * 0.2 + 0.2 * 0.3 + 0.6 * 0.4, 0.25


def test_one_policy_is_evaluated_on_the_log_of_the_other(tmp_path):
    log = world(tmp_path / "log.tsv.gz")
    for logger, policy, truth in (("uniform", "logged:good", GOOD), ("good", "logged:uniform", UNIFORM),
                                  ("good", "uniform", UNIFORM)):
        report = ope(log, "--logger", logger, "--policy", policy)
        assert report["lists"] == report["rounds"] == report["clusters"] == 2000
        for name, estimate in report["estimates"].items():
            assert estimate["value"] == pytest.approx(truth, abs=0.05), (logger, policy, name)
            assert name == "DM" or estimate["bootstrap"][0] < truth < estimate["bootstrap"][1]
        low, high = report["estimates"]["IPS"]["anytime"]
        assert low < truth < high
        assert report["mean_weight"] == pytest.approx(1, abs=0.1) and report["uncovered"] == 0
    same = ope(log, "--policy", "logged:good")  # without --logger: on all other lists
    assert same["logger"] == "uniform" and same["learned_lists"] == 2000


def test_a_log_without_a_header_and_one_with_other_columns_say_the_same(tmp_path):
    first = ope(world(tmp_path / "first.tsv.gz"), "--logger", "uniform")
    second = ope(world(tmp_path / "second.tsv.gz", header=False), "--logger", "uniform")
    assert first["estimates"] == second["estimates"]
    text = gzip.open(tmp_path / "second.tsv.gz", "rt").read().replace("\t", ",").replace("-,i", "i")
    (tmp_path / "third.csv").write_text(text)
    third = ope(tmp_path / "third.csv", "--logger", "uniform", "--columns", "item,time,type,propensity,position,policy")
    assert third["estimates"] == first["estimates"]


def test_learned_candidates_are_evaluated_on_later_lists(tmp_path):
    log = world(tmp_path / "log.tsv.gz", rounds=8000)
    popular = ope(log, "--logger", "uniform", "--policy", "popular")
    assert popular["learned_lists"] == popular["lists"] == 2000
    assert popular["estimates"]["DR"]["value"] == pytest.approx(0.4, abs=0.06)
    softmax = ope(log, "--logger", "uniform", "--policy", "softmax:0.1", "--learn-share", 0.25)
    assert softmax["learned_lists"] == 1000 and softmax["lists"] == 3000
    assert 0.25 < softmax["estimates"]["DR"]["value"] < popular["estimates"]["DR"]["value"]
    assert softmax["estimates"]["DR"]["difference"][0] > 0


def served_lists(path, lists=3000, seed=1):
    """Lists of two of three items, drawn without replacement with weights 3, 2, 1; item c earns most."""
    chance = random.Random(seed)
    weights, rates = {"a": 3, "b": 2, "c": 1}, {"a": 0.1, "b": 0.2, "c": 0.5}
    with open(path, "w") as out:
        for number in range(lists):
            left, items = dict(weights), []
            for position in (1, 2):
                item = chance.choices(list(left), list(left.values()))[0]
                items.append({"item": item, "position": position, "propensity": left[item] / sum(left.values()),
                              "explored": True, "actions": {"view": int(chance.random() < rates[item])}})
                del left[item]
            print(json.dumps({"list": f"l{number}", "time": 1_600_000_000_000 + number, "placement": "home", "arm": "a",
                              "policy": "softmax", "snapshot": 1, "owner": f"u{number % 1000}", "items": items}), file=out)
    return path


def test_served_lists_are_weighed_by_the_steps_that_made_them(tmp_path):
    report = ope(served_lists(tmp_path / "served.jsonl"), "--rewards", "view=1")
    assert (report["lists"], report["rounds"], report["clusters"]) == (3000, 6000, 1000)
    truth = 2 * (0.1 + 0.2 + 0.5) / 3  # of two places, each item is as likely in both
    for name in ("IPS", "SNIPS", "DR", "DRos"):
        estimate = report["estimates"][name]
        assert estimate["value"] == pytest.approx(truth, abs=0.05), name
    assert report["logged"]["value"] < truth - 0.05
    low, high = report["estimates"]["IPS"]["anytime"]
    assert low < truth < high


@pytest.mark.parametrize("change,said", [
    (lambda row: row[:3] + [""] + row[4:], "no round has a propensity"),
    (lambda row: row[:3] + ["0"] + row[4:], "have a propensity that is not above 0 and at most 1; the first is"),
    (lambda row: row[:3] + ["nan"] + row[4:], "no round has a propensity"),
    (lambda row: row[:3] + ["1.5"] + row[4:], "not above 0 and at most 1"),
    (lambda row: row[:3] + ["1"] + row[4:], "every propensity is 1"),
    (lambda row: row[:2] + ["impression"] + row[3:], "no round has a reward"),
    (lambda row: ["i0"] + row[1:], "one action only")])
def test_a_log_that_cannot_say_is_refused_with_the_reason(tmp_path, change, said):
    lines = gzip.open(world(tmp_path / "log.tsv.gz"), "rt").read().splitlines()
    changed = [lines[0]] + ["\t".join(change(line.split("\t"))) for line in lines[1:]]
    (tmp_path / "changed.tsv").write_text("\n".join(changed))
    assert said in refusal(tmp_path / "changed.tsv")


def test_a_candidate_that_goes_where_the_log_does_not_is_refused(tmp_path):
    (tmp_path / "empty.tsv").write_text("item\ttime\ttype\tpropensity\tposition\tpolicy\n")
    assert "the log has no rounds" in refusal(tmp_path / "empty.tsv")
    (tmp_path / "nothing.tsv").write_text("")
    assert "the log has no rounds" in refusal(tmp_path / "nothing.tsv")
    log = tmp_path / "log.tsv"
    rows = [f"{'abc'[i % 3] if i < 2500 else 'd'}\tclick\t0.25\t{'shown' if i < 2500 else 'new'}\n" for i in range(5000)]
    log.write_text("item\ttype\tpropensity\tpolicy\n" + "".join(rows))
    assert "100.0 % of the candidate policy's choices are ones that the logging policy never makes" in refusal(
        log, "--policy", "logged:new")
    few = tmp_path / "few.tsv"
    few.write_text("item\ttype\tpropensity\n" + "a\tclick\t0.5\nb\tclick\t0.5\n" * 10)
    assert "the effective sample size is 20.0, at least 30 are needed" in refusal(few)
    assert ope(few, "--min-effective", 10)["effective_sample_size"] == pytest.approx(20)


def test_what_cannot_be_read_is_an_error_that_names_the_line(tmp_path):
    log = tmp_path / "log"
    row = "a\tclick\t0.5\n"
    for text, said in (("item\ttype\tpropensity\n" + row + "a\tclick\n", "log:3: 2 columns, expected 3"),
                       ("item\ttype\tpropensity\n" + row + "a\tclick\tmuch\n", 'log:3: propensity: "much" is not a number'),
                       ('{"items": [{"item": "a", "propensity": "x"}]}', "log:1: items[0]: propensity: is not a number"),
                       ('{"items": [{"item": "a"}]}\n{"items": 1}', "log:2: items: not an array"),
                       ('{"items": [', "log:1: not JSON")):
        log.write_text(text)
        assert said in refusal(log, code=2), text
    log.write_text("item\ttype\tpropensity\n" + row)
    for arguments, said in ((("--policy", "best"), "is not a policy"), (("--policy", "softmax:0"), "temperature"),
                            (("--policy", "logged:x"), "the log names no policies"), (("--columns", "itm"), '"item"?'),
                            (("--policy", "column:x"), 'the column "x" is missing'), (("--rewards", "click"), "TYPE=REWARD"),
                            (("--prediction", "x"), "both"), (("--level", "nan"), "--level")):
        assert said in refusal(log, *arguments, code=2), arguments


def test_clipping_is_never_silent(tmp_path):
    log = world(tmp_path / "log.tsv.gz")
    text = run("ope", log, "--logger", "uniform", "--policy", "logged:good", "--max-weight", 1).stdout
    assert "weights were clipped at 1," in text and "WARNING" in text
    assert "no weight was clipped" in run("ope", log, "--logger", "uniform").stdout
    report = ope(log, "--logger", "uniform", "--policy", "logged:good", "--max-weight", 1)
    assert report["clipped_rounds"] > 0 and 0 < report["clipped_share"] < 1
    assert report["largest_weight"] > 2 and math.isclose(report["max_weight"], 1)


def test_the_same_seed_gives_the_same_report(tmp_path):
    log = world(tmp_path / "log.tsv.gz")
    assert ope(log, "--seed", 3) == ope(log, "--seed", 3)
    assert ope(log, "--seed", 3)["estimates"] != ope(log, "--seed", 4)["estimates"]
