"""A process that was forked from one with a loaded model says so at once, instead of waiting for ever."""

import multiprocessing
import os
import subprocess
import sys
import threading
import warnings

import pytest

from yofo_rerank import Document, YofoJudge
from yofo_rerank.errors import ModelError

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
DOCUMENTS, TEXTS = [Document(text="a grey skirt")], ["it is grey"]


def in_child(work):
    """What `work` says in a forked process, which gets a minute."""
    context = multiprocessing.get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    child = context.Process(target=lambda: sending.send(work()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python warns of forks beside threads, which is the point here
        child.start()
    answered = receiving.poll(60)
    child.join(1)
    if child.is_alive():
        child.kill()
    assert answered, "the child hangs"
    return receiving.recv()


def refused(work):
    try:
        return f"answered {work()}"
    except ModelError as error:
        return error.code


@pytest.fixture
def busy(tiny_qwen3_vl):
    """A judge that another thread keeps at work."""
    judge = YofoJudge.from_components(tiny_qwen3_vl.model, tiny_qwen3_vl.processor)
    stop = threading.Event()
    begun = threading.Event()

    def work():
        while not stop.is_set():
            judge.judge(DOCUMENTS, TEXTS)
            begun.set()

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait(20)
    yield judge
    stop.set()
    thread.join()


def test_fork_beside_a_judging_thread(busy):
    for work in (
        lambda: busy.judge(DOCUMENTS, TEXTS),
        lambda: busy.stats,
        lambda: YofoJudge.from_pretrained("mini").judge(DOCUMENTS, TEXTS),
    ):
        assert in_child(lambda work=work: refused(work)) == "forked"
    assert len(busy.judge(DOCUMENTS, TEXTS)[0]) == 1  # the parent goes on


def test_the_error_names_the_way_out(busy):
    def work():
        try:
            busy.info()
        except ModelError as error:
            return str(error)

    assert "start method 'spawn'" in in_child(work)


def test_fork_before_anything_is_loaded():
    """A server that forks its workers first; in a process of its own, for this one has loaded models."""
    code = (
        "import os, signal; signal.alarm(60)\n"
        "from yofo_rerank import Document, YofoJudge\n"
        "judge = YofoJudge.from_pretrained('mini')\n"
        "if os.fork() == 0:\n"
        "    os._exit(0 if judge.judge([Document(text='a grey skirt')], ['it is grey']) else 1)\n"
        "assert os.wait()[1] == 0\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=90)
