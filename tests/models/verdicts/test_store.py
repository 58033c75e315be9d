import threading

from hypothesis import given, settings
from hypothesis import strategies as st

from yofo_rerank.models.verdicts import Answer, Verdicts, open_verdicts

finite = st.floats(allow_nan=False, allow_infinity=False)


def test_known_ones_alone_come_back_under_the_text_that_was_asked():
    verdicts = Verdicts()
    verdicts.put(b"a", {"not\npink": Answer(1.5), "blue": Answer(-2.0, 0.9)})
    assert verdicts.get(b"a", ["not pink", "not\npink", "green"]) == {"not pink": Answer(1.5), "not\npink": Answer(1.5)}
    assert verdicts.get_many([b"b", b"a"], ["blue"]) == [{}, {"blue": Answer(-2.0, 0.9)}]
    stats = verdicts.stats
    assert (stats.hits, stats.misses, stats.in_memory, stats.from_disk) == (2, 2, 2, 0)


def test_a_broken_answer_is_not_kept():
    verdicts = Verdicts()
    verdicts.put(b"a", {"nan": Answer(float("nan")), "mass": Answer(1.0, float("inf")), "good": Answer(0.0)})
    assert list(verdicts.get(b"a", ["nan", "mass", "good"])) == ["good"]


def test_memory_is_bounded_and_the_longest_unused_goes_first():
    verdicts = Verdicts(max_in_memory=3)
    verdicts.put_many((bytes([number]), {"blue": Answer(float(number))}) for number in range(3))
    verdicts.get(b"\0", ["blue"])
    verdicts.put(b"\3", {"blue": Answer(3.0)})
    assert verdicts.stats.in_memory == 3
    assert verdicts.get_many([b"\0", b"\1", b"\2", b"\3"], ["blue"]) == [
        {"blue": Answer(0.0)}, {}, {"blue": Answer(2.0)}, {"blue": Answer(3.0)}
    ]  # fmt: skip


def test_what_memory_let_go_is_on_disk(tmp_path):
    verdicts = open_verdicts(tmp_path / "kept", b"model")
    verdicts.put_many((bytes([number]), {"blue": Answer(float(number)), "red": Answer(1.0)}) for number in range(9))
    verdicts.clear_memory()
    assert verdicts.get(b"\7", ["blue"]) == {"blue": Answer(7.0)}
    assert verdicts.get_many([b"\7", b"\2"], ["blue", "red", "green"]) == [
        {"blue": Answer(7.0), "red": Answer(1.0)}, {"blue": Answer(2.0), "red": Answer(1.0)}
    ]  # fmt: skip
    assert verdicts.stats.from_disk >= 4
    assert (tmp_path / "kept" / "verdicts.sqlite").is_file()


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.tuples(st.binary(max_size=40), st.text(max_size=20)), st.tuples(finite, st.none() | finite)))
def test_numbers_and_texts_come_back_exactly(tmp_path_factory, kept):
    where = tmp_path_factory.mktemp("verdicts")
    verdicts = open_verdicts(where, b"model")
    verdicts.put_many((document, {text: Answer(*answer)}) for (document, text), answer in kept.items())
    verdicts.close()
    again = open_verdicts(where, b"model")
    lines = {}  # texts that are one line are one requirement: the last one counts
    for (document, text), answer in kept.items():
        lines[document, " ".join(text.splitlines())] = Answer(*answer)
    for document, text in kept:
        assert again.get(document, [text]) == {text: lines[document, " ".join(text.splitlines())]}


def test_half_a_surrogate_pair_is_no_reason_to_fail(tmp_path):
    verdicts = open_verdicts(tmp_path, b"model")
    verdicts.put(b"a", {"\ud800": Answer(1.0), "blue": Answer(2.0)})
    verdicts.clear_memory()
    assert verdicts.get(b"a", ["\ud800", "blue"]) == {"blue": Answer(2.0)}


def test_more_than_one_query_can_take(tmp_path):
    verdicts = open_verdicts(tmp_path, b"model")
    documents = [number.to_bytes(4, "big") for number in range(1500)]
    verdicts.put_many((document, {"blue": Answer(float(document[-1]))}) for document in documents)
    verdicts.clear_memory()
    found = verdicts.get_many(documents, ["blue", *(f"requirement {number}" for number in range(900))])
    assert [one["blue"].log_odds for one in found] == [float(document[-1]) for document in documents]


def test_many_threads(tmp_path):
    verdicts = open_verdicts(tmp_path, b"model")
    verdicts._max = 50  # so that threads read the file, too
    wrong = []

    def work(seed):
        for step in range(60):
            number = (seed * 31 + step) % 40
            document = bytes([number])
            verdicts.put(document, {"blue": Answer(float(number)), "red": Answer(-float(number), 0.5)})
            found = verdicts.get(bytes([(number + 7) % 40]), ["blue", "red"])
            if found and found.get("blue") != Answer(float((number + 7) % 40)):
                wrong.append(found)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    verdicts.clear_memory()
    assert all(len(one) == 2 for one in verdicts.get_many([bytes([number]) for number in range(40)], ["blue", "red"]))
