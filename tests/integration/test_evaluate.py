# SPDX-License-Identifier: Apache-2.0
"""`freshet evaluate`: its protocol, against an independent reading of docs/evaluate.md."""

import math
import random

import pytest

from evaluation import COLUMNS, WEIGHTLESS, Evaluation, shop, write
from freshet_process import run

CUTOFFS = (5, 10, 20)


def scored_events(rows, gap):
    """What docs/evaluate.md says is scored: [(position, target, never seen before)]."""
    ids, known, sessions, scored = set(), set(), {}, []
    for position, row in enumerate(rows, start=1):
        if row["id"]:
            if row["id"] in ids:
                continue
            ids.add(row["id"])
        if row["type"] in WEIGHTLESS:
            continue
        owner = ("session", row["session"]) if row["session"] else ("user", row["user"])
        last_item, last_time = sessions.get(owner, (None, row["time"]))
        if gap and row["time"] - last_time > gap:
            last_item = None
        if last_item not in (None, row["item"]):
            scored.append((position, row["item"], row["item"] not in known))
        known.add(row["item"])
        sessions[owner] = (row["item"], max(last_time, row["time"]))
    return scored


def metrics(ranks):
    """Of one part over the scored events with these ranks."""
    result = {}
    for cutoff in CUTOFFS:
        hits = [rank for rank in ranks if rank is not None and rank <= cutoff]
        count = max(1, len(ranks))
        result[f"hr@{cutoff}"] = result[f"recall@{cutoff}"] = len(hits) / count
        result[f"mrr@{cutoff}"] = sum(1 / rank for rank in hits) / count
        result[f"ndcg@{cutoff}"] = sum(1 / math.log2(rank + 1) for rank in hits) / count
    result["candidate_recall"] = sum(rank is not None for rank in ranks) / max(1, len(ranks))
    return result


@pytest.mark.parametrize("gap", [1800, 0])
def test_events_scored_and_metrics_agree_with_an_independent_count(tmp_path, gap):
    rows = shop(6000, seed=1)
    evaluation = Evaluation(tmp_path, write(tmp_path / "shop.tsv", rows), "--session-gap", gap)
    report, expected = evaluation.report, scored_events(rows, gap)
    assert list(evaluation.ranks) == [(position, target) for position, target, _ in expected]
    assert report["events"] == len(rows)
    assert report["scored"] == len(expected) > 2500
    unseen = [never_seen for _, _, never_seen in expected]
    assert report["unseen_targets"] == sum(unseen) > 20
    newest, late = 0, 0
    for row in rows:
        late += row["time"] < newest
        newest = max(newest, row["time"])
    assert report["out_of_order"] == late > 0
    for never_seen, ranks in zip(unseen, evaluation.ranks.values(), strict=True):
        assert not never_seen or set(ranks.values()) == {None}

    bounds = [len(expected) * tenth // 10 for tenth in range(11)]
    assert report["unseen_targets_in_tenths"] == [sum(unseen[a:b]) for a, b in zip(bounds, bounds[1:])]
    assert list(report["whole"]) == list(report["last_tenth"]) == evaluation.parts
    assert "lstm" in evaluation.parts and evaluation.parts[-1] == "blend"
    for part in evaluation.parts:
        ranks = [of_parts[part] for of_parts in evaluation.ranks.values()]
        whole = dict(report["whole"][part])
        if part == "content":  # without a catalogue it has nothing to say
            assert set(ranks) == {None} and set(whole.values()) == {0}
            continue
        assert 0 < whole.pop("coverage") <= 1
        assert whole == pytest.approx(metrics(ranks), abs=1e-12)
        assert whole["hr@20"] > 0
        assert report["last_tenth"][part] == report["tenths"][9][part]
        for tenth, (a, b) in enumerate(zip(bounds, bounds[1:])):
            assert report["tenths"][tenth][part] == pytest.approx(metrics(ranks[a:b]), abs=1e-12)


def test_the_same_seed_gives_the_same_ranks_and_another_one_others(tmp_path):
    stream = write(tmp_path / "shop.tsv", shop(2500, seed=2))
    first, second = Evaluation(tmp_path, stream), Evaluation(tmp_path, stream)
    other = Evaluation(tmp_path, stream, "--seed", 7)
    assert first.text == second.text
    assert first.report["whole"] == second.report["whole"]
    assert (first.report["seed"], other.report["seed"]) == (1, 7)
    assert first.text != other.text


def test_shuffling_the_future_changes_no_rank_before_it(tmp_path):
    rows = shop(2500, seed=3)
    now = 1500
    future = rows[now:]
    random.Random(3).shuffle(future)
    first = Evaluation(tmp_path, write(tmp_path / "as-recorded.tsv", rows))
    second = Evaluation(tmp_path, write(tmp_path / "shuffled.tsv", rows[:now] + future))
    past = [{event: ranks for event, ranks in run.ranks.items() if event[0] <= now} for run in (first, second)]
    assert past[0] == past[1] and len(past[0]) > 500
    assert first.ranks != second.ranks


def test_skip_and_limit_take_a_stretch_of_the_stream(tmp_path):
    rows = shop(1200, seed=4)
    both_files = (write(tmp_path / "1.tsv", rows[:600]), write(tmp_path / "2.tsv", rows[600:]))
    stretch = Evaluation(tmp_path, *both_files, "--skip", 500, "--limit", 400)
    expected = scored_events(rows[500:900], 1800)
    assert [(position - 500, target) for position, target in stretch.ranks] == [event[:2] for event in expected]
    assert stretch.report["events"] == 400


def test_a_test_set_is_scored_but_never_learned(tmp_path):
    rows = shop(5000, seed=5, both=True)
    train, test = rows[:3500], [dict(row, session=row["session"] + "-later") for row in rows[3500:]]
    sessions = sorted({row["session"] for row in test})
    random.Random(5).shuffle(sessions)
    reordered = [row for session in sessions for row in test if row["session"] == session]
    paths = write(tmp_path / "train.tsv", train), write(tmp_path / "test.tsv", test)
    straight = Evaluation(tmp_path, "--train", paths[0], "--test", paths[1])
    other = Evaluation(tmp_path, "--train", paths[0], "--test", write(tmp_path / "reordered.tsv", reordered))
    # Learned from, other sessions' test events would show in the ranks.
    by_event = [sorted((events[position - 1]["session"], events[position - 1]["time"], target, str(ranks))
                       for (position, target), ranks in evaluation.ranks.items())
                for evaluation, events in ((straight, test), (other, reordered))]
    assert by_event[0] == by_event[1] and len(by_event[0]) > 300

    known = {row["item"] for row in train if row["type"] not in WEIGHTLESS}
    assert straight.report["unseen_targets"] == 0
    assert all(target in known for _, target in straight.ranks)
    assert straight.report["whole"]["blend"]["hr@20"] > straight.report["whole"]["popularity"]["hr@20"]


def test_parts_can_be_left_out(tmp_path):
    stream = write(tmp_path / "shop.tsv", shop(1500, seed=6))
    few = Evaluation(tmp_path, stream, "--parts", "covisitation,popularity")
    assert few.parts == ["popularity", "covisitation", "blend"]


def test_an_evaluation_of_nothing_fails_with_the_reasons(tmp_path):
    stream, other = tmp_path / "clicks.tsv", tmp_path / "other.tsv"
    other.write_text("s\ta\t1\ns\tb\t2\n")
    columns = ("--columns", "session,item,time")
    for text, said in (("", f"{stream}: no events: the file is empty"), ("s\ta\n", f"{stream}:1: 2 columns, expected 3"),
                       ("s\ta\t1\nt\tb\t2\n", "no event was scored")):
        stream.write_text(text)
        nothing = run("evaluate", stream, *columns, check=False)
        assert nothing.returncode == 1 and said in nothing.stderr, (text, nothing.stderr)
    stream.write_text("")
    for sets in (("--train", other, "--test", stream), ("--train", stream, "--test", other)):
        nothing = run("evaluate", *sets, *columns, check=False)
        assert nothing.returncode == 1 and f"{stream}: no events" in nothing.stderr, nothing.stderr


def test_what_makes_no_sense_is_refused_with_a_reason(tmp_path):
    stream = write(tmp_path / "shop.tsv", shop(30, seed=9))
    columns = ("--columns", ",".join(COLUMNS))
    for arguments, said in (((), "recorded streams"), (("--train", stream), "--test"),
                            (("--train", stream, "--test", stream, "--limit", 3), "--limit"),
                            ((stream, "--session-gap", "500ms"), "--session-gap"),
                            ((stream, "--parts", "lstm,gru"), "gru"),
                            ((stream, "--against", "http://127.0.0.1:1"), "does not answer"),
                            ((stream, "--lockstep"), "--against"),
                            ((tmp_path / "absent.tsv",), "absent.tsv")):
        refused = run("evaluate", *arguments, *columns, check=False)
        assert refused.returncode == 2 and said in refused.stderr, (arguments, refused.stderr)


def test_the_table_and_the_plot_show_every_part(tmp_path):
    stream = write(tmp_path / "shop.tsv", shop(1500, seed=10))
    plot = tmp_path / "quality.svg"
    evaluation = Evaluation(tmp_path, stream, "--plot", plot)
    for part in evaluation.parts:
        assert part in evaluation.output.stdout and part in plot.read_text()
    for shown in ("events/s", "peak memory", "seed 1", "coverage", "10/10", "NDCG@10"):
        assert shown in evaluation.output.stdout
