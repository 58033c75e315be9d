"""`yofo serve` as a process: SIGTERM lets running requests end, SIGKILL loses no kept verdict."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

BODY = {"model": "mini", "query": "a pink skirt", "documents": ["a pink skirt", "a green dress"]}


@pytest.fixture
def start(tmp_path):
    running = []

    def run(*words):
        command = [sys.executable, "-m", "yofo_rerank.cli", "serve", "--port", "0", *words]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "NO_COLOR": "1"})
        running.append(process)
        watch = threading.Timer(120, process.kill)  # so that a process that never starts ends the reading below
        watch.daemon = True
        watch.start()
        for line in process.stderr:
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                threading.Thread(target=process.stderr.read, daemon=True).start()  # keeps the pipe empty
                return process, found[0]
        raise AssertionError("it did not start")

    yield run
    for process in running:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_verdicts_survive_sigkill_and_requests_survive_sigterm(start, tmp_path):
    kept = str(tmp_path / "kept")
    process, url = start("--verdicts", kept)
    first = httpx.post(f"{url}/v1/rerank", json=BODY, timeout=60).json()["results"]
    process.send_signal(signal.SIGKILL)
    process.wait()

    process, url = start("--verdicts", kept)
    again = httpx.post(f"{url}/v1/rerank", json=BODY, timeout=60).json()["results"]
    assert again == first

    answers = []
    texts = [f"a {colour} skirt number {number}" for number in range(40) for colour in ("red", "blue", "pink")]
    asked = threading.Thread(
        target=lambda: answers.append(httpx.post(f"{url}/v1/rerank", json=BODY | {"documents": texts}, timeout=60))
    )
    asked.start()
    time.sleep(0.15)
    process.send_signal(signal.SIGTERM)
    asked.join()
    assert answers[0].status_code == 200
    assert len(answers[0].json()["results"]) == len(texts)
    assert process.wait(20) in (0, -signal.SIGTERM, 128 + signal.SIGTERM)
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{url}/healthz")


@pytest.mark.slow
def test_the_two_commands_of_the_readme(start):
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    _, curl = re.search(r"```console\n(yofo serve)\n(curl .*)\n```", readme).groups()
    if shutil.which("curl") is None:
        pytest.skip("no curl on this machine")
    _, url = start()
    words = [url + word.removeprefix("http://127.0.0.1:8000") if "8000" in word else word for word in shlex.split(curl)]
    answer = json.loads(subprocess.run(words, capture_output=True, check=True, timeout=60).stdout)
    assert [one["index"] for one in answer["results"]] == [0, 1]
    asked = [one["requirement"]["text"] for one in answer["results"][0]["judgements"]]
    assert "not pink" in asked
