"""The page of the tracked records, opened: nothing sticks out on a phone or a screen, and nothing is complained of."""

import shutil

import pytest

from evals.figures.records import Records
from evals.record import RESULTS
from evals.report.pages import HTML, render

playwright = pytest.importorskip("playwright.sync_api")

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(BROWSER is None, reason="no Chromium (apt-get install chromium)")]


def test_nothing_sticks_out_and_nothing_is_complained_of(tmp_path):
    path = tmp_path / "report.html"
    path.write_text(render(Records(RESULTS), HTML), encoding="utf-8")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        for width in (400, 1400):
            complaints = []
            page = browser.new_page(viewport={"width": width, "height": 900})
            page.on("console", lambda message, said=complaints: said.append(message.text))
            page.on("pageerror", lambda error, said=complaints: said.append(str(error)))
            page.goto(path.as_uri(), timeout=120_000)
            assert page.locator("section").count() > 10
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert complaints == []
            page.close()
        browser.close()
