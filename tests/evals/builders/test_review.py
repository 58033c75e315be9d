"""The page of the review in a real browser: keyboard, hostile texts, decisions on the disk at once; and its server."""

import http.client
import json
import shutil
import threading

import pytest

from evals.builders.decisions import FILE, read_decisions
from evals.builders.images import find_pictures, keep_picture
from evals.builders.journal import Entry, Lines
from evals.builders.kinds import KINDS
from evals.builders.review import Review, serve
from tests.evals.builders.conftest import HOSTILE, image_reply, pair_reply

sync_api = pytest.importorskip("playwright.sync_api")
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture
def reviewed(pictures, tmp_path):
    """Start the server over three replies; call it again for a fresh one over the same folder."""
    started = []

    def start(kind="sa1b", **settings):
        if not (tmp_path / "journal.jsonl").exists():
            journal, found = Lines(tmp_path / "journal.jsonl"), find_pictures(pictures)
            for number in range(3):
                shown = found[number : number + KINDS[kind].images]
                journal.add(
                    Entry(
                        key="+".join(one.digest for one in shown),
                        images=[keep_picture(one, tmp_path) for one in shown],
                        digests=[one.digest for one in shown],
                        state="written",
                        reply=image_reply("red") if kind == "sa1b" else pair_reply(),
                    ).model_dump(exclude_none=True)
                )
            journal.close()
        server = serve(Review(tmp_path, KINDS[kind], **settings))
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


@pytest.fixture
def ask(reviewed):
    """A request with any headers."""
    server = reviewed()

    def call(method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
        connection.request(method, path, body, {name.replace("_", "-"): said for name, said in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers

    call.origin = f"http://127.0.0.1:{server.server_port}"
    call.keys = [item["key"] for item in json.loads(call("GET", "/items")[1])]
    call.address = server.server_address
    return call


def test_it_listens_on_this_machine_alone(ask):
    assert ask.address[0] == "127.0.0.1"


def test_a_decision_is_taken_from_its_own_page_alone(ask, tmp_path):
    body = json.dumps({"key": ask.keys[0], "action": "keep"})
    for headers in ({}, {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": ask.origin + "0"}):
        assert ask("POST", "/decide", body, **headers)[0] == 403
    assert ask("POST", "/decide", body, Origin=ask.origin, Host="evil.example")[0] == 403
    assert ask("GET", "/items", Host="evil.example")[0] == 403
    assert (tmp_path / FILE).read_bytes() == b""
    assert ask("POST", "/decide", body, Origin=ask.origin)[0] == 200
    assert read_decisions(tmp_path)[ask.keys[0]].action == "keep"


def test_what_is_no_decision_is_refused(ask, tmp_path):
    unsound = image_reply("red")
    unsound["properties"] = unsound["properties"][:1]
    for body in (
        b"",
        b"{",
        b"\xff",
        json.dumps({"key": "another", "action": "keep"}).encode(),
        json.dumps({"key": ask.keys[0], "action": "burn"}).encode(),
        json.dumps({"key": ask.keys[0], "action": "mend"}).encode(),
        json.dumps({"key": ask.keys[0], "action": "mend", "reply": unsound}).encode(),
        json.dumps({"key": ask.keys[0], "action": "keep", "reply": image_reply("red")}).encode(),
    ):
        assert ask("POST", "/decide", body, Origin=ask.origin)[0] == 422
    assert ask("POST", "/decide", None, Origin=ask.origin, Content_Length=str(1 << 30))[0] == 400
    assert ask("POST", "/elsewhere", b"{}", Origin=ask.origin)[0] == 400
    assert (tmp_path / FILE).read_bytes() == b""


def test_pictures_are_made_anew_and_nothing_else_is_served(ask):
    status, data, headers = ask("GET", f"/picture/{ask.keys[0]}/0")
    assert (status, headers["Content-Type"], data[:3]) == (200, "image/jpeg", b"\xff\xd8\xff")
    assert "script-src 'self'" in ask("GET", "/")[2]["Content-Security-Policy"]
    for path in (
        "/picture/../../etc/passwd/0",
        f"/picture/{ask.keys[0]}/7",
        "/journal.jsonl",
        "/../build.json",
        "/%00",
    ):
        assert ask("GET", path)[0] == 404


def test_a_picture_that_cannot_be_read_is_missing(ask, tmp_path):
    for path in (tmp_path / "images").iterdir():
        path.unlink()
        path.write_bytes(b"<svg onload=alert(1)>")
    assert ask("GET", f"/picture/{ask.keys[0]}/0")[0] == 404


def test_a_sample_is_the_same_every_time(reviewed):
    first, second = (list(reviewed(sample=2).RequestHandlerClass.review.entries) for _ in range(2))
    assert len(first) == 2
    assert first == second


@pytest.fixture(scope="module")
def browser():
    if BROWSER is None:
        pytest.skip("no Chromium (apt-get install chromium)")
    with sync_api.sync_playwright() as running:
        yield running.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])


@pytest.fixture
def open_page(browser, reviewed):
    pages = []

    def open_(kind="sa1b", width=1200):
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(f"http://127.0.0.1:{reviewed(kind).server_port}/")
        state(page, "of 3")
        pages.append(page)
        return page

    yield open_
    for page in pages:
        page.close()


def state(page, wanted):
    sync_api.expect(page.locator("#state")).to_contain_text(wanted)


@pytest.mark.slow
def test_all_is_done_by_keyboard(open_page, tmp_path):
    page = open_page()
    page.keyboard.press("k")
    state(page, "2 of 3")
    page.keyboard.press("m")
    page.keyboard.press("Control+a")
    page.keyboard.type("is kind of red")  # k, d and m are letters now
    page.keyboard.press("Control+Enter")
    state(page, "3 of 3")
    page.keyboard.press("d")
    state(page, "3 of 3: drop (0 undecided)")
    page.keyboard.press("ArrowLeft")
    state(page, "2 of 3: mend")
    assert "is kind of red" in page.locator("#reply").inner_text()
    decided = list(read_decisions(tmp_path).values())
    assert [one.action for one in decided] == ["keep", "mend", "drop"]
    assert decided[1].reply["properties"][0]["text"] == "is kind of red"
    assert open_page().locator("#state").inner_text() == "1 of 3: keep (0 undecided)"  # nothing is forgotten


@pytest.mark.slow
def test_hostile_texts_are_shown_and_not_run(open_page):
    page = open_page()
    assert HOSTILE in page.locator("#reply").inner_text()
    page.keyboard.press("m")
    assert HOSTILE in [box.input_value() for box in page.locator("textarea").all()][2]
    assert page.title() == "Review"
    assert page.locator("#reply script, #reply img").count() == 0
    assert page.errors == []
    assert page.locator("#pictures img").evaluate("one => one.naturalWidth") > 0


@pytest.mark.slow
def test_an_unsound_mend_is_explained_and_not_lost(open_page, tmp_path):
    page = open_page("lrvs")
    assert page.locator("#pictures img").count() == 2
    page.keyboard.press("m")
    page.locator("select[data-name=better]").select_option("second")
    page.keyboard.press("Control+Enter")
    sync_api.expect(page.locator("#problem")).to_contain_text("first is better")
    assert page.locator("select[data-name=better]").input_value() == "second"
    page.keyboard.press("Escape")
    state(page, "1 of 3: undecided (3 undecided)")
    assert read_decisions(tmp_path) == {}


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1200])
def test_axe_finds_nothing_serious(browser, reviewed, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = browser.new_page(viewport={"width": width, "height": 844}, bypass_csp=True)
    page.goto(f"http://127.0.0.1:{reviewed().server_port}/")
    page.wait_for_selector("td")
    found = axe.Axe().run(page).response
    assert len(found["passes"]) > 10
    assert [rule["id"] for rule in found["violations"] if rule["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
