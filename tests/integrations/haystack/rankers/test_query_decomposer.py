"""YofoQueryDecomposer: rules, chat generators that answer, fail and wait."""

import asyncio
import json
import threading

import pytest
from haystack import component
from haystack.dataclasses import ChatMessage
from haystack_integrations.components.rankers.yofo import YofoQueryDecomposer, YofoRanker

from yofo_rerank.decompose import FixedDecomposer
from yofo_rerank.errors import DecomposeError

QUERY = "a long dress, not pink"
REPLY = json.dumps(
    {"requirements": [{"text": "long"}, {"text": "red", "necessity": "should"}], "expression": "r1 and r2"}
)
RULES = ["dress", "long", "not pink"]


def texts(result):
    return [requirement["text"] for requirement in result["requirements"]]


@component
class Chat:
    """A chat generator that says one thing, and remembers what it was asked and in which thread."""

    def __init__(self, reply):
        self.reply = reply
        self.asked = []
        self.threads = set()
        self.warmed = 0

    def warm_up(self):
        self.warmed += 1

    @component.output_types(replies=list[ChatMessage])
    def run(self, messages: list[ChatMessage]) -> dict[str, list[ChatMessage]]:
        self.asked.append(messages[0].text)
        self.threads.add(threading.current_thread())
        if isinstance(self.reply, Exception):
            raise self.reply
        return {"replies": [] if self.reply is None else [ChatMessage.from_assistant(self.reply)]}


@component
class AsyncChat:
    """The same, to be awaited."""

    def __init__(self, reply):
        self.reply = reply
        self.threads = set()

    @component.output_types(replies=list[ChatMessage])
    def run(self, messages: list[ChatMessage]) -> dict[str, list[ChatMessage]]:
        raise AssertionError("awaited natively, so never called")

    @component.output_types(replies=list[ChatMessage])
    async def run_async(self, messages: list[ChatMessage]) -> dict[str, list[ChatMessage]]:
        await asyncio.sleep(0)
        self.threads.add(threading.current_thread())
        return {"replies": [ChatMessage.from_assistant(self.reply)]}


def test_rules_by_default():
    result = YofoQueryDecomposer().run(query=QUERY)
    assert texts(result) == RULES
    assert result["scoring"] is None
    assert result["warnings"] == []
    assert json.loads(json.dumps(result)) == result


def test_any_decomposer_of_the_library():
    assert texts(YofoQueryDecomposer(decomposer={"kind": "fixed", "requirements": ["blue"]}).run(query="x")) == ["blue"]
    assert texts(YofoQueryDecomposer(decomposer=FixedDecomposer(["blue"])).run(query="x")) == ["blue"]


def test_a_chat_generator_decomposes():
    chat = Chat(REPLY)
    result = YofoQueryDecomposer(chat_generator=chat).run(query=QUERY)
    assert [(item["text"], item["necessity"]) for item in result["requirements"]] == [
        ("long", "must"),
        ("red", "should"),
    ]
    assert result["scoring"] == {"kind": "expression", "expression": "r1 and r2", "soft": True}
    assert json.dumps(QUERY) in chat.asked[0]
    assert chat.warmed == 1


@pytest.mark.parametrize("reply", ["Sure! Here you are", "", None, ValueError("quota"), '{"requirements": []}'])
def test_rules_take_over_from_a_chat_generator_that_fails(reply, caplog):
    result = YofoQueryDecomposer(chat_generator=Chat(reply)).run(query=QUERY)
    assert texts(result) == RULES
    assert "'rules' was used instead" in result["warnings"][0]
    assert "'rules' was used instead" in caplog.text


def test_an_own_prompt_is_asked():
    chat = Chat(REPLY)
    YofoQueryDecomposer(chat_generator=chat, prompt="Answer in JSON: {query}").run(query="x")
    assert chat.asked == ['Answer in JSON: "x"']


def test_an_async_chat_generator_is_awaited_on_the_loop():
    chat = AsyncChat(REPLY)
    result = asyncio.run(YofoQueryDecomposer(chat_generator=chat).run_async(query=QUERY))
    assert texts(result) == ["long", "red"]
    assert chat.threads == {threading.main_thread()}


def test_a_sync_chat_generator_runs_off_the_loop():
    chat = Chat(REPLY)
    assert texts(asyncio.run(YofoQueryDecomposer(chat_generator=chat).run_async(query=QUERY))) == ["long", "red"]
    assert threading.main_thread() not in chat.threads
    assert texts(asyncio.run(YofoQueryDecomposer().run_async(query=QUERY))) == RULES


@pytest.mark.parametrize("query", ["", " \n", "\x00"])
def test_a_blank_query_is_refused(query):
    with pytest.raises(DecomposeError, match="blank"):
        YofoQueryDecomposer().run(query=query)


def test_wrong_settings_are_refused():
    with pytest.raises(ValueError, match="either"):
        YofoQueryDecomposer(decomposer="fixed", chat_generator=Chat(REPLY))
    with pytest.raises(DecomposeError, match="prompt"):
        YofoQueryDecomposer(chat_generator=Chat(REPLY), prompt="no place")
    with pytest.raises(DecomposeError, match="known ones"):
        YofoQueryDecomposer(decomposer="magic")


def test_a_ranker_can_hold_one(judge, documents):
    ranker = YofoRanker(decomposer=YofoQueryDecomposer(chat_generator=Chat(REPLY)))
    best = ranker.run(query=QUERY, documents=documents)["documents"][0]
    assert judge.calls[0][1] == ["long", "red"]
    assert best.score == pytest.approx(judge.answer(best.id, "long") * judge.answer(best.id, "red"))


def test_a_warning_is_logged_once_alone_and_in_a_ranker(judge, documents, caplog):
    query, note = "not black leather boots", "not sure how to read it"
    YofoQueryDecomposer().run(query=query)
    assert caplog.text.count(note) == 1
    caplog.clear()
    YofoRanker(decomposer=YofoQueryDecomposer()).run(query=query, documents=documents)
    assert caplog.text.count(note) == 1
