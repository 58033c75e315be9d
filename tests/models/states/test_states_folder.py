"""`YofoJudge.from_pretrained(states="folder")` on tiny models: what one process computed, the next one reads."""

import pytest

from yofo_rerank import YofoJudge
from yofo_rerank.errors import ConfigError

TEXTS, OTHER = ["blue", "not pink"], ["a hooded top", "for an evening event"]


@pytest.fixture(scope="module")
def base(saved_model, tiny_qwen3_vl, tmp_path_factory):
    return saved_model(tiny_qwen3_vl, tmp_path_factory.mktemp("model") / "base")


def open_judge(base, folder, **settings):
    return YofoJudge.from_pretrained(str(base), device="cpu", states=folder, **settings)


def numbers(judge, documents, texts):
    return [[one.p_yes for one in found] for found in judge.judge(documents, texts)]


def close(one, other):
    return [pytest.approx(row, abs=1e-5) for row in one] == other


@pytest.fixture
def wanted(base, pictured_documents):
    judge = YofoJudge.from_pretrained(str(base), device="cpu", cache_bytes=0)
    found = numbers(judge, pictured_documents, OTHER)
    assert len({round(number, 4) for row in found for number in row}) > 6  # not trivially equal
    return found


def fill(base, folder, documents, **settings):
    judge = open_judge(base, folder, **settings)
    judge.judge(documents, TEXTS)
    judge._loaded.cache.flush()
    return judge


def test_the_next_process_reads_what_this_one_computed(base, tmp_path, pictured_documents, wanted):
    first = fill(base, tmp_path / "states", pictured_documents)
    del first  # the model is let go, and its memory with it
    again = open_judge(base, tmp_path / "states")
    assert close(wanted, numbers(again, pictured_documents, OTHER))
    stats = again._loaded.cache.stats
    assert (stats.from_disk, stats.misses) == (len(pictured_documents), 0)
    assert stats.disk_entries == len(pictured_documents)


def test_a_damaged_folder_costs_a_pass_and_no_answer(base, tmp_path, pictured_documents, wanted, caplog):
    first = fill(base, tmp_path, pictured_documents)
    del first
    for path in tmp_path.rglob("*.safetensors"):
        content = bytearray(path.read_bytes())
        content[-5] ^= 1
        path.write_bytes(content)
    (tmp_path / "digests.json").write_text("{")
    again = open_judge(base, tmp_path)
    assert close(wanted, numbers(again, pictured_documents, OTHER))
    assert again._loaded.cache.stats.from_disk == 0
    assert sum("computed again" in record.message for record in caplog.records) == 1


def test_the_states_of_another_model_are_not_read(
    base, tmp_path, pictured_documents, make_tiny, saved_model, tmp_path_factory
):
    first = fill(base, tmp_path, pictured_documents)
    del first
    other = saved_model(make_tiny("qwen3_vl", seed=5), tmp_path_factory.mktemp("other") / "base")
    judge = open_judge(other, tmp_path)
    alone = YofoJudge.from_pretrained(str(other), device="cpu", cache_bytes=0)
    assert close(numbers(alone, pictured_documents, OTHER), numbers(judge, pictured_documents, OTHER))
    assert judge._loaded.cache.stats.from_disk == 0


@pytest.mark.parametrize("family", ["qwen2_vl", "qwen2_5_vl"])
def test_other_families(family, request, saved_model, tmp_path, pictured_documents):
    base = saved_model(request.getfixturevalue(f"tiny_{family}"), tmp_path / "base")
    plain = numbers(YofoJudge.from_pretrained(str(base), device="cpu", cache_bytes=0), pictured_documents, OTHER)
    first = fill(base, tmp_path / "states", pictured_documents, cache_bytes=0)  # on disk alone
    del first
    again = open_judge(base, tmp_path / "states", cache_bytes=0)
    assert close(plain, numbers(again, pictured_documents, OTHER))
    assert again._loaded.cache.stats.from_disk == len(pictured_documents)


def test_eight_bits_are_smaller_and_near(base, tmp_path, pictured_documents, wanted):
    plain = fill(base, tmp_path / "plain", pictured_documents)._loaded.cache.stats
    judge = fill(base, tmp_path / "int8", pictured_documents, int8_states=True)
    stats = judge._loaded.cache.stats
    assert stats.bytes < 0.45 * plain.bytes  # heads of 16 channels here: scales take their share
    found = numbers(judge, pictured_documents, OTHER)
    differences = [
        abs(a - b) for row, other in zip(wanted, found, strict=True) for a, b in zip(row, other, strict=True)
    ]
    assert 0 < max(differences) < 0.05


def test_a_bad_budget_is_refused(base):
    with pytest.raises(ConfigError, match="states_bytes must be at least 0, but got -1"):
        open_judge(base, "states", states_bytes=-1)
