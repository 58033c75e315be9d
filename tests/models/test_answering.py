"""Look, plan, prepare, run, keep, answer: nothing twice, callers together, one bad document alone."""

import os
import threading

import pytest

from tests.models.asking import answer
from yofo_rerank.documents import Document
from yofo_rerank.errors import YofoError
from yofo_rerank.models import running
from yofo_rerank.models.slot_model import SlotModel

TEXTS = ("blue", "not pink", "a hooded top")


def odds(answers):
    return [[one.log_odds for one in row] for (row,) in answers]


def test_a_list_that_does_not_fit_fails_alone(tiny_qwen2_vl, slot_model):
    model = slot_model(tiny_qwen2_vl)
    limit = tiny_qwen2_vl.model.config.get_text_config().max_position_embeddings
    words = 1
    while len(model.template(["a " * (words + 1)]).ids) < limit * 0.6:
        words += 1
    half, long = Document(text="a " * words), "a " * words
    for attention in ("isolated", "joint"):
        (short, too_long, both), (fits, also, whole) = answer(
            model, [half, Document(text="top")], [["blue"], [long], ["blue", long]], attention
        )
        assert isinstance(short, list)
        assert (too_long.code, both.code) == ("too_long", "too_long")
        assert all(isinstance(one, list) for one in (fits, also, whole))


def test_known_answers_are_not_asked_again(tiny, slot_model, pictured_documents):
    model, cold = slot_model(tiny), 2 if tiny.family in tiny.RECURRENT else 1
    first = answer(model, pictured_documents, [TEXTS], "isolated", verdicts=model.verdicts)
    assert model.network.passes == cold
    again = answer(model, pictured_documents[::-1], [TEXTS[::-1]], "isolated", verdicts=model.verdicts)
    assert model.network.passes == cold
    assert odds(again) == [row[::-1] for row in odds(first)[::-1]]
    answer(model, pictured_documents, [[*TEXTS, "red"]], "isolated", verdicts=model.verdicts)
    assert model.network.passes == cold + 1
    assert model.verdicts.stats.in_memory == len(pictured_documents) * 4


def test_joint_answers_are_not_kept(tiny_qwen3_vl, slot_model, pictured_documents):
    model = slot_model(tiny_qwen3_vl)
    answer(model, pictured_documents, [TEXTS], "joint", verdicts=model.verdicts)
    assert model.verdicts.stats.in_memory == 0


def test_concurrent_callers_share_passes_and_get_their_own_answers(tiny_qwen3_vl, slot_model, pictured_documents):
    model = slot_model(tiny_qwen3_vl, cache_bytes=0)
    asked = [[f"statement {number}", *TEXTS[: number % 3]] for number in range(16)]
    found = [None] * len(asked)
    started = threading.Barrier(len(asked) + 1)

    def call(number):
        started.wait()
        found[number] = answer(model, pictured_documents, [asked[number]], "isolated")

    threads = [threading.Thread(target=call, args=(number,)) for number in range(len(asked))]
    with model.lock:  # nobody runs before all have asked
        for thread in threads:
            thread.start()
        started.wait()
        while sum(len(work.asked) for work in model.works._open.values()) < 6 * (16 + 2):
            threading.Event().wait(0.01)
    for thread in threads:
        thread.join()
    assert model.network.passes <= 4  # of 16 callers
    alone = slot_model(tiny_qwen3_vl, cache_bytes=0)
    for number, texts in enumerate(asked):
        for row, expected in zip(odds(found[number]), odds(answer(alone, pictured_documents, [texts])), strict=True):
            assert row == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError("shapes do not match")])
def test_a_caller_that_is_stopped_leaves_nothing_locked(
    tiny_qwen3_vl, slot_model, pictured_documents, monkeypatch, error
):
    """Another one that waits for its passes asks again by itself."""
    model = slot_model(tiny_qwen3_vl)
    expected = odds(answer(slot_model(tiny_qwen3_vl), pictured_documents, [TEXTS]))
    joined, stopped = threading.Event(), []
    encode_and_read = SlotModel.encode_and_read

    def once(self, *args, **more):
        if not stopped:
            stopped.append(1)
            assert joined.wait(10)
            raise error
        return encode_and_read(self, *args, **more)

    monkeypatch.setattr(SlotModel, "encode_and_read", once)
    monkeypatch.setattr(running, "MAX_ASKED_TOKENS", 64)
    found = []
    second = threading.Thread(target=lambda: found.append(answer(model, pictured_documents, [TEXTS])))
    join = model.works.join

    def watched(*args):
        if stopped:
            joined.set()
        return join(*args)

    monkeypatch.setattr(model.works, "join", watched)
    prepare = SlotModel.prepare
    monkeypatch.setattr(SlotModel, "prepare", lambda *args, **more: prepare(*args, **more))
    starter = threading.Timer(0.1, second.start)
    starter.start()
    with pytest.raises(type(error) if isinstance(error, Exception) else error):
        answer(model, pictured_documents, [TEXTS])
    starter.join()
    second.join(30)
    assert not second.is_alive()
    assert model.works._open == {}
    for row, other in zip(odds(found[0]), expected, strict=True):
        assert row == pytest.approx(other, abs=1e-4)


def test_a_file_that_changes_before_it_is_decoded(tiny_qwen3_vl, slot_model, make_image, tmp_path, monkeypatch):
    """It fails with a reason, and nothing is kept under the name of what it was."""
    path = tmp_path / "a.png"
    make_image(48, 48, 1).save(path)
    os.utime(path, ns=(10**18, 10**18))
    model = slot_model(tiny_qwen3_vl)
    join = model.works.join

    def change(*args):
        make_image(48, 48, 2).save(path)
        return join(*args)

    monkeypatch.setattr(model.works, "join", change)
    ((failed,),) = answer(model, [Document(image=path)], [TEXTS], verdicts=model.verdicts)
    assert failed.code == "changed"
    assert model.verdicts.stats.in_memory == 0
    assert model.cache.stats.entries == 0


def test_an_image_too_large_for_memory_fails_alone(tiny_qwen3_vl, slot_model, pictured_documents, monkeypatch):
    model = slot_model(tiny_qwen3_vl)
    prepare = SlotModel.prepare

    def limited(self, document, *args, **more):
        if document.id == "tall":
            raise MemoryError
        return prepare(self, document, *args, **more)

    monkeypatch.setattr(SlotModel, "prepare", limited)
    found = answer(model, pictured_documents, [TEXTS])
    failed = [place for place, (one,) in enumerate(found) if isinstance(one, YofoError)]
    assert failed == [4]
    assert found[4][0].code == "oom"


def test_progress_counts_every_document_once(tiny_qwen3_vl, slot_model, pictured_documents, tmp_path):
    model = slot_model(tiny_qwen3_vl, max_batch_tokens=200)
    documents = [*pictured_documents, pictured_documents[0], Document(image=tmp_path / "none.png")]
    seen = []
    answer(model, documents, [TEXTS], verdicts=model.verdicts, tick=lambda judged, total: seen.append((judged, total)))
    assert [total for _, total in seen] == [len(documents)] * len(seen)
    assert [judged for judged, _ in seen] == sorted({judged for judged, _ in seen})
    assert len(seen) > 2
    assert seen[-1] == (len(documents), len(documents))
