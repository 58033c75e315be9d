"""The service of judges that sleep, on the real Ray Serve; what is asked of it, and what is right."""

import socket
from contextlib import contextmanager

from yofo_rerank.scale.serve_app import build_app
from yofo_rerank.serving import Limits, ServeSettings

COLOURS = ("red", "blue", "pink", "green")
TEXTS = [f"a {colour} skirt number {number}" for number in range(6) for colour in COLOURS]


def body(requirement):
    return {"model": "m", "query": requirement, "documents": TEXTS, "requirements": [requirement], "explain": True}


def check_right(answer, colour):
    """A 200 with all documents, of which those of this colour are found."""
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert len(results) == len(TEXTS)
    assert {TEXTS[one["index"]] for one in results if one["relevance_score"] > 0.5} == {
        text for text in TEXTS if colour in text
    }


@contextmanager
def serving(judge, **bounds):
    """Its address, while it runs."""
    from ray import serve

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve.start(http_options={"port": port, "host": "127.0.0.1"})
    settings = ServeSettings(names=("m",), limits=Limits(deadline=120))
    try:
        serve.run(build_app(judge, settings, actor={"num_cpus": 0.1}, batch_tokens=64, **bounds))
        yield f"http://127.0.0.1:{port}"
    finally:
        serve.shutdown()
