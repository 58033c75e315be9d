"""A real server process-alike: uvicorn in a thread, around a judge that tests can look into."""

import contextlib
import threading
import time

import httpx
import pytest
import uvicorn

from yofo_rerank import YofoJudge
from yofo_rerank.requirements import Failure, JudgedDocument, Judgement
from yofo_rerank.serving import Limits, ServeSettings
from yofo_rerank.serving.app import create_app
from yofo_rerank.serving.server import settings as server_settings


class TextJudge:
    """Yes where the document's text holds the requirement's last word; slow or broken where its text says so."""

    def __init__(self):
        self.asked, self.hold = [], threading.Event()
        self.hold.set()

    def judge_outcomes(self, documents, requirements, *, progress=False):
        found = []
        for place, document in enumerate(documents):
            self.asked.append(document.text)
            if document.text == "explode":
                raise ZeroDivisionError("secret detail")
            self.hold.wait(10)
            if progress:
                progress(place + 1, len(documents))
            found.append(_outcome(document.text or "", requirements))
        return found

    def info(self):
        return {"model": "text"}


def _outcome(text, requirements):
    if text == "broken":
        return JudgedDocument(failure=Failure(code="bad_document", message="it is broken"))
    texts = [one if isinstance(one, str) else one.text for one in requirements]
    from yofo_rerank import Requirement

    return JudgedDocument(
        tuple(
            Judgement(
                requirement=one if isinstance(one, Requirement) else Requirement(text=one),
                p_yes=0.9 if words.split()[-1] in text else 0.1,
                verdict=words.split()[-1] in text,
            )
            for one, words in zip(requirements, texts, strict=True)
        )
    )


@contextlib.contextmanager
def serving(judge, settings):
    told = server_settings(settings.limits)  # those of `yofo serve`
    server = uvicorn.Server(uvicorn.Config(create_app(judge, settings), port=0, log_config=None, **told))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 300  # a busy machine loads a model slowly
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)


@pytest.fixture
def text_judge():
    return TextJudge()


@pytest.fixture
def serve(text_judge):
    """Starts a service with these limits and settings; a client of it comes back."""
    with contextlib.ExitStack() as stack:

        def start(limits=None, *, judge=text_judge, **settings):
            chosen = ServeSettings(**({"names": ("m",)} | settings), limits=Limits(**(limits or {})))
            url = stack.enter_context(serving(judge, chosen))
            return stack.enter_context(httpx.Client(base_url=url, timeout=20))

        yield start


@pytest.fixture(scope="session")
def mini_service():
    judge = YofoJudge.from_pretrained("mini", device="cpu")
    with serving(judge, ServeSettings(names=("mini", "rerank-v3.5"))) as url:
        yield url, judge
