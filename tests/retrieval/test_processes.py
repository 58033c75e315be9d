"""Several processes on one index folder, and writers that are killed: real processes, bounded to seconds."""

import itertools
import random
import signal
import subprocess
import sys
import time

import pytest

from yofo_rerank.documents import Document
from yofo_rerank.retrieval import ClipFaissRetriever

PROGRAM = """
import hashlib, sys, time
import numpy as np
from PIL import Image
from yofo_rerank.documents import Document
from yofo_rerank.retrieval import ClipFaissRetriever

class Encoder:
    model, pretrained, fingerprint, dim = "mini", None, "fake:1", 8
    def too_long(self, texts): return [False] * len(texts)
    def encode_texts(self, texts, *, warn=True):
        rows = [np.frombuffer(hashlib.sha256(text.encode()).digest()[:8], np.uint8) for text in texts]
        return np.stack(rows).astype(np.float32) - 128
    def encode_images(self, images):
        return self.encode_texts([str(image.getpixel((0, 0))) for image in images])

def documents(n):
    yield Document(image=Image.new("RGB", (9, 9), (n, 1, 2)), id="image", metadata={"n": n})
    for i in range(n - 1):
        yield Document(text=f"document {i} of {n}", id=str(i), metadata={"n": n})

def write(folder, n):
    retriever = ClipFaissRetriever(Encoder())
    retriever.add(documents(n), progress=False)
    retriever.save(folder)

def read(folder):
    # whole, of one writer, with its picture, even after others have saved
    retriever = ClipFaissRetriever.load(folder, Encoder())
    n = len(retriever)
    time.sleep(0.01)
    assert {document.metadata["n"] for document in retriever.documents} == {n}
    assert retriever.documents[0].load_image().getpixel((0, 0)) == (n, 1, 2)
    assert retriever.search(f"document 3 of {n}", top_k=1)[0].document.id == "3"

what, folder, seconds, n = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
print("ready", flush=True)
end, rounds = time.monotonic() + seconds, 0
while time.monotonic() < end:
    write(folder, n) if what == "write" else read(folder)
    rounds += 1
print(rounds)
"""


def start(what, folder, seconds, n=0):
    command = [sys.executable, "-c", PROGRAM, what, str(folder), str(seconds), str(n)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def folder(encoder, tmp_path):
    """An index of 20 documents."""
    process = start("write", tmp_path / "index", 0.01, 20)
    assert process.wait(60) == 0, process.stderr.read()
    return tmp_path / "index"


def test_two_writers_and_two_readers(folder, encoder):
    running = [
        start("write", folder, 3, 11),
        start("write", folder, 3, 34),
        start("read", folder, 3),
        start("read", folder, 3),
    ]
    rounds = []
    for process in running:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        rounds.append(int(out.split()[-1]))
    assert min(rounds) >= 3
    assert len(ClipFaissRetriever.load(folder, encoder)) in (11, 34)
    ClipFaissRetriever(encoder).save(folder)  # nobody reads any more
    assert len(list(folder.glob("generation-*"))) == 1
    assert list((folder / "kept-images").iterdir()) == []


def test_writers_that_are_killed(folder, encoder):
    rng = random.Random(0)
    for _ in range(6):
        process = start("write", folder, 60, 34)
        assert process.stdout.readline() == "ready\n"
        time.sleep(rng.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=10)
        assert len(ClipFaissRetriever.load(folder, encoder)) in (20, 34)
    ClipFaissRetriever(encoder).save(folder)  # the lock went with its holder
    assert len(list(folder.glob("generation-*"))) == 1  # and so does what was half written


def test_a_reader_keeps_its_generation_until_it_is_gone(folder, encoder, make):
    reader = ClipFaissRetriever.load(folder, encoder)
    writer = ClipFaissRetriever(encoder)
    for number in range(3):
        writer.add([Document(text=f"round {number}", id=str(number))])
        writer.save(folder)
    assert reader.documents[0].load_image().getpixel((0, 0)) == (20, 1, 2)
    assert len(list(folder.glob("generation-*"))) == 2
    del reader
    writer.save(folder)
    assert len(list(folder.glob("generation-*"))) == 1
    assert list((folder / "kept-images").iterdir()) == []


def test_another_writers_changes_are_not_replaced_silently(folder, encoder, caplog):
    first, second = ClipFaissRetriever.load(folder, encoder), ClipFaissRetriever.load(folder, encoder)
    first.add([Document(text="of the first", id="first")])
    first.save(folder)
    first.save(folder)
    assert "another writer" not in caplog.text
    second.save(folder)
    assert "another writer changed the index" in caplog.text


def test_files_that_no_manifest_lists_stay(folder, encoder):
    mine = [folder / "notes.txt", folder / "kept-images" / f"{'a' * 64}.png", folder / "images" / f"{'b' * 64}.jpg"]
    mine += [generation / "mine.txt" for generation in folder.glob("generation-*")]
    for path in mine:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    for _, path in itertools.product(range(3), mine):
        ClipFaissRetriever(encoder).save(folder)
        assert path.read_text() == "mine"
