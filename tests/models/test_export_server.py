"""The server of transformers answers as we do, from an exported folder and without us."""

import base64
import io
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from tests.models.test_export import TEXTS, largest_difference, photo, request
from yofo_rerank import Document, YofoJudge
from yofo_rerank.judges import SystemOneJudge
from yofo_rerank.mini import sample_catalog
from yofo_rerank.models.export import export_folder

pytest.importorskip("transformers.decision", reason="decision models came with transformers 5.23")

SERVER = """
import sys
sys.modules["yofo_rerank"] = None  # whoever imports it fails
from transformers.cli.transformers import main
sys.argv[0] = "transformers"
main()
"""


@pytest.fixture
def serve(tmp_path):
    """`transformers serve` in a process of its own, without our package; call it with a request."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", SERVER, "serve", "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def post(folder, asked):
        assets = {
            name: {"type": "image", "format": "png", "data_base64": base64.b64encode(as_png(image)).decode()}
            for name, image in asked["assets"].items()
        }
        body = json.dumps(asked | {"model": str(folder), "assets": assets}).encode()
        sent = urllib.request.Request(
            f"http://127.0.0.1:{port}/v1/systemone", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(sent, timeout=60) as answer:
            return json.load(answer)["answers"]

    post.url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5)
                break
            except OSError:
                assert process.poll() is None, "the server ended"
                time.sleep(0.1)
        yield post
    finally:
        process.kill()
        process.wait()


def as_png(image):
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@pytest.mark.slow
def test_the_server_of_transformers_gives_our_answers(serve, tmp_path):
    pytest.importorskip("uvicorn")
    documents = [document for document, _ in sample_catalog(10, seed=3)]
    for attention, some in (("joint", documents), ("isolated", documents[:2])):
        folder = tmp_path / attention
        export_folder(folder, attention=attention)
        judge = YofoJudge.from_pretrained("mini", attention=attention)
        assert largest_difference(judge, lambda asked, folder=folder: serve(folder, asked), some) < 1e-5
    every = [documents[0], photo(64, 64, "a grey skirt"), Document(text="a blue hooded top")]
    ours = judge.judge(every, TEXTS[:3])
    theirs = SystemOneJudge(serve.url, model=str(folder)).judge_outcomes(every, TEXTS[:3])
    for row, found in zip(ours, theirs, strict=True):
        assert [one.p_yes for one in found.judgements] == pytest.approx([one.p_yes for one in row], abs=1e-5)
    choice = {"type": "choice", "instructions": "?", "criteria": {"a": None, "b": None}}
    with pytest.raises(urllib.error.HTTPError):
        serve(folder, request(documents[0]) | {"questions": {"q": choice}})
    assert serve(folder, request(documents[0], TEXTS[:1])).keys() == {"q0"}  # it goes on


@pytest.mark.slow
def test_and_of_qwen3_5_under_the_class_that_transformers_takes(serve, adapted, tmp_path):
    pytest.importorskip("uvicorn")
    base, adapter, _, _ = adapted("qwen3_5")
    documents = [photo(200, 100), photo(48, 64, "a grey skirt"), Document(text="grey trousers")]
    for attention in ("joint", "isolated"):
        folder = tmp_path / attention
        export_folder(folder, str(base), str(adapter), attention=attention)
        judge = YofoJudge.from_pretrained(str(base), adapter=str(adapter), attention=attention)
        assert largest_difference(judge, lambda asked, folder=folder: serve(folder, asked), documents, TEXTS[:4]) < 1e-5
