"""The page by clicking, in headless Chromium, wide and narrow."""

import json
import re
import shutil
import time

import pytest
from PIL import Image

pytest.importorskip("gradio", reason='gradio is not installed: pip install "yofo-rerank[demo]"')
playwright = pytest.importorskip("playwright.sync_api")

from yofo_rerank import YofoJudge  # noqa: E402
from yofo_rerank.demo.actions import Engine  # noqa: E402
from yofo_rerank.demo.app import serving  # noqa: E402
from yofo_rerank.mini.indexed import sample_retriever  # noqa: E402

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUERY = "a midi or long dress, not pink, preferably belted"
pytestmark = [pytest.mark.slow, pytest.mark.skipif(BROWSER is None, reason="no Chromium (apt-get install chromium)")]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    retriever = sample_retriever(40, seed=5, cache=tmp_path_factory.mktemp("demo"))
    with serving(Engine(retriever, YofoJudge.from_pretrained("mini"), candidates=15)) as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as running:
        yield running.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])


@pytest.fixture(params=[1400, 390])
def page(request, browser, site):
    page = browser.new_page(viewport={"width": request.param, "height": 900}, accept_downloads=True)
    open_page(page, site)
    search(page, QUERY)
    yield page
    page.close()


def open_page(page, address):
    """Open it, and wait until its events are bound: the page says so by asking for its heart to beat."""
    with page.expect_request("**/heartbeat/**", timeout=60_000):
        page.goto(address)
    page.wait_for_selector("#search")


def search(page, query):
    page.locator("#query textarea, #query input").first.fill(query)
    page.click("#search")
    settled(page)


def settled(page):
    page.wait_for_selector("#after .card", timeout=60_000)
    page.wait_for_function("document.querySelector('#status').innerText.includes('requirements judged')")


def changed(page, act):
    """Do something, and wait until our order is another version."""
    version = page.locator("#after .cards").get_attribute("data-version")
    act()
    page.wait_for_function(
        "version => ![version, '', undefined].includes(document.querySelector('#after .cards')?.dataset.version)",
        arg=version,
    )


def chips(page):
    return [text.split()[1] for text in page.locator("#after .card").first.locator(".chip bdi").all_inner_texts()]


def test_a_sentence_gives_two_orders_and_rows(page):
    assert page.locator("#before .card").count() == 10
    assert page.locator("#after .card").count() == 10
    texts = [page.locator(f"#wish-{n} textarea, #wish-{n} input[type=text]").first.input_value() for n in range(3)]
    assert "not pink" in texts
    assert page.locator("#before .score").first.inner_text() != page.locator("#after .score").first.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")


def test_off_and_weight_and_rule_rank_again(page):
    first = page.locator("#after .card").first
    before = first.locator(".chip").count()
    changed(page, lambda: page.locator("#wish-0 input[type=radio][value=off]").check(force=True))
    assert first.locator(".chip").count() == before - 1
    changed(page, lambda: page.locator("#wish-0 input[type=radio][value=should]").check(force=True))
    assert first.locator(".chip.should").count() >= 2
    weight = page.locator("#wish-1 input[type=range]")

    def heavier():
        weight.focus()
        for _ in range(5):
            page.keyboard.press("ArrowRight")
        page.locator("h1").first.click()

    changed(page, heavier)
    rule = page.locator("#rule input")

    def choose():
        rule.fill("= not r1")
        rule.press("Enter")

    changed(page, choose)


def test_a_requirement_is_reworded_and_one_is_added(page):
    def reword():
        text = page.locator("#wish-0 textarea, #wish-0 input[type=text]").first
        text.fill("it is striped")
        text.press("Enter")

    changed(page, reword)
    assert "it is striped" in page.locator("#after .card").first.inner_text()
    rows = page.locator(".wish:visible").count()
    page.click("#add")
    page.wait_for_function(
        "rows => [...document.querySelectorAll('.wish')].filter(one => one.offsetParent).length > rows", arg=rows
    )

    def add():
        text = page.locator(f"#wish-{rows} textarea, #wish-{rows} input[type=text]").first
        text.fill("it has pockets")
        text.press("Enter")

    changed(page, add)
    assert "it has pockets" in page.locator("#after .card").first.inner_text()


def test_a_chip_shows_where_its_answer_comes_from(page):
    chip = page.locator("#after .card").nth(1).locator(".chip").first
    words = chip.locator("bdi").inner_text()
    chip.click()
    page.wait_for_selector("#evidence img", timeout=20_000)
    page.wait_for_function("words => document.querySelector('#said').innerText.includes(words)", arg=words)


def test_a_picture_of_ones_own_joins(page, tmp_path):
    hostile = tmp_path / "<img src=x onerror=alert(1)>.png"
    Image.new("RGB", (120, 160), "red").save(hostile)
    page.set_input_files("#own input[type=file]", str(hostile))
    page.wait_for_function("document.querySelector('#status').innerText.startsWith('16 candidates')")
    assert page.locator("#status").inner_text().startswith("16 candidates")


def test_an_address_brings_the_page_back(page, browser):
    changed(page, lambda: page.locator("#wish-0 input[type=radio][value=should]").check(force=True))
    page.wait_for_function("location.search.includes('should')")
    other = browser.new_page()
    open_page(other, page.url)
    settled(other)
    assert other.locator("#wish-0 input[type=radio][value=should]").is_checked()
    assert other.locator("#after .card").first.inner_text() == page.locator("#after .card").first.inner_text()
    other.close()


def test_exports(page, tmp_path):
    page.click("#export")
    links = page.locator("#files a[download], #files a[href*=ranking]")
    links.first.wait_for(timeout=20_000)
    hrefs = {href for link in links.all() if (href := link.get_attribute("href"))}
    found = {re.search(r"ranking\.(\w+)", href)[1]: page.request.get(href).text() for href in hrefs}
    assert set(found) == {"csv", "json", "html"}
    assert len(json.loads(found["json"])["ranked"]) == 15


def test_a_blank_sentence_is_a_message(browser, site):
    page = browser.new_page()
    open_page(page, site)
    page.locator("#query textarea, #query input").first.fill("   ")
    page.click("#search")
    page.wait_for_selector("text=the query is blank")
    page.close()


def test_nothing_is_left_behind(tmp_path, monkeypatch, browser):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    retriever = sample_retriever(40, seed=5)
    with serving(Engine(retriever, YofoJudge.from_pretrained("mini"), candidates=5)) as address:
        page = browser.new_page()
        open_page(page, address)
        search(page, "a dress")
        picture = tmp_path / "own.png"
        Image.new("RGB", (60, 60)).save(picture)
        page.set_input_files("#own input[type=file]", str(picture))
        page.wait_for_function("document.querySelector('#status').innerText.startsWith('6 candidates')")
        uploads = [path for path in tmp_path.rglob("own*") if path != picture]
        assert uploads and all("yofo-demo-" in str(path) for path in uploads)
        page.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own.png"]


def test_a_change_of_necessity_is_quick(site, browser):
    """From the click to the new order, with browser and queue; the server's part alone is in `test_session`."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    open_page(page, site)
    search(page, QUERY)
    times = []
    for value in ("off", "must", "should", "must", "off", "must"):
        option = page.locator(f"#wish-0 input[type=radio][value={value}]")
        started = time.perf_counter()
        changed(page, lambda option=option: option.check(force=True))
        times.append(time.perf_counter() - started)
    assert min(times) < 2, times  # on a machine that does more
    page.close()
