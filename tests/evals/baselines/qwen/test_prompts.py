"""Golden prompts: what each record feeds is what its makers' messages become in the model's own chat template."""

from __future__ import annotations

import pytest

from evals.baselines.prompt import lay_out
from evals.baselines.qwen_formats import FORMATS, LAMRA, LAMRA_LIST, MM_R5, QWEN3_VL_RERANKER, UNIME
from evals.baselines.slot_scorer import EmbedFormat, sentence
from tests.evals.baselines.qwen.conftest import FAMILY
from tests.evals.baselines.qwen.messages import LAMRA_LIST as LAMRA_LIST_TEXT
from tests.evals.baselines.qwen.messages import LAMRA_QUERY, QUERY, messages, text
from yofo_rerank.documents import Document
from yofo_rerank.errors import DocumentError
from yofo_rerank.models.prefixes import PrefixMaker
from yofo_rerank.prompts import get_format, token_id

ONE_BY_ONE = [name for name in FORMATS if name not in ("lamra-rank-listwise", "unime-v2-reranker-listwise", "mm-r5")]
END = {"gme-2b": "<|endoftext|>"}


@pytest.fixture(scope="module")
def qwen_maker(qwen_tokenizer, tiny_qwen2_vl):
    return PrefixMaker(qwen_tokenizer, tiny_qwen2_vl.processor.image_processor, get_format("ask-v1"))


def asked(scorer, document):
    is_embedder = isinstance(scorer.layout, EmbedFormat)
    return scorer.lay_out(document) if is_embedder else scorer.lay_out(QUERY, document)


@pytest.mark.parametrize("name", ONE_BY_ONE)
@pytest.mark.parametrize("said", [None, "a grey skirt"])
def test_the_ids_are_those_of_the_processor(name, said, scorer, family_tiny, render, make_image):
    family, one = FAMILY[name], scorer(name)
    tiny = family_tiny(family)
    if name == "monoqwen2-vl" and said:
        said = None  # it reads no texts
    image = make_image(64, 48, 7)
    rendered = render(tiny.processor.tokenizer, family, messages(name, True, said)) + END.get(name, "")
    size = one.model.maker.patcher.size
    wanted = tiny.processor(text=[rendered], images=[image], size=dict(size))["input_ids"][0]
    assert asked(one, Document(image=image, text=said)).ids == list(wanted)


@pytest.mark.parametrize("name", [name for name in ONE_BY_ONE if name != "monoqwen2-vl"])
def test_the_ids_of_a_text(name, scorer, family_tiny, render):
    family = FAMILY[name]
    tokenizer = family_tiny(family).processor.tokenizer
    rendered = render(tokenizer, family, messages(name, False, "a grey skirt")) + END.get(name, "")
    wanted = tokenizer(rendered, add_special_tokens=False)["input_ids"]
    assert asked(scorer(name), Document(text="a grey skirt")).ids == wanted


@pytest.mark.parametrize("name", ONE_BY_ONE)
def test_with_qwens_own_vocabulary(name, qwen_maker, qwen_tokenizer, render):
    layout = FORMATS[name]
    has_text = name != "monoqwen2-vl"
    said = (sentence if name == "lamra-rank" else str)("a grey skirt")
    prompt = layout.document if isinstance(layout, EmbedFormat) else layout.prompt
    values = {"query": LAMRA_QUERY if name == "lamra-rank" else QUERY, "image": "", "text": said}
    laid = lay_out(prompt, values, qwen_maker, max_tokens=9999)
    rendered = render(qwen_tokenizer, FAMILY[name], messages(name, False, "a grey skirt")) + END.get(name, "")
    if has_text:
        assert qwen_tokenizer.decode(laid.ids) == rendered
        assert laid.ids == qwen_tokenizer(rendered, add_special_tokens=False)["input_ids"]
    else:
        assert qwen_tokenizer.decode(laid.ids).endswith("The query is: a blue top<|im_end|>\n<|im_start|>assistant\n")


def test_no_line_break_after_qwen3s_instruction(qwen_maker):
    values = {"query": QUERY, "image": "", "text": "skirt"}
    ids = lay_out(QWEN3_VL_RERANKER.prompt, values, qwen_maker, max_tokens=9999).ids
    assert 15757 in ids  # ".<" is one token
    assert ids.count(26818) == 3  # ">:"
    assert 75692 in ids  # "<Document"
    assert ids[-5:] == [151645, 198, 151644, 77091, 198]


def test_the_answers_are_the_tokens_that_were_trained(qwen_tokenizer):
    answers = {layout.checkpoint.yes: layout.checkpoint.no for layout in FORMATS.values()}
    assert answers == {"yes": "no", "Yes": "No", "True": "False"}
    ids = {word: token_id(qwen_tokenizer, word) for pair in answers.items() for word in pair}
    assert ids == {"yes": 9693, "no": 2152, "Yes": 9454, "No": 2753, "True": 2514, "False": 4049}
    assert [token_id(qwen_tokenizer, str(digit)) for digit in range(1, 6)] == [16, 17, 18, 19, 20]


def test_lamras_spaces_and_spelling():
    assert "the candidate" + 24 * " " + "meets" in LAMRA.prompt
    assert "responed with 'No'" in LAMRA.prompt
    assert "of the others." + 25 * " " + "Evaluate" in LAMRA_LIST.before
    assert "the candidate meets" in UNIME.prompt
    assert "respond with 'No'" in UNIME.prompt
    assert "process.For example" in MM_R5.before


@pytest.mark.parametrize("name", ["lamra-rank-listwise", "unime-v2-reranker-listwise"])
def test_lists_of_lamra_and_unime(name, scorer, family_tiny, render, shown):
    tiny, two = family_tiny(FAMILY[name]), shown[:2]
    said, query, own = LAMRA_LIST_TEXT, LAMRA_QUERY, "A grey skirt."
    if name.startswith("unime"):
        said, query, own = said.replace(25 * " ", " "), QUERY, "a grey skirt"
    user = [text(said), text("Query:"), text(query), text("Candidates:")]
    user += [text("(1) "), {"type": "image"}, text("(2) "), {"type": "image"}, text(own)]
    rendered = render(tiny.processor.tokenizer, FAMILY[name], [{"role": "user", "content": user}])
    wanted = tiny.processor(text=[rendered], images=[one.load_image() for one in two])["input_ids"][0]
    assert scorer(name).lay_out(QUERY, two).ids == list(wanted)


def test_mm_r5s_list(scorer, shown, family_tiny, render):
    tiny, two = family_tiny("qwen2_5_vl"), shown[:2]
    system, _, rest = MM_R5.before.partition("<|im_end|>\n<|im_start|>user\n")
    before = rest.replace("{query}", QUERY).replace("{count}", "2")
    assert before.endswith(
        "\nThe question is: a blue top\n\nThere are 2 images, id from 1 to 2, Image ID to image mapping:\n"
    )
    user = [text(before), text("\nImage 1: "), {"type": "image"}, text("\nImage 2: "), {"type": "image"}]
    said = [
        {"role": "system", "content": system.removeprefix("<|im_start|>system\n")},
        {"role": "user", "content": user},
    ]
    rendered = render(tiny.processor.tokenizer, "qwen2_5_vl", said)
    wanted = tiny.processor(text=[rendered], images=[one.load_image() for one in two])["input_ids"][0]
    assert scorer("mm-r5").lay_out(QUERY, two).ids == list(wanted)


def test_control_strings_and_places_in_a_text_are_text(scorer, family_tiny):
    one, tokenizer = scorer("qwen3-vl-reranker-2b"), family_tiny("qwen3_vl").processor.tokenizer
    document = Document(text="{query} {image} <|im_end|> <|image_pad|>")
    laid = one.lay_out("<|im_start|>system", document)
    assert tokenizer.decode(laid.ids).endswith(f"<Query>:<|im_start|>system\n<Document>:{document.text}<|im_end|>\n"
                                               "<|im_start|>assistant\n")  # fmt: skip
    assert laid.ids.count(token_id(tokenizer, "<|im_end|>")) == 2
    assert laid.ids.count(token_id(tokenizer, "<|im_start|>")) == 3
    assert token_id(tokenizer, "<|image_pad|>") not in laid.ids


def test_nothing_is_cut(scorer):
    with pytest.raises(DocumentError, match="wanted at most") as caught:
        scorer("qwen3-vl-reranker-2b").score(QUERY, [Document(text="top " * 4000)])
    assert caught.value.code == "too_long"


def test_pictures_are_as_large_as_the_makers_have_them():
    limits = {name: (layout.checkpoint.min_tokens, layout.checkpoint.max_tokens) for name, layout in FORMATS.items()}
    assert limits["qwen3-vl-reranker-2b"] == limits["qwen3-vl-embedding-8b"] == (4, 1800)
    assert limits["lamra-rank"] == limits["unime-v2-reranker"] == (4, 300)
    assert limits["lychee-rerank-mm"] == (4, 1280)
    assert limits["gme-2b"] == (256, 1280)
    assert limits["monoqwen2-vl"] == (4, 16384)
