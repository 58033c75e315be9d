"""The proxy that the documentation puts before the doors sends again what a killed door lost: no client sees it."""

import re
import shutil
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from tests.scale.judges import WordJudge
from tests.scale.serving import COLOURS, TEXTS, body, check_right, serving

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning:ray.*")

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
PADDING = "x" * 5000  # a body larger than what a proxy holds in one buffer
FOLDERS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@contextmanager
def nginx(url, folder):
    """Before this address, as the page has it; gives its own, and the file with the states of every try."""
    (block,) = re.findall(r"^```text\n(upstream doors \{.*?)^```", PAGE.read_text(), flags=re.DOTALL | re.MULTILINE)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert block.count("127.0.0.1:8000") == 3
    assert block.count("listen 8080;") == 1
    block = block.replace("127.0.0.1:8000", url.removeprefix("http://")).replace(
        "listen 8080", f"listen 127.0.0.1:{port}"
    )
    places = "".join(f"{one}_temp_path {folder}/{one};\n" for one in FOLDERS)
    tries = folder / "tries.log"
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/errors.log;\nevents {{}}\n"
        f"http {{\nlog_format tries '$upstream_status'; access_log {tries} tries;\n{places}{block}\n}}\n"
    )
    process = subprocess.Popen([NGINX, "-p", folder, "-e", folder / "errors.log", "-c", folder / "nginx.conf"])
    try:
        end = time.monotonic() + 60
        while not (folder / "pid").exists() and time.monotonic() < end:
            assert process.poll() is None, (folder / "errors.log").read_text()
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}", tries
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.slow
@pytest.mark.skipif(NGINX is None, reason="no nginx here")
def test_behind_the_proxy_of_the_page_a_killed_door_loses_no_request(ray_here, tmp_path):
    traces, folder = tmp_path / "traces", tmp_path / "nginx"
    traces.mkdir()
    folder.mkdir()
    with (
        serving(WordJudge(traces, 0.05), replicas=(2, 2), doors=(2, 2)) as behind,
        nginx(behind, folder) as (url, tries),
    ):
        doors = [one for one in psutil.Process().children(recursive=True) if "Door" in "".join(one.cmdline()[:1])]
        assert len(doors) == 2

        def ask(place):
            colour = COLOURS[place % len(COLOURS)]
            asked = body(f"it is {colour}") | {"documents": [f"{text} {PADDING}" for text in TEXTS]}
            return colour, httpx.post(f"{url}/v2/rerank", json=asked, timeout=120)

        def kill():
            end = time.monotonic() + 60
            while not list(traces.iterdir()) and time.monotonic() < end:
                time.sleep(0.02)
            doors[0].kill()  # while they wait in it for a judge

        killer = threading.Thread(target=kill)
        killer.start()
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(ask, range(16)))
        killer.join()
        assert not doors[0].is_running()
    for colour, answer in answers:
        check_right(answer, colour)
    states = tries.read_text().splitlines()
    assert len(states) == len(answers)
    assert any(re.fullmatch(r"(5\d\d, )+200", one) for one in states), states  # some were in it, indeed
