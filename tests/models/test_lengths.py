"""How long a document is, remembered from its pass or measured without one."""

import io

import pytest
from PIL import Image

from yofo_rerank import Document, YofoJudge
from yofo_rerank.models.lengths import Lengths
from yofo_rerank.models.looking import document_key


def encoded(kind, size, **settings):
    file = io.BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(file, kind, **settings)
    return file.getvalue()


def turned(size):
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded("JPEG", size, exif=exif)


@pytest.mark.parametrize(
    "images",
    [
        [],
        [encoded("PNG", (120, 45))],
        [encoded("JPEG", (900, 1300))],
        [turned((300, 80))],
        [encoded("GIF", (64, 64)), encoded("BMP", (200, 33))],
        [Image.new("L", (77, 140))],
    ],
    ids=["text", "png", "large jpeg", "turned", "two", "pil"],
)
@pytest.mark.parametrize("family", ["qwen2_vl", "qwen3_vl"])
def test_measured_as_long_as_prepared(make_tiny, slot_model, family, images):
    model = slot_model(make_tiny(family))
    document = Document(images=images, text="a grey skirt")
    assert model.measure(document, document_key(document)) == len(model.prepare(document).ids)


def test_measuring_decodes_nothing(make_tiny, slot_model, monkeypatch):
    model = slot_model(make_tiny("qwen3_vl"))
    document = Document(image=encoded("PNG", (90, 60)))
    expected = len(model.prepare(document).ids)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda _: pytest.fail("decoded"))
    assert model.measure(document, document_key(document)) == expected


def test_the_oldest_go_first():
    lengths = Lengths(most=2)
    for place, name in enumerate((b"a", b"b", b"c")):
        lengths.put(name, place)
    assert [lengths.get(name) for name in (b"a", b"b", b"c")] == [None, 1, 2]


def test_answers_kept_on_disk_are_counted_as_if_they_were_not(tmp_path):
    documents = [Document(text="a pink skirt"), Document(image=encoded("PNG", (80, 50)))]
    settings = {"device": "cpu", "verdicts": tmp_path / "kept", "cache_bytes": 0}
    first = YofoJudge.from_pretrained("mini", **settings)
    counted = [one.n_tokens for one in first.judge_outcomes(documents, ["it is pink"])]
    assert all(count > 10 for count in counted)
    passes = first.stats.forward_passes
    del first

    later = YofoJudge.from_pretrained("mini", **settings)
    without_a_model = later.judge_outcomes(documents, ["it is pink"])
    assert [one.n_tokens for one in without_a_model] == [None, None]
    later.info()  # loads
    later._slot_model().lengths = Lengths()  # as in a new process
    before = later.stats.forward_passes
    assert [one.n_tokens for one in later.judge_outcomes(documents, ["it is pink"])] == counted
    assert later.stats.forward_passes == before
    assert passes > 0


def test_a_joint_template_is_counted_whole(make_tiny, slot_model):
    from yofo_rerank.models.answering import answer

    model = slot_model(make_tiny("qwen3_vl"))
    document, texts = Document(text="a grey skirt"), ["blue", "not pink"]
    _, ((together,),) = answer(model, [document], [texts], "joint")
    _, ((alone, one),) = answer(model, [document], [texts, texts[:1]], "isolated")
    prefix = len(model.prepare(document).ids)
    assert together == prefix + len(model.template(texts).ids)
    assert alone == prefix + sum(len(question.template.ids) for question in model.questions(texts, "isolated"))
    assert prefix < one < alone < together
