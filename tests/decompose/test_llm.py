"""`llm` with plain functions; against a server: test_llm_call.py."""

import asyncio
import contextvars
import copy
import json
import pickle
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yofo_rerank.decompose import DEFAULT_PROMPT, LlmDecomposer, decompose, get_decomposer
from yofo_rerank.decompose.llm_reply import build_prompt
from yofo_rerank.errors import DecomposeError, MissingExtra

QUERY = "a red dress without pockets"
GOOD = {"requirements": [{"text": "red dress", "necessity": "must"}, {"text": "no pockets", "necessity": "should"}]}
BY_RULES = ["dress", "red", "no pockets"]


def texts(decomposed: Any) -> list[str]:
    return [item.text for item in decomposed.requirements]


def answering(reply: object) -> LlmDecomposer:
    return LlmDecomposer(lambda prompt: reply if isinstance(reply, str) else json.dumps(reply))


# ---- any function str -> str


@pytest.mark.parametrize("wrap", ["{}", "```json\n{}\n```", "```\n{}\n```", "  ```JSON\n{}```  \n"])
def test_a_good_reply_is_used(wrap: str) -> None:
    decomposed = decompose(QUERY, answering(wrap.replace("{}", json.dumps(GOOD))))
    assert [(item.text, item.necessity) for item in decomposed.requirements] == [
        ("red dress", "must"),
        ("no pockets", "should"),
    ]
    assert (decomposed.decomposer, decomposed.query, decomposed.warnings) == ("llm", QUERY, ())


def test_the_prompt_holds_the_query_as_a_json_string() -> None:
    prompts: list[str] = []
    query = 'red "x" {query} {braces}'
    LlmDecomposer(lambda prompt: prompts.append(prompt) or "").decompose(query)
    assert prompts[0].endswith('Query: "red \\"x\\" {query} {braces}"')
    assert build_prompt("Q={query}", "rot è") == 'Q="rot è"'
    assert DEFAULT_PROMPT.count("{query}") == 1


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("", "reply: json_invalid"),
        ("Sure! Here is the list: red, dress", "reply: json_invalid"),
        (json.dumps(GOOD)[:-3], "reply: json_invalid"),
        ("[" * 5000 + "]" * 5000, "reply: json_invalid"),
        ("[]", "reply: model_type"),
        ("null", "reply: model_type"),
        ({"requirements": []}, "requirements: too_short"),
        ({"requirements": ["red"]}, "requirements.0: model_type"),
        ({"requirements": [{"text": 3}]}, "requirements.0.text: string_type"),
        ({"requirements": [{"text": "red", "necessity": "maybe"}]}, "requirements.0.necessity: literal_error"),
        ({"requirements": [{"text": "red", "p_yes": 1}]}, "requirements.0.p_yes: extra_forbidden"),
        ({**GOOD, "scoring": {}}, "scoring: extra_forbidden"),
        ({"requirements": [{"text": " \u200b"}]}, "every requirement of the reply is blank"),
        ("x" * 100_001, "the reply must be a text of at most 100000 characters, but is 100001 characters"),
    ],
)
def test_a_bad_reply_falls_back_to_rules_and_says_so(reply: object, reason: str) -> None:
    decomposed = answering(reply).decompose(QUERY)
    assert texts(decomposed) == BY_RULES
    assert decomposed.decomposer == "rules"
    assert decomposed.warnings == (f"the llm decomposer failed (bad reply: {reason}); 'rules' was used instead",)


def test_a_reply_that_is_no_text_falls_back() -> None:
    decomposed = LlmDecomposer(lambda prompt: None).decompose(QUERY)  # type: ignore[arg-type, return-value]
    assert "but is NoneType" in decomposed.warnings[0]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_any_reply_gives_at_least_one_requirement(text: str, value: object) -> None:
    for reply in (text, value, {"requirements": value}, {"requirements": [{"text": text}]}):
        decomposed = answering(reply).decompose(QUERY)
        assert decomposed.requirements
        assert all(0 < len(item.text) <= 200 for item in decomposed.requirements)


def test_a_reply_is_capped_cleaned_and_deduplicated() -> None:
    items = [{"text": f"thing {number}"} for number in range(70)]
    decomposed = answering({"requirements": [{"text": "Red\n\x00"}, {"text": "red"}, {"text": "w " * 400}, *items]})
    decomposed = decomposed.decompose(QUERY)
    assert texts(decomposed)[0] == "Red"
    assert len(texts(decomposed)) == 64
    assert max(map(len, texts(decomposed))) <= 200
    assert len(decomposed.warnings) == 2


def test_an_expression_becomes_the_scoring_rule() -> None:
    decomposed = answering({**GOOD, "expression": "r1 and r2"}).decompose(QUERY)
    assert decomposed.scoring is not None
    assert (decomposed.scoring["kind"], decomposed.scoring["expression"]) == ("expression", "r1 and r2")
    assert decomposed.warnings == ()


@pytest.mark.parametrize("expression", ["r1 and r9", "__import__('os')", "r1 +", "", "(" * 500 + "r1" + ")" * 500])
def test_an_unsound_expression_is_dropped_with_a_warning(expression: str) -> None:
    decomposed = answering({**GOOD, "expression": expression}).decompose(QUERY)
    assert texts(decomposed) == ["red dress", "no pockets"]
    assert decomposed.scoring is None
    assert decomposed.warnings[0].startswith("dropped the model's expression")


def test_an_expression_over_repeated_requirements_is_dropped() -> None:
    reply = {"requirements": [{"text": "red"}, {"text": "RED"}, {"text": "long"}], "expression": "r1 and r3"}
    decomposed = answering(reply).decompose(QUERY)
    assert decomposed.scoring is None
    assert "renumbered" in decomposed.warnings[0]


@pytest.mark.parametrize(
    "error", [RuntimeError("key sk-secret"), KeyError("x"), ValueError("0x7f"), OSError("no route")]
)
def test_an_exception_of_the_function_falls_back_without_its_message(error: Exception) -> None:
    def complete(prompt: str) -> str:
        raise error

    decomposed = LlmDecomposer(complete).decompose(QUERY)
    assert texts(decomposed) == BY_RULES
    assert decomposed.warnings == (f"the llm decomposer failed ({type(error).__name__}); 'rules' was used instead",)


def test_an_interrupt_is_not_swallowed() -> None:
    def complete(prompt: str) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        LlmDecomposer(complete).decompose(QUERY)


def test_a_function_that_hangs_is_left_behind() -> None:
    released = threading.Event()
    start = time.perf_counter()
    decomposed = LlmDecomposer(lambda prompt: str(released.wait(30)), timeout=0.1).decompose(QUERY)
    released.set()
    assert time.perf_counter() - start < 5
    assert "(TimeoutError)" in decomposed.warnings[0]


def test_the_callers_context_reaches_the_function() -> None:
    request = contextvars.ContextVar("request", default="none")
    request.set("42")
    seen: list[str] = []
    LlmDecomposer(lambda prompt: seen.append(request.get()) or "").decompose(QUERY)
    assert seen == ["42"]


def test_a_blank_query_is_an_error_before_the_model_is_asked() -> None:
    with pytest.raises(DecomposeError, match="blank"):
        LlmDecomposer(lambda prompt: pytest.fail("asked")).decompose(" ")


# ---- async


class Model:
    def __init__(self, reply: Callable[[], str]) -> None:
        self.reply = reply

    async def __call__(self, prompt: str) -> str:
        await asyncio.sleep(0)
        return self.reply()


def test_an_async_function_is_awaited() -> None:
    async def complete(prompt: str) -> str:
        await asyncio.sleep(0)
        return json.dumps(GOOD)

    for asynchronous in (complete, Model(lambda: json.dumps(GOOD))):
        decomposer = LlmDecomposer(asynchronous)
        assert texts(asyncio.run(decomposer.adecompose(QUERY))) == ["red dress", "no pockets"]
        with pytest.raises(DecomposeError, match="await adecompose"):
            decomposer.decompose(QUERY)


def test_async_failures_fall_back() -> None:
    async def slow(prompt: str) -> str:
        await asyncio.sleep(30)
        return ""

    async def broken(prompt: str) -> str:
        raise RuntimeError

    for complete, reason in ((slow, "TimeoutError"), (broken, "RuntimeError"), (Model(lambda: "no"), "json_invalid")):
        decomposed = asyncio.run(LlmDecomposer(complete, timeout=0.1).adecompose(QUERY))
        assert texts(decomposed) == BY_RULES
        assert reason in decomposed.warnings[0]


def test_a_sync_function_does_not_block_the_loop() -> None:
    ticks: list[int] = []

    async def main() -> Any:
        async def tick() -> None:
            while True:
                ticks.append(1)
                await asyncio.sleep(0.01)

        ticking = asyncio.create_task(tick())
        decomposed = await LlmDecomposer(lambda prompt: time.sleep(0.2) or json.dumps(GOOD)).adecompose(QUERY)
        ticking.cancel()
        return decomposed

    assert texts(asyncio.run(main())) == ["red dress", "no pockets"]
    assert len(ticks) > 2


# ---- set-up


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({}, "needs complete= or model="),
        ({"model": ""}, "needs complete= or model="),
        ({"complete": "gpt"}, "complete must be callable"),
        ({"model": "m", "timeout": 0}, "timeout"),
        ({"model": "m", "timeout": True}, "timeout"),
        ({"model": "m", "timeout": float("nan")}, "timeout"),
        ({"model": "m", "prompt": "list the requirements"}, r"\{query\}"),
        ({"model": "m", "base_url": "http://me:secret@host/v1"}, "without a user name or password"),
        ({"model": "m", "base_url": "file:///etc"}, "http"),
        ({"model": "m", "base_url": 3}, "http"),
        ({"model": "m", "api_key_env": "sk-abc-123"}, "never the key itself"),
    ],
)
def test_a_wrong_setting_is_explained(settings_: dict, message: str) -> None:
    with pytest.raises(DecomposeError, match=message) as caught:
        LlmDecomposer(**settings_)
    assert "secret" not in str(caught.value)
    assert "sk-abc" not in str(caught.value)


def test_settings_are_data_and_hold_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sk-very-secret")
    decomposer = LlmDecomposer(model="m", base_url="http://127.0.0.1:9/v1", api_key_env="MY_KEY", timeout=2)
    decomposer._chat()  # opens the client, which holds the key
    for shown in (repr(decomposer), json.dumps(decomposer.to_dict()), pickle.dumps(decomposer).decode("latin-1")):
        assert "sk-very" not in shown
    assert decomposer.to_dict()["kind"] == "llm"
    assert get_decomposer(decomposer.to_dict()).to_dict() == decomposer.to_dict()
    assert copy.deepcopy(decomposer).to_dict() == decomposer.to_dict()


def test_a_function_is_not_data() -> None:
    with pytest.raises(DecomposeError, match="cannot be data"):
        answering("").to_dict()
    assert "complete=..." in repr(answering(""))


def test_a_missing_key_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(DecomposeError, match="set OPENAI_API_KEY, or give base_url="):
        LlmDecomposer(model="m").decompose(QUERY)


def test_a_missing_extra_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(MissingExtra, match=r'pip install "yofo-rerank\[llm\]"'):
        LlmDecomposer(model="m", base_url="http://127.0.0.1:9/v1").decompose(QUERY)
