"""pipelines/haystack_shop.py as a user runs it, with either first stage, and its YAML served by Hayhooks (H19)."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml

from yofo_rerank import Document
from yofo_rerank.mini.indexed import sample_retriever
from yofo_rerank.mini.weights import weights_folder
from yofo_rerank.retrieval import ClipFaissRetriever

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = ROOT / "pipelines" / "haystack_shop.py"
README = ROOT / "README.md"
QUERY = "a long dress, not pink"
LINE = re.compile(
    r"^ *\d+\. [01]\.\d{3}  \S+  [✓✗] dress \(\d\.\d\d\), [✓✗] long \(\d\.\d\d\), [✓✗] not pink \(\d\.\d\d\)$"
)
HAS_MINI = all(weights_folder(part).is_dir() for part in ("base", "adapter", "clip"))
needs_mini = pytest.mark.skipif(not HAS_MINI, reason="the embedded weights are not built yet (make train-mini)")
WRAPPER = """
from pathlib import Path

from haystack import Pipeline
from hayhooks import BasePipelineWrapper


class PipelineWrapper(BasePipelineWrapper):
    def setup(self) -> None:
        self.pipeline = Pipeline.loads(Path(__file__).with_name("shop.yaml").read_text())

    def run_api(self, query: str) -> list[dict]:
        inputs = {name: {"query": query} for name in ("decomposer", "ranker")}
        found = self.pipeline.run({"embedder": {"text": query}} | inputs)["ranker"]["documents"]
        return [{"id": document.id, "score": document.score, **document.meta["yofo"]} for document in found]
"""
try:
    import haystack_integrations.document_stores.qdrant as qdrant
except ImportError:  # not installed, or for another version of Haystack
    qdrant = None
needs_qdrant = pytest.mark.skipif(qdrant is None, reason="no qdrant-haystack that fits this Haystack")


def run(*arguments, cwd):
    """Run the program in a process of its own."""
    path = os.pathsep.join([os.environ.get("PYTHONPATH", ""), str(ROOT), str(ROOT / "integrations")]).strip(os.pathsep)
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, str(PROGRAM), *map(str, arguments)]
    result = subprocess.run(
        command, capture_output=True, encoding="utf-8", env=environment, cwd=cwd, check=False, timeout=600
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


@pytest.fixture(scope="module")
def index(clip, photos, tmp_path_factory):
    """Six pictures and a text."""
    core = ClipFaissRetriever.from_pretrained(clip)
    core.add(
        [*(Document(image=photos / f"{n}.png", id=f"p{n}") for n in range(6)), Document(text="grey skirt", id="t")]
    )
    core.save(folder := tmp_path_factory.mktemp("shop") / "photos.index")
    return folder


@pytest.fixture(scope="module")
def tiny_yaml(clip, model, index, tmp_path_factory):
    """The program's YAML with tiny models in place of mini."""
    description = yaml.safe_load(PROGRAM.with_suffix(".yaml").read_text())
    settings = {name: one["init_parameters"] for name, one in description["components"].items()}
    settings["embedder"]["model"] = clip
    settings["ranker"]["model"] = model
    settings["retriever"]["index_path"] = str(index)
    path = tmp_path_factory.mktemp("yaml") / "shop.yaml"
    path.write_text(yaml.safe_dump(description))
    return path


def test_it_is_short_enough_to_copy():
    assert len(PROGRAM.read_text().splitlines()) < 110


@pytest.mark.parametrize("store", ["faiss", pytest.param("qdrant", marks=needs_qdrant)])
def test_with_either_first_stage(store, index, tiny_yaml, tmp_path):
    lines = run(QUERY, "--store", store, "--index", index, "--yaml", tiny_yaml, cwd=tmp_path)
    assert all(LINE.match(line) for line in lines), lines
    assert sorted(line.split()[2] for line in lines) == ["p0", "p1", "p2", "p3", "p4", "p5", "t"]
    assert len({line.split()[1] for line in lines}) > 1
    assert list(tmp_path.iterdir()) == []


@needs_mini
@pytest.mark.slow
@pytest.mark.parametrize("store", ["faiss", pytest.param("qdrant", marks=needs_qdrant)])
def test_on_mini(store, tmp_path):
    lines = run(QUERY, "--store", store, cwd=tmp_path)
    assert len(lines) == 10
    assert all(LINE.match(line) for line in lines), lines


def readme_yaml():
    """The README's block, as it stands."""
    blocks = re.findall(r"^```yaml\n(.*?)^```", README.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return next(block for block in blocks if "haystack" in block)


@pytest.fixture
def server(tiny_yaml, tmp_path):
    """Hayhooks with its default, strict settings, serving the YAML, bare and in a wrapper, and the README's block;
    yields its address."""
    pytest.importorskip("hayhooks", reason="hayhooks is not installed")
    pipelines = tmp_path / "pipelines"
    pipelines.mkdir()
    (pipelines / "wrapped").mkdir()
    if HAS_MINI:
        (pipelines / "readme.yaml").write_text(readme_yaml())
        sample_retriever(40, seed=40).save(tmp_path / "photos.index")
    for folder in (pipelines, pipelines / "wrapped"):
        (folder / "shop.yaml").write_text(tiny_yaml.read_text())
    (pipelines / "wrapped" / "pipeline_wrapper.py").write_text(WRAPPER)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = os.pathsep.join([os.environ.get("PYTHONPATH", ""), str(ROOT), str(ROOT / "integrations")]).strip(os.pathsep)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HAYHOOKS_", "HAYSTACK_"))}
    environment |= {"PYTHONPATH": path, "HF_HUB_OFFLINE": "1", "HAYSTACK_TELEMETRY_ENABLED": "False"}
    command = [
        sys.executable,
        "-c",
        "from hayhooks.cli import hayhooks_cli; hayhooks_cli()",
        "run",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    log = tmp_path / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "--pipelines-dir", str(pipelines)], stdout=output, stderr=output, env=environment, cwd=tmp_path
        )
    try:
        yield _when_ready(f"http://127.0.0.1:{port}", process, log)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _when_ready(address, process, log):
    for _ in range(600):
        if process.poll() is not None:
            pytest.fail(f"hayhooks stopped: {log.read_text()}")
        try:
            with urllib.request.urlopen(f"{address}/status", timeout=5):
                return address
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    pytest.fail(f"hayhooks did not start: {log.read_text()}")


def ask(address):
    request = urllib.request.Request(
        f"{address}/run", json.dumps({"query": QUERY}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=300) as response:
        return json.load(response)["result"]


def test_hayhooks_serves_the_yaml_and_a_wrapper(server):
    documents = ask(f"{server}/shop")["ranker"]["documents"]
    assert len(documents) == 7
    assert [document["score"] for document in documents] == sorted((d["score"] for d in documents), reverse=True)
    assert all(len(document["meta"]["yofo"]["judgements"]) == 3 for document in documents)
    wrapped = ask(f"{server}/wrapped")
    assert [(one["id"], one["score"]) for one in wrapped] == [(one["id"], one["score"]) for one in documents]
    assert all(len(one["judgements"]) == 3 for one in wrapped)
    if HAS_MINI:
        found = ask(f"{server}/readme")["ranker"]["documents"]
        assert len(found) == 5
        assert found[0]["score"] > 0.5 > found[-1]["score"]
        requirements = [judged["requirement"]["text"] for judged in found[0]["meta"]["yofo"]["judgements"]]
        assert requirements == ["dress", "long", "not pink"]
