"""The program that users copy, with the embedded judge and encoder."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from yofo_rerank.scale import QdrantCollection, open_shards

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning:ray.*")

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "pipelines" / "catalogue_on_ray.py"


@pytest.fixture(scope="module")
def program():
    spec = importlib.util.spec_from_file_location("catalogue_on_ray", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_program_judges_and_embeds_the_drawn_catalogue_once(ray_here, program, tmp_path, capsys):
    out = tmp_path / "answers"
    asked = ["--out", str(out), "--documents", "8", "--encoder", "mini", "--requirement", "is a dress"]
    asked += ["--faiss", "--qdrant", str(tmp_path / "qdrant"), "--collection", "shop"]
    assert program.main(asked) == 0
    assert "1 partitions written and 0 found written, 8 documents judged and 0 failed" in capsys.readouterr().err
    assert program.main(asked) == 0
    shown = capsys.readouterr()
    assert "0 partitions written and 1 found written, 0 documents judged" in shown.err
    assert "8 documents" in shown.out

    (answers,), (vectors,) = out.glob("*.parquet"), (out / "vectors").glob("*.parquet")
    found = parquet.read_table(answers).to_pylist()
    assert len({row["document"] for row in found}) == 8
    assert max(row["p_yes"] for row in found) - min(row["p_yes"] for row in found) > 0.5
    embedded = parquet.read_table(vectors).to_pylist()
    assert {len(row["vector"]) for row in embedded} == {len(_vector())}

    shards = open_shards(out)
    hits = shards.search(np.array([row["vector"] for row in embedded], np.float32), 8)
    for row, some in zip(embedded, hits, strict=True):
        assert row["document"] in {id_ for id_, score in some if score > 0.9999}
        assert {id_ for id_, _ in some} == {row["document"] for row in found}
    client = QdrantCollection("shop", str(tmp_path / "qdrant")).client()
    try:
        points, _ = client.scroll("shop", limit=100)
    finally:
        client.close()
    assert len(points) == 8
    assert {point.payload["document"]: point.payload["p_yes"]["is a dress"] for point in points} == {
        row["document"]: row["p_yes"] for row in found
    }


@pytest.mark.slow
def test_the_line_of_the_readme_runs_as_it_stands(tmp_path):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^python (pipelines/catalogue_on_ray\.py .*)$", readme, flags=re.MULTILINE)
    words = [str(tmp_path / word) if word == "answers" else word for word in line.split()]
    patient = os.environ | {"RAY_raylet_start_wait_time_s": "300"}  # on a busy machine
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=patient, capture_output=True, text=True, check=False, timeout=500
    )
    assert done.returncode == 0, done.stderr
    (count,) = re.findall(r"found written, (\d+) documents judged and 0 failed", done.stderr)
    found = [row for path in (tmp_path / "answers").glob("*.parquet") for row in parquet.read_table(path).to_pylist()]
    assert len({row["document"] for row in found}) == int(count) > 0
    assert {row["verdict"] for row in found} == {True, False}


def _vector():
    from PIL import Image

    from yofo_rerank.retrieval import ClipEncoder

    return ClipEncoder("mini").encode_images([Image.new("RGB", (32, 32))])[0]


def test_what_goes_wrong_is_one_line(program, tmp_path, capsys):
    assert program.main([str(tmp_path / "none"), "--out", str(tmp_path / "answers")]) == 1
    assert capsys.readouterr().err.count("error: ") == 1
