# SPDX-License-Identifier: Apache-2.0
"""`freshet evaluate --against`: a running service, compared with the evaluation of its model."""

import pytest

from evaluation import COLUMNS, Evaluation, shop, write
from freshet_process import run, wait_until

LIVE_COLUMNS = {
    "session": ("session", "item", "time", "type"),
    "user": ("user", "item", "time", "type"),
    "both": COLUMNS,
}


def live_and_offline(freshet, tmp_path, rows, columns=COLUMNS):
    """The evaluation of a service in lockstep, and of its model offline. They score the same events."""
    stream = write(tmp_path / "shop.tsv", rows, columns)
    service = freshet('[online]\nsession_gap = "20m"\npublish_interval = "1ms"\n')
    live = Evaluation(tmp_path, stream, "--against", service.url, "--lockstep", columns=columns)
    offline = Evaluation(tmp_path, stream, "--session-gap", 1200, columns=columns)
    assert live.parts == ["blend"]
    assert list(live.ranks) == list(offline.ranks)
    assert live.report["unseen_targets"] == offline.report["unseen_targets"]
    status = service.status()
    assert status["learner"]["events_learned"] == status["learner"]["events_published"] == len(rows)
    return live, offline


@pytest.mark.parametrize("owner", LIVE_COLUMNS)
def test_in_lockstep_a_service_gives_the_ranks_of_its_model(freshet, tmp_path, owner):
    """Equal, not close: no event is late, and each comes after an impression that somebody else has at the same time. The
    time of a request, which is that of the newest event, is then the time that the evaluation predicts for."""
    columns, rows = LIVE_COLUMNS[owner], []
    for row in sorted(shop(500, seed=7, both=True), key=lambda row: row["time"]):
        row.update({column: "" for column in ("session", "user") if column not in columns})
        other = {column: "somebody else" for column in ("session", "user") if row[column]}
        rows += [dict(row, **other, type="impression", id=""), row]
    live, offline = live_and_offline(freshet, tmp_path, rows, columns)
    ranks = {event: of_parts["blend"] for event, of_parts in offline.ranks.items()}
    assert {event: of_parts["blend"] for event, of_parts in live.ranks.items()} == {
        event: rank if rank is not None and rank <= 20 else None for event, rank in ranks.items()}
    assert sum(rank is not None and rank <= 20 for rank in ranks.values()) > 50
    for stretch in ("whole", "last_tenth"):
        for figure, value in live.report[stretch]["blend"].items():
            assert "@" not in figure or value == offline.report[stretch]["blend"][figure], (stretch, figure)


def test_in_lockstep_a_catalogue_is_put_before_the_events(freshet, tmp_path):
    """Half of the shop has never been clicked when the stream begins, and can be listed all the same."""
    rows = []
    for row in sorted(shop(300, seed=9), key=lambda row: row["time"]):
        row.update(user="", session=row["session"] or "s", id="", type="view")
        other = dict(row, session="somebody else", type="impression")
        rows += [other, row]
    items = tmp_path / "items.tsv"
    items.write_text("item\ttitle\n" + "".join(f"i{item}\tcolour {item % 7} size {item % 5}\n" for item in range(80)))
    columns = ("session", "item", "time", "type")
    stream = write(tmp_path / "shop.tsv", rows, columns)
    service = freshet('[online]\npublish_interval = "1ms"\n')
    live = Evaluation(tmp_path, stream, "--items", items, "--against", service.url, "--lockstep", columns=columns)
    offline = Evaluation(tmp_path, stream, "--items", items, columns=columns)
    assert live.report["unseen_targets"] == offline.report["unseen_targets"] < 30
    for clicks in ("0", "1-2", "3-9"):
        ours, theirs = (run.report["whole"]["by_prior_clicks"][clicks] for run in (live, offline))
        assert ours["targets"] == theirs["targets"] > 20
        for figure in ("hr@20", "mrr@20"):
            assert ours["blend"][figure] == theirs["blend"][figure], (clicks, figure)
    assert live.report["whole"]["by_prior_clicks"]["0"]["blend"]["hr@20"] > 0


def test_in_lockstep_late_events_and_logins_change_little(freshet, tmp_path):
    rows = shop(1000, seed=7, both=True)
    for row in rows[::5]:
        row["user"] = ""  # not logged in yet, or on another device
    live, offline = live_and_offline(freshet, tmp_path, rows)
    for figure in ("hr@20", "mrr@20", "ndcg@20"):
        ours, theirs = live.report["whole"]["blend"][figure], offline.report["whole"]["blend"][figure]
        assert ours == pytest.approx(theirs, abs=0.015), figure  # 442 events: one of them is 0.002 of HR@20
    assert offline.report["last_tenth"]["blend"]["mrr@20"] > 0.3


def test_what_a_service_measures_while_it_learns_is_what_an_evaluation_measures(freshet, tmp_path):
    rows = shop(2000, seed=11)
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
        if part == "content":  # without a catalogue it is not asked
            assert live["scored_events"] == 0
            continue
        assert live["scored_events"] == offline["scored"]
        assert [live["hit_rate"], live["mrr"], live["ndcg"]] == pytest.approx(
            [figures["hr@20"], figures["mrr@20"], figures["ndcg@20"]], abs=1e-12), part
    recent = {part: live["recent_mrr"] for part, live in learner["quality"].items()}
    blend = recent.pop("blend")
    assert learner["blend_advantage"] == pytest.approx(blend - max(recent.values()), abs=1e-12)
    assert set(learner["blender_influence"]) == set(recent) - {"content"}
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
