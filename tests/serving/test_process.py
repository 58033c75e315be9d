"""`yofo serve` as a process: SIGTERM lets running requests end, SIGKILL loses no kept verdict."""

import json
import os
import re
import shlex
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from yofo_rerank.cli import main

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
            if found := re.search(r"https?://127\.0\.0\.1:(\d+)", line):
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


@pytest.fixture
def certificate(tmp_path):
    """Self-signed, for 127.0.0.1: its file, and its key's."""
    files = tmp_path / "cert.pem", tmp_path / "key.pem"
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this machine")
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    command = [*words.split(), "-out", str(files[0]), "-keyout", str(files[1])]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return files


@pytest.mark.slow
def test_https_and_who_asks_behind_a_proxy(start, certificate):
    tls = ["--ssl-certfile", str(certificate[0]), "--ssl-keyfile", str(certificate[1])]
    _, url = start(*tls, "--rate", "1", "--proxy", "127.0.0.1")
    assert url.startswith("https://")
    trusted = ssl.create_default_context(cafile=str(certificate[0]))
    with httpx.Client(base_url=url, verify=trusted, timeout=60) as client:
        status = [
            client.post("/v1/rerank", json=BODY, headers={"X-Forwarded-For": who}).status_code
            for who in ("192.0.2.1", "192.0.2.2", "192.0.2.1")
        ]
    assert status == [200, 200, 429]
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{url}/healthz")
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{url.replace('https', 'http')}/healthz")


@pytest.mark.slow
def test_nobody_says_who_asks_unless_he_is_believed(start):
    _, url = start("--rate", "1")
    status = [
        httpx.post(f"{url}/v1/rerank", json=BODY, headers={"X-Forwarded-For": who}, timeout=60).status_code
        for who in ("192.0.2.1", "192.0.2.2")
    ]
    assert status == [200, 429]


@pytest.mark.parametrize(
    "words, said",
    [(["--ssl-keyfile", "{key}"], "--ssl-certfile"), (["--ssl-certfile", "{cert}"], "cannot be used")],
)
def test_a_certificate_needs_its_key(certificate, capsys, words, said):
    cert, key = map(str, certificate)
    with pytest.raises(SystemExit) as left:
        main(["serve", *(word.format(cert=cert, key=key) for word in words)])
    assert left.value.code == 2
    assert said in " ".join(capsys.readouterr().err.split())
