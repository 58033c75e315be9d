"""The tables that programs write beside their records stand on a page, and pages include nothing that is not there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = "\n".join(page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").rglob("*.md")))
INCLUDED = {*re.findall(r'^--8<-- "(.+)"$', PAGES, flags=re.MULTILINE)}
# A table that was never measured has its place already: `; FILE` between two markers, which includes nothing.
WAITING = {*re.findall(r"^--8<--\n; (.+)\n--8<--$", PAGES, flags=re.MULTILINE)}


def test_every_table_is_on_a_page_and_has_its_place_until_then():
    tables = {str(path.relative_to(ROOT)) for path in (ROOT / "evals" / "results").glob("*.md")}
    assert "evals/results/ray_scaling.md" in tables
    assert tables <= INCLUDED
    assert all((ROOT / name).is_file() for name in INCLUDED)
    measured = {name for name in WAITING if (ROOT / name).is_file()}
    assert not measured, f'it is there now: include it, --8<-- "{min(measured)}"'


def test_a_table_that_waits_names_what_its_program_writes():
    for name in WAITING:
        program = ROOT / "evals" / "bench" / f"{Path(name).stem}.py"
        assert f'RESULTS / "{Path(name).stem}.json"' in program.read_text(encoding="utf-8")
        assert f"python -m evals.bench.{Path(name).stem}" in PAGES
