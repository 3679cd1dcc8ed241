"""`freshet evaluate`: its protocol against an independent reading of docs/evaluate.md, and a running service against it."""

import json
import math
import random

import pytest

from freshet_process import run, wait_until

CUTOFFS = (5, 10, 20)
COLUMNS = ("session", "user", "item", "time", "type", "id", "value")
WEIGHTLESS = {"impression", "dislike"}
START = 1_600_000_000


def shop(events, seed, items=80, owners=40, both=False):
    """Clicks of sessions that go on at the same time and mostly follow a favourite path, with everything that a real log
    has: repeats, pauses, events twice, late events, events that teach nothing, users, sessions, and both at once."""
    chance = random.Random(seed)
    follower = {item: chance.randrange(items) for item in range(items)}
    at = {}
    time, rows = START, []
    for number in range(events):
        if rows and chance.random() < 0.02:
            rows.append(dict(rows[-1 - chance.randrange(min(len(rows), 20))]))
            continue
        owner = chance.randrange(owners)
        step = chance.random()
        item = at.get(owner, 0)
        if step < 0.65:
            item = follower[item]
        elif step < 0.92:
            item = chance.randrange(items) if chance.random() < 0.95 else items + number
        at[owner] = item if item < items else 0
        time += chance.randrange(40)
        if chance.random() < 0.004:
            time += 2400
        has_session = both or owner % 3 != 0
        rows.append({
            "session": f"s{owner}" if has_session else "",
            "user": f"u{owner // 2}" if both or owner % 3 != 1 else "",
            "item": f"i{item}",
            "time": time - (600 if chance.random() < 0.01 else 0),
            "type": chance.choice(["view"] * 8 + ["cart", "impression", "dislike", "never heard of"]),
            "id": f"e{number}" if chance.random() < 0.5 else "",
            "value": chance.random(),
        })
    return rows


def write(path, rows, columns=COLUMNS):
    path.write_text("".join("\t".join(str(row[column]) for column in columns) + "\n" for row in rows))
    return path


class Evaluation:
    """One run of the command: its report and its predictions, (position, target) -> {part: rank or None}."""

    def __init__(self, directory, *arguments, columns=COLUMNS):
        report, predictions = directory / "report.json", directory / "predictions.tsv"
        self.output = run("evaluate", *arguments, "--columns", ",".join(columns), "--json", report, "--predictions",
                          predictions, timeout=300)
        self.report = json.loads(report.read_text())
        header, *lines = [line.split("\t") for line in predictions.read_text().splitlines()]
        assert header[:2] == ["position", "target"]
        self.parts = header[2:]
        self.text = predictions.read_text()
        self.ranks = {(int(line[0]), line[1]): {part: None if rank == "-" else int(rank)
                                                for part, rank in zip(self.parts, line[2:], strict=True)}
                      for line in lines}
        assert len(self.ranks) == len(lines)


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
    assert report["scored"] == len(expected) > 3000
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


LIVE_COLUMNS = {
    "session": ("session", "item", "time", "type"),
    "user": ("user", "item", "time", "type"),
    "both": COLUMNS,
}


@pytest.mark.parametrize("owner", LIVE_COLUMNS)
def test_a_running_service_agrees_with_the_evaluation_of_its_model(freshet, tmp_path, owner):
    columns = LIVE_COLUMNS[owner]
    rows = shop(4000, seed=7, both=True)
    for row in rows[::5]:
        row["user"] = ""  # not logged in yet, or on another device
    if owner == "session":
        rows = [dict(row, user="") for row in rows]
    if owner == "user":
        rows = [dict(row, session="") for row in rows if row["user"]]
    stream = write(tmp_path / "shop.tsv", rows, columns)
    # Published at once, so that what is left is noise: requests see the very weights that the learner scores with.
    service = freshet('[online]\nsession_gap = "20m"\npublish_interval = "1ms"\nleast_scored = 1\n')
    live = Evaluation(tmp_path, stream, "--against", service.url, columns=columns)
    offline = Evaluation(tmp_path, stream, "--session-gap", 1200, columns=columns)
    assert live.parts == ["blend"]
    assert list(live.ranks) == list(offline.ranks)
    assert live.report["unseen_targets"] == offline.report["unseen_targets"]
    assert service.status()["history"]["positions"] == {"0": len(rows)}
    for stretch, noise in (("whole", 0.015), ("last_tenth", 0.03)):
        for figure in ("hr@20", "mrr@20", "ndcg@20"):
            assert live.report[stretch]["blend"][figure] == pytest.approx(offline.report[stretch]["blend"][figure],
                                                                          abs=noise), (stretch, figure)
    assert offline.report["last_tenth"]["blend"]["mrr@20"] > 0.3
    listed = [(rank["blend"], offline.ranks[event]["blend"]) for event, rank in live.ranks.items()]
    same = sum(ours == theirs or (ours is None and theirs > 20) for ours, theirs in listed if theirs is not None)
    assert same > 0.8 * sum(theirs is not None for _, theirs in listed)


def test_what_a_service_measures_while_it_learns_is_what_an_evaluation_measures(freshet, tmp_path):
    rows = shop(3000, seed=11)
    stream = write(tmp_path / "shop.tsv", rows)
    offline = Evaluation(tmp_path, stream).report
    service = freshet("[online]\nleast_scored = 1\n")
    for start in range(0, len(rows), 500):
        service.send(*({key: value for key, value in row.items() if value != "" and key != "time"}
                       | {"ts": row["time"] * 1000} for row in rows[start:start + 500]))
    wait_until(lambda: service.status()["learner"]["events_learned"] == len(rows), "everything learned")
    service.stop()
    service.start()
    learner = service.status()["learner"]
    assert list(learner["quality"]) == list(offline["whole"])
    for part, live in learner["quality"].items():
        figures = offline["whole"][part]
        assert live["scored_events"] == offline["scored"]
        assert [live["hit_rate"], live["mrr"], live["ndcg"]] == pytest.approx(
            [figures["hr@20"], figures["mrr@20"], figures["ndcg@20"]], abs=1e-12), part
    recent = {part: live["recent_mrr"] for part, live in learner["quality"].items()}
    blend = recent.pop("blend")
    assert learner["blend_advantage"] == pytest.approx(blend - max(recent.values()), abs=1e-12)
    assert set(learner["blender_influence"]) == set(recent)
    assert sum(learner["blender_influence"].values()) == pytest.approx(1)
    assert f"freshet_learner_scored_events {offline['scored']}\n" in service.get("/metrics").body


def test_a_running_service_is_compared_on_its_own_terms_only(freshet, tmp_path):
    service = freshet()
    stream = write(tmp_path / "shop.tsv", shop(30, seed=8))
    against = ("evaluate", stream, "--columns", ",".join(COLUMNS), "--against", service.url)
    for option, said in ((("--session-gap", "1h"), "30m"), (("--parts", "lstm"), "--parts"),
                         (("--seed", "3"), "--seed")):
        refused = run(*against, *option, check=False)
        assert refused.returncode == 2 and said in refused.stderr, refused.stderr
    assert service.status()["history"]["positions"] in ({}, {"0": 0})
    assert "before" not in run(*against, "--session-gap", "30m").stderr
    assert "has learned 30 events before" in run(*against).stderr


def test_what_makes_no_sense_is_refused_with_a_reason(tmp_path):
    stream = write(tmp_path / "shop.tsv", shop(30, seed=9))
    columns = ("--columns", ",".join(COLUMNS))
    for arguments, said in (((), "recorded streams"), (("--train", stream), "--test"),
                            (("--train", stream, "--test", stream, "--limit", 3), "--limit"),
                            ((stream, "--session-gap", "500ms"), "--session-gap"),
                            ((stream, "--parts", "lstm,gru"), "gru"),
                            ((stream, "--against", "http://127.0.0.1:1"), "does not answer"),
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
