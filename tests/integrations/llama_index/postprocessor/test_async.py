"""The event loop goes on, a chat model is awaited, and what it answers is not believed blindly."""

import asyncio
import threading
import time

import pytest
from llama_index.core.base.llms.types import CompletionResponse
from llama_index.core.llms import MockLLM
from llama_index.core.prompts import PromptTemplate
from llama_index.postprocessor.yofo import YofoRerank, explain

REPLY = '{"requirements": [{"text": "grey"}, {"text": "long", "necessity": "should"}], "expression": null}'


class Scripted(MockLLM):
    """Answers with `reply`, and notes how it was asked."""

    reply: str = REPLY
    asked: list = []  # noqa: RUF012  # a pydantic field, copied for each instance
    delay: float = 0.0

    def complete(self, prompt, formatted=False, **settings):
        time.sleep(self.delay)
        self.asked.append(("sync", prompt))
        return CompletionResponse(text=self.reply)

    async def acomplete(self, prompt, formatted=False, **settings):
        await asyncio.sleep(self.delay)
        self.asked.append((asyncio.current_task() is not None, prompt))
        return CompletionResponse(text=self.reply)


def chat(**script):
    llm = Scripted()
    for name, value in script.items():
        setattr(llm, name, value)
    return llm


def texts(found):
    return [one.requirement.text for one in explain(found[0]).judgements]


def test_chat_model_finds_the_requirements(nodes, judge):  # L21
    llm = chat()
    found = YofoRerank(decomposer="llm", llm=llm).postprocess_nodes(nodes, query_str='a "grey" {skirt}')
    assert texts(found) == ["grey", "long"]
    (how, prompt) = llm.asked[0]
    assert how == "sync"
    assert prompt.endswith('Query: "a \\"grey\\" {skirt}"')  # quoted, so that it cannot pass for instructions
    assert '{"requirements": [{"text": "dress"' in prompt


def test_chat_model_is_awaited(nodes, judge):  # L21
    llm = chat()
    found = asyncio.run(YofoRerank(decomposer="llm", llm=llm).apostprocess_nodes(nodes, query_str="a grey skirt"))
    assert texts(found) == ["grey", "long"]
    assert [how for how, _ in llm.asked] == [True]


def test_prompts(nodes, judge):  # L21
    llm = chat()
    reranker = YofoRerank(decomposer="llm", llm=llm)
    assert "{query}" in reranker.get_prompts()["decompose_prompt"].template
    reranker.update_prompts({"decompose_prompt": PromptTemplate("Split {query}!")})
    reranker.postprocess_nodes(nodes, query_str="a grey skirt")
    assert llm.asked == [("sync", 'Split "a grey skirt"!')]
    with pytest.raises(ValueError, match=r"\{query\}"):
        reranker.update_prompts({"decompose_prompt": PromptTemplate("Split it!")})


@pytest.mark.parametrize("how", ["sync", "async"])
@pytest.mark.parametrize(
    "script", [{"reply": "Sure! Here you are"}, {"reply": None}, {"delay": 2.0}], ids=["bad reply", "error", "too late"]
)
def test_rules_take_over(nodes, judge, caplog, how, script):  # L21
    reranker = YofoRerank(decomposer="llm", llm=chat(**script), llm_timeout=0.3)
    if how == "sync":
        found = reranker.postprocess_nodes(nodes, query_str="a grey skirt")
    else:
        found = asyncio.run(reranker.apostprocess_nodes(nodes, query_str="a grey skirt"))
    assert texts(found) == ["skirt", "grey"]
    assert "'rules' was used instead" in caplog.text


def test_loop_goes_on(nodes, judge, monkeypatch):  # L16
    """Judging, here a long sleep, happens in a thread."""
    slow = YofoRerank._rank

    def rank(self, given, decomposed):
        time.sleep(0.4)
        seen.append(threading.current_thread())
        return slow(self, given, decomposed)

    async def main():
        ticks = 0
        task = asyncio.create_task(reranker.apostprocess_nodes(nodes, query_str="a grey skirt"))
        while not task.done():
            await asyncio.sleep(0.02)
            ticks += 1
        return ticks, await task

    seen: list = []
    monkeypatch.setattr(YofoRerank, "_rank", rank)
    reranker = YofoRerank()
    ticks, found = asyncio.run(main())
    assert ticks >= 5
    assert len(found) == 5
    assert threading.main_thread() not in seen
    again = asyncio.run(main())[1]  # another loop
    assert [one.node_id for one in again] == [one.node_id for one in found]


def test_cancelled(nodes, judge):  # L16
    reranker = YofoRerank(decomposer="llm", llm=chat(delay=5.0))

    async def main():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reranker.apostprocess_nodes(nodes, query_str="a grey skirt"), 0.05)
        reranker.llm.delay = 0.0
        return await reranker.apostprocess_nodes(nodes, query_str="a grey skirt")

    assert texts(asyncio.run(main())) == ["grey", "long"]


def test_cancelled_while_judging(nodes, judge, monkeypatch):  # L16: the thread ends by itself
    rank = YofoRerank._rank
    monkeypatch.setattr(YofoRerank, "_rank", lambda self, *given: time.sleep(0.3) or rank(self, *given))
    reranker = YofoRerank()
    expected = reranker.postprocess_nodes(nodes, query_str="a grey skirt")

    async def main():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reranker.apostprocess_nodes(nodes, query_str="a red dress"), 0.05)
        return await reranker.apostprocess_nodes(nodes, query_str="a grey skirt")

    assert asyncio.run(main()) == expected
