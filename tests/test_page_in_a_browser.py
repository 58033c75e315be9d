"""The page as people meet it: on a phone, by keyboard, in light and dark; axe-core finds nothing serious."""

import shutil

import pytest

from yofo_rerank import YofoJudge, YofoReranker
from yofo_rerank.mini.indexed import sample_retriever
from yofo_rerank.report import write_page

playwright = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUERIES = ("a midi or long dress, not pink, for an evening event", "a hooded top", "grey trousers, preferably short")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(BROWSER is None, reason="no Chromium (apt-get install chromium)")]


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    reranker = YofoReranker(YofoJudge.from_pretrained("mini"))
    retriever = sample_retriever(60, seed=5)
    rankings = [reranker.rerank(query, retriever.search(query, top_k=20), evidence=True) for query in QUERIES]
    return write_page(rankings, tmp_path_factory.mktemp("page") / "page.html", details={"judge": "mini"})


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as running:
        yield running.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])


def test_the_file_is_small(page_file):
    assert page_file.stat().st_size < 1_000_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
def test_axe_finds_nothing_serious(browser, page_file, scheme, width):
    page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme, bypass_csp=True)
    page.goto(page_file.as_uri())
    found = axe.Axe().run(page).response
    assert len(found["passes"]) > 10  # it has really looked
    serious = [rule["id"] for rule in found["violations"] if rule["impact"] in ("serious", "critical")]
    assert serious == []
    page.close()


def test_on_a_phone_the_products_are_strips(browser, page_file):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(page_file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    heights = page.locator("section.search").evaluate_all("all => all.map(one => one.offsetHeight)")
    assert len(heights) == 3
    assert max(heights) < 4000
    assert page.locator(".strip").first.evaluate("one => one.scrollWidth > one.clientWidth")
    page.close()


def test_everything_is_reachable_by_keyboard(browser, page_file):
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(page_file.as_uri())
    wanted = page.locator("a, [tabindex='0']").count()
    reached = set()
    for _ in range(wanted + 5):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("[...document.querySelectorAll('a, [tabindex]')].indexOf(document.activeElement)"))
    assert wanted >= len(QUERIES) * 3
    assert reached >= set(range(wanted))
    assert page.locator("h1").count() == 1
    page.close()


@pytest.mark.parametrize("how", ["hover", "focus", "tap"])
def test_a_chip_shows_its_evidence_over_the_picture(browser, page_file, how):
    page = browser.new_page(viewport={"width": 390, "height": 844}, has_touch=how == "tap", reduced_motion="reduce")
    page.goto(page_file.as_uri())
    card = page.locator(".after .card").first
    chip, heat = card.locator(".chip.seen").first, card.locator(".heat").first
    assert heat.evaluate("one => getComputedStyle(one).opacity") == "0"
    getattr(chip, how)()
    assert heat.evaluate("one => getComputedStyle(one).opacity") == "1"
    shown = card.locator(".heat").evaluate_all("all => all.filter(one => getComputedStyle(one).opacity == 1).length")
    assert shown == 1
    picture, layer = (card.locator(".frame img").nth(place).bounding_box() for place in (0, 1))
    assert picture == layer
    page.close()
