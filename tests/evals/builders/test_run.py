"""A build against a server that misbehaves: nothing is lost, nothing is asked twice, nothing unsound is kept."""

import json
import shutil
from dataclasses import replace

import pytest

pytest.importorskip("openai")

from evals.builders.endpoint import Refused
from evals.builders.images import find_pictures
from evals.builders.journal import Lines, read_journal
from evals.builders.run import MAX_FAILED, MAX_SILENT, Prices, build
from yofo_rerank.errors import ConfigError

FAULTS = {
    "silence": 1,
    "drip": 1,
    "reset": 1,
    "half": 1,
    "no json": 1,
    "empty": 1,
    (429, (("Retry-After", "0.1"),)): 1,
    (500, ()): 1,
    (503, (("Retry-After", "soon"),)): 1,
    "broken": 1,
    "schema": 1,
    "prose": 1,
}


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_is_survived(server, endpoint, plan, fault):
    server.faults = [fault]
    one = plan(questions=plan().questions[:1])
    tally = build(one, endpoint())
    (entry,) = read_journal(one.folder).values()
    assert (tally.written, tally.failed, tally.stopped, entry.state) == (1, 0, None, "written")
    assert entry.asked == 2
    assert len(server.bodies) == 2
    assert len(entry.reply["properties"]) == 4


def test_all_faults_at_once(server, endpoint, plan):
    server.faults = [said for fault in FAULTS for said in (fault, None)]
    seen = []
    tally = build(plan(concurrency=4), endpoint(tries=8, asks=6), seen=lambda tally: seen.append(tally.written))
    assert (tally.total, tally.written, tally.failed) == (28, 28, 0)  # the twin is no second question
    assert seen == list(range(29))
    assert server.most <= 4 + 3  # of requests that nobody waits for any more, three may linger


def test_a_refused_reply_is_explained_to_the_model(server, endpoint, plan):
    server.faults = ["schema"]
    build(plan(questions=plan().questions[:1]), endpoint())
    first, second = server.bodies
    assert [message["role"] for message in second["messages"]] == ["user", "assistant", "user"]
    assert "properties.0.answer: Field required" in second["messages"][2]["content"]
    assert first["response_format"]["json_schema"]["strict"] is True


def test_what_is_never_sound_fails_and_is_not_asked_again(server, endpoint, plan):
    some = plan(questions=plan().questions[:2])
    server.faults = ["broken"] * 3
    tally = build(plan(questions=some.questions, concurrency=1), endpoint())
    failed, written = sorted(read_journal(some.folder).values(), key=lambda entry: entry.state)
    assert (failed.state, written.state, tally.failed) == ("failed", "written", 1)
    assert "Invalid JSON" in failed.problem
    assert failed.input_tokens == 3000
    before = len(server.bodies)
    build(some, endpoint())
    assert len(server.bodies) == before
    assert build(some, endpoint(), again=True).written == 2
    assert len(server.bodies) == before + 1


def test_a_model_that_never_writes_json_ends_the_run(server, endpoint, plan):
    server.reply = {"properties": "none"}
    some = plan(concurrency=1)
    tally = build(some, endpoint(asks=1))
    assert tally.failed == MAX_FAILED < tally.total
    assert "in a row failed, the last one because properties" in tally.stopped
    server.reply = None
    assert build(some, endpoint(asks=1), again=True).written == tally.total


def test_what_was_paid_is_never_forgotten(server, endpoint, plan):
    one = plan(questions=plan().questions[:1])
    server.faults = ["broken", (503, ()), (503, ())]
    first = build(one, endpoint(tries=2))  # a refused reply, then silence
    assert (first.written, first.failed, first.input_tokens) == (0, 0, 1000)
    assert "without an answer" in first.stopped
    server.faults = ["broken"] * 3
    assert (build(one, endpoint()).failed, build(one, endpoint()).failed) == (1, 1)
    last = build(one, endpoint(), again=True)
    assert (last.written, last.failed, last.input_tokens) == (1, 0, 1000 + 3000 + 1000)


def test_a_server_that_takes_no_schema_is_asked_without(server, endpoint, plan):
    server.takes_schema = False
    assert build(plan(concurrency=1), endpoint()).written == 28
    assert sum("response_format" in body for body in server.bodies) == 1


def test_overload_is_waited_for_by_all(server, endpoint, plan):
    server.faults = [(429, (("Retry-After", "0.6"),))]
    build(plan(concurrency=1), endpoint())
    assert server.times[1] - server.times[0] >= 0.6
    assert server.times[-1] - server.times[1] < 27 * 0.6


def test_a_silent_server_ends_the_run_and_loses_nothing(server, endpoint, plan):
    server.faults = [None] * 3 + [(503, ())] * 1000
    tally = build(plan(concurrency=2), endpoint(tries=2))
    assert tally.written == 3
    assert "silent" in tally.stopped
    assert len(server.bodies) <= 3 + 2 * (MAX_SILENT + 1)
    server.faults = []
    assert build(plan(), endpoint()).written == 28
    assert set(server.asked.values()) == {1}


@pytest.mark.parametrize("status", [401, 402, 403, 404])
def test_a_wrong_key_or_model_ends_the_run_at_once(server, endpoint, plan, status, monkeypatch, caplog):
    monkeypatch.setenv("NO_KEY", "sk-secret")
    server.faults = [(status, ())] * 1000
    with pytest.raises(Refused, match=str(status)) as caught:
        build(plan(concurrency=2), endpoint())
    assert len(server.bodies) <= 4
    assert "secret" not in str(caught.value) + caplog.text
    assert caught.value.__cause__ is None


def test_a_question_that_the_server_refuses_fails_alone(server, endpoint, plan, monkeypatch):
    monkeypatch.setenv("NO_KEY", "sk-secret")
    server.faults = [(400, ()), (400, ())]
    tally = build(plan(concurrency=1), endpoint())
    assert (tally.written, tally.failed) == (27, 1)
    assert "secret" not in (plan().folder / "journal.jsonl").read_text()


def test_an_image_that_cannot_be_read_fails_alone(server, endpoint, plan, pictures, tmp_path):
    shutil.copy(pictures / "tops" / "1.png", tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n no picture")
    some = replace(plan(questions=[(one,) for one in find_pictures(tmp_path)]), root=tmp_path)
    tally = build(some, endpoint())
    assert (tally.written, tally.failed, len(server.bodies)) == (1, 1, 1)


def test_the_cost_is_counted_and_bounded(server, endpoint, plan):
    prices = Prices(input=2.0, output=10.0)  # 0.003 for an answer
    limited = plan(concurrency=1, prices=prices, max_cost=0.015)
    tally = build(limited, endpoint())
    assert prices.of(tally.input_tokens, tally.output_tokens) == pytest.approx(0.015)
    assert (tally.written, len(server.bodies)) == (5, 5)
    assert "cost" in tally.stopped
    assert build(limited, endpoint()).written == 5  # earlier runs count


def test_a_line_that_was_cut_off_is_asked_again(server, endpoint, plan):
    build(plan(concurrency=1), endpoint())
    journal = plan().folder / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-7])
    assert build(plan(), endpoint()).written == 28
    assert sorted(server.asked.values()) == [1] * 27 + [2]
    assert len([json.loads(line) for line in journal.read_text().splitlines()]) == 28


def test_a_journal_that_somebody_changed_is_named(tmp_path):
    lines = Lines(tmp_path / "journal.jsonl")
    lines.add({"key": "a"})
    lines.close()
    with pytest.raises(ConfigError, match=r"journal\.jsonl:1"):
        read_journal(tmp_path)
    (tmp_path / "journal.jsonl").write_text("nonsense\n")
    with pytest.raises(ConfigError, match=r"journal\.jsonl:1: not JSON"):
        read_journal(tmp_path)
