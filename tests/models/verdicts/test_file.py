import logging
import multiprocessing
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from yofo_rerank.errors import VerdictsError
from yofo_rerank.models.verdicts import Answer, open_verdicts
from yofo_rerank.models.verdicts.opening import VERSION

WRITER = """
import sys
from yofo_rerank.models.verdicts import Answer, open_verdicts
verdicts = open_verdicts(sys.argv[1], b"model")
for number in range(int(sys.argv[2]), 10**9):
    verdicts.put(number.to_bytes(4, "big"), {text: Answer(number / 3, 0.5) for text in ("blue", "not pink", "a dress")})
    print(number, flush=True)
"""
TEXTS = ("blue", "not pink", "a dress")


def fill(where, n=200, identity=b"model"):
    verdicts = open_verdicts(where, identity)
    verdicts.put_many((number.to_bytes(4, "big"), {"blue": Answer(number / 3, 0.5)}) for number in range(n))
    verdicts.close()
    return verdicts


def known(where, n=200, identity=b"model", texts=("blue",)):
    return open_verdicts(where, identity).get_many([number.to_bytes(4, "big") for number in range(n)], texts)


def test_killed_at_any_moment_it_loses_at_most_the_last_transaction(tmp_path):
    rng, written = random.Random(0), -1
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(written + 1)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        start = written + 1
        assert int(writer.stdout.readline()) == start
        time.sleep(rng.uniform(0.05, 0.2))
        writer.kill()
        written = max([start, *(int(line) for line in writer.stdout.read().split("\n")[:-1])])
        writer.wait()
        found = known(tmp_path, written + 2, texts=TEXTS)
        assert written > start
        assert found[: written + 1] == [
            {text: Answer(number / 3, 0.5) for text in TEXTS} for number in range(written + 1)
        ]
        assert len(found[written + 1]) in (0, 3)  # a transaction is there as a whole, or not at all


def test_two_processes_on_one_file(tmp_path):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), start], stdout=subprocess.PIPE, text=True)
        for start in ("0", "1000000")
    ]
    for writer in writers:
        assert writer.stdout is not None
        for _ in range(20):
            writer.stdout.readline()
    found = known(tmp_path, 20, texts=TEXTS)  # while they write
    other = open_verdicts(tmp_path, b"model").get((1_000_003).to_bytes(4, "big"), TEXTS)
    for writer in writers:
        writer.kill()
        writer.wait()
    assert all(one == {text: Answer(number / 3, 0.5) for text in TEXTS} for number, one in enumerate(found))
    assert other == {text: Answer(1_000_003 / 3, 0.5) for text in TEXTS}


def _ask_in_child(verdicts, results):
    verdicts.put(b"child", {"blue": Answer(7.0)})
    results.put(verdicts.get_many([b"parent", b"child"], ["blue"]))


def test_a_forked_process_opens_the_file_for_itself(tmp_path):
    verdicts = open_verdicts(tmp_path, b"model")
    verdicts.put(b"parent", {"blue": Answer(3.0)})
    verdicts.clear_memory()
    verdicts.file._lock.acquire()  # as if a thread that the child does not have were reading
    fork = multiprocessing.get_context("fork")
    results = fork.Queue()
    child = fork.Process(target=_ask_in_child, args=(verdicts, results))
    child.start()
    found = results.get(timeout=30)
    child.join(30)
    verdicts.file._lock.release()
    assert child.exitcode == 0
    assert found == [{"blue": Answer(3.0)}, {"blue": Answer(7.0)}]
    assert verdicts.get(b"child", ["blue"]) == {"blue": Answer(7.0)}


def test_another_model_is_never_read(tmp_path):
    fill(tmp_path, identity=b"one")
    assert known(tmp_path, identity=b"other") == [{}] * 200
    fill(tmp_path, 1, identity=b"other")
    assert known(tmp_path, identity=b"other")[1:] == [{}] * 199
    assert all(known(tmp_path, identity=b"one"))


def test_a_file_of_somebody_else_is_left_alone(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("milk, bread and a dress that is not pink" * 99)
    with pytest.raises(VerdictsError, match="not a database"):
        open_verdicts(text, b"model")
    theirs = tmp_path / "theirs.db"
    with sqlite3.connect(theirs) as connection:
        connection.execute("CREATE TABLE verdicts (id)")
    before = theirs.read_bytes()
    with pytest.raises(VerdictsError, match="of another program"):
        open_verdicts(theirs, b"model")
    assert theirs.read_bytes() == before


def test_a_later_version_is_refused_by_number(tmp_path):
    fill(tmp_path / "kept.db")
    with sqlite3.connect(tmp_path / "kept.db") as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(VerdictsError, match=f"version {VERSION + 1}; .* knows {VERSION}"):
        open_verdicts(tmp_path / "kept.db", b"model")


def test_a_place_where_nothing_can_be_made(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(VerdictsError, match="cannot open"):
        open_verdicts(tmp_path / "file" / "folder", b"model")


def test_damage_gives_fewer_answers_and_never_wrong_ones(tmp_path):
    fill(tmp_path / "good.db")
    whole = (tmp_path / "good.db").read_bytes()
    rng, lost = random.Random(1), 0
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(rng.choice((1, 8, 200))):
            damaged[rng.randrange(100, len(damaged))] ^= 1 << rng.randrange(8)
        (tmp_path / "bad.db").write_bytes(damaged)
        for leftover in tmp_path.glob("bad.db-*"):
            leftover.unlink()
        try:
            found = known(tmp_path / "bad.db")
        except VerdictsError:
            lost += 200
            continue
        for number, one in enumerate(found):
            assert one in ({}, {"blue": Answer(number / 3, 0.5)})
            lost += not one
    assert lost > 0  # the damage was felt


def test_damage_is_said_once_and_the_answer_is_kept_again(tmp_path, caplog):
    fill(tmp_path, 5)
    with sqlite3.connect(tmp_path / "verdicts.sqlite") as connection:
        connection.execute("UPDATE verdicts SET log_odds = -log_odds WHERE document > x'00000000'")
    with caplog.at_level(logging.WARNING):
        verdicts = open_verdicts(tmp_path, b"model")
        assert [bool(one) for one in known(tmp_path, 5)] == [True, False, False, False, False]
        for _ in range(2):
            assert verdicts.get((2).to_bytes(4, "big"), ["blue"]) == {}
    assert sum("checksum" in record.message for record in caplog.records) == 2  # two openings, one warning each
    verdicts.put((2).to_bytes(4, "big"), {"blue": Answer(2 / 3, 0.5)})
    assert known(tmp_path, 5)[2] == {"blue": Answer(2 / 3, 0.5)}


def test_a_full_disk_is_said_once_and_memory_goes_on(tmp_path, caplog):
    verdicts = open_verdicts(tmp_path, b"model")
    verdicts.file._opened().execute("PRAGMA max_page_count = 8")  # SQLite's own "database or disk is full"
    for number in range(300):
        verdicts.put(number.to_bytes(4, "big"), {"a requirement of some length " * 9: Answer(number / 3)})
    assert sum("full" in record.message for record in caplog.records) == len(caplog.records) == 1
    assert verdicts.get((299).to_bytes(4, "big"), ["a requirement of some length " * 9]) != {}
    verdicts.clear_memory()
    texts = ["a requirement of some length " * 9]
    found = verdicts.get_many([number.to_bytes(4, "big") for number in range(300)], texts)
    assert 0 < sum(map(bool, found)) < 300
    assert all(one in ({}, {texts[0]: Answer(number / 3)}) for number, one in enumerate(found))


def test_a_write_lock_that_is_never_let_go_does_not_stop_anybody(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("yofo_rerank.models.verdicts.opening.WAIT_SECONDS", 0.05)
    fill(tmp_path, 3)
    verdicts = open_verdicts(tmp_path, b"model")
    holder = sqlite3.connect(tmp_path / "verdicts.sqlite", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    verdicts.put(b"new", {"blue": Answer(1.0)})
    assert "locked" in caplog.text
    assert all(known_by(verdicts, 3))
    holder.execute("ROLLBACK")
    holder.close()


def known_by(verdicts, n):
    return verdicts.get_many([number.to_bytes(4, "big") for number in range(n)], ["blue"])


def _read_as_nobody(folder, results):
    os.seteuid(65534)
    for identity in (b"model", b"other"):
        verdicts = open_verdicts(folder, identity)
        for _ in range(2):
            verdicts.put(b"new", {"blue": Answer(9.0)})
        results.put(known_by(verdicts, 5))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else")
def test_a_read_only_file_is_read(request, capfd):
    folder = Path(tempfile.mkdtemp())
    request.addfinalizer(lambda: shutil.rmtree(folder))
    fill(folder, 5)
    folder.chmod(0o755)
    (folder / "verdicts.sqlite").chmod(0o444)
    logging.basicConfig()
    fork = multiprocessing.get_context("fork")
    results = fork.Queue()
    child = fork.Process(target=_read_as_nobody, args=(folder, results))
    child.start()
    ours, others = results.get(timeout=30), results.get(timeout=30)
    child.join(30)
    assert ours == [{"blue": Answer(number / 3, 0.5)} for number in range(5)]
    assert others == [{}] * 5
    assert os.listdir(folder) == ["verdicts.sqlite"]
