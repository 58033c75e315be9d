"""Both pages from records alone: what is there is shown, what is absent is named with its command."""

import json
import re

import pytest
import typer
from typer.testing import CliRunner

from evals.baselines.registry import baselines
from evals.figures.records import Records
from evals.record import RESULTS, mini_weights
from evals.report import __main__ as program
from evals.report.content import Absent, Section, Table
from evals.report.disagreements import draw
from evals.report.names import about_base, model_of
from evals.report.pages import HTML, MARKDOWN, render, sections
from evals.report.paper import paper_table, read_paper
from evals.report.parts import p_value, part, percent
from evals.suite.steps import COMPARED
from evals.train_mini import BASE_WEIGHTS, digest
from tests.evals.report.conftest import PAIRED, estimate, figures, record, write
from yofo_rerank.mini.weights import weights_folder


@pytest.fixture(scope="module")
def html(full):
    return render(full, HTML)


@pytest.fixture(scope="module")
def markdown(full):
    return render(full, MARKDOWN)


def test_the_paper_beside_ours(markdown):
    assert "(paper, table 1)" in markdown
    assert "| YOFO (Qwen3-VL) | 3.7 | 48 |" in markdown
    assert "| **yofo** | **2.0 [1.8, 2.2]** |" in markdown
    assert markdown.index("| Clip-ViT-L | 42.0") < markdown.index("| random | 50.0")


def test_no_page_claims_a_checkpoint_that_was_not_run(full, tmp_path, markdown, html):
    for page in (markdown, html):
        assert "No published checkpoint of CLIP, SigLIP 2, BLIP-2, jina-reranker or any other was run" in page
        assert "reranker of today" not in page
    read = (program.DOCS.parent / "README.md").read_text(encoding="utf-8")
    assert "Compared](docs/comparison.md) with" not in read
    ran = {"rank_mini_jina-reranker-m0": full.figures("rank_mini_yofo"), "rank_mini_random": {"by_query": {}}}
    page = render(write(tmp_path, ran), MARKDOWN)
    assert "Of published checkpoints there ran jina-reranker-m0;" in page
    assert "No published checkpoint" not in page


def test_targets_met_and_missed(markdown):
    assert "| yofo | 0.02 | 0.03 | met |" in markdown
    assert "| share_of_best_single_score (whole-query) | 0.17 [0.1, -] | 0.25 | met |" in markdown
    assert "| generated verdicts | 8 | 10 | missed |" in markdown


def test_table_1_says_who_was_trained_how_long_and_reads_what(markdown):
    assert "Trained here on the same pictures for 240 processor seconds: jina-style; yofo." in markdown
    assert "Not trained for this comparison, so of no such budget: random; clip-style;" in markdown
    assert "(ours, pairs.json at ccccccc): of the record: an uneven start" in markdown
    assert "| jina-style | 16.0 [14.4, 17.6] | the sentence | 1.00 | 0 | < 0.001 | 102 | 240 |" in markdown
    assert "| **yofo** | **2.0 [1.8, 2.2]** | **its requirements and expression** |" in markdown
    own = "| **yofo + own decomposer (like for like)** | **3.0 [2.7, 3.3]** | **the sentence** |"
    assert own in markdown
    assert "given the sentence, has 0.25 of whole-query's errors" in markdown


def test_one_name_is_one_system(full, markdown):
    assert "| yofo, as shipped | 80 | 64 | 400 | 1 (0.9 to 1.1) |" in markdown
    joined = markdown.partition("**Error against throughput**")[2].partition("\n")[0]
    assert "yofo, as shipped: 2.5 % at 80 pairs/s" in joined
    assert "yofo:" not in joined
    settings = {"model": "yofo", "about": {"source": "mini", "adapter": "mine"}}
    assert model_of(settings, "verdicts") == "yofo (mini, mine)"
    assert model_of(settings | {"about": {"source": "mini", "adapter": None}}, "verdicts") == "yofo, as shipped"


def test_a_table_that_tells_nothing_apart_is_called_saturated(tmp_path, markdown):
    assert "Our base is no bare model, as the paper's Base is" in markdown
    assert "saturated" not in markdown
    found = figures()
    found["dependency"]["contestants"]["base"]["better_than_yofo"] = PAIRED | {"high": 0.1, "p_value": 0.6}
    for one in found["dependency"]["contestants"].values():
        one["acc_dep"] = estimate(0.5)
    page = render(write(tmp_path, found), MARKDOWN)
    said = (
        "base (pretrained on judging) cannot be told from yofo in plain statements (90.0 [81.0, 99.0] %): the table is"
    )
    assert f"No row is better at it than guessing. {said} saturated" in page
    assert "| acc_dep | 0.5 | 0.99 | missed |" in page


def test_a_p_that_so_many_resamplings_cannot_tell_is_below_it():
    assert p_value(0.0005) == "< 0.001"  # of records from before the floor
    assert p_value({"p_value": 2 / 201, "resamples": 200}) == "< 0.01"
    assert p_value({"p_value": 4 / 201, "resamples": 200}) == "0.02"


def test_nothing_wrong_is_no_certainty():
    assert percent({"mean": 0.0, "low": 0.0, "high": 0.0, "n": 65}) == "0.0 [0.0, 5.6]"


def test_a_record_of_uncommitted_code_shows_it_wherever_it_is_cited(full):
    records = Records(full.folder)
    records.read["pairs"]["about"]["uncommitted_changes"] = True
    page = render(records, MARKDOWN)
    assert "(ours, pairs.json at ccccccc+)" in page
    assert "(ours, pairs.json at ccccccc)" not in page


def test_drift_shows_intervals_and_whether_statements_are_the_same(tmp_path, markdown):
    assert "| flips together/alone | 0.001 [0.0005, 0.002] | 0 |" in markdown
    assert "| 30 | - | 97.0 | 70.0 |" in markdown
    assert "other statements at every number" in markdown
    found = figures()["drift"] | {"by_requirements": {"joint": {"1": estimate(0.9), "30": estimate(0.8)}}}
    (tmp_path / "drift.json").write_text(json.dumps(record(found, same_statements_at_every_count=True)))
    page = render(Records(tmp_path), MARKDOWN)
    assert "): the same statements at every number" in page
    assert "| 30 | 500 | 80.0 [72.0, 88.0] |" in page


def test_targets_of_the_embedded_weights(tmp_path):
    image = {"acc_property": estimate(0.99), "acc_sample": estimate(0.87), "by_attribute": {"pockets": estimate(0.94)}}
    found = {"conditions": {"image": image}, "position": {"by_position": [0.987, 0.987]}}
    page = render(write(tmp_path, {"mini_accuracy": found}), MARKDOWN)
    assert "| Acc_property of pictures | 99.00 [89.10, 108.90] | 98.5 | met |" in page
    assert "| Acc_sample of pictures | 87.00 [78.30, 95.70] | 88.0 | missed |" in page
    assert '| "not jeans", of trousers | not measured: run `python -m evals.mini_accuracy` | 95.0 | - |' in page
    assert "98.70 % at every place, by construction" in page
    named = {said: {"both": estimate(0.96)} for said in ("jeans", "not jeans")}
    page = render(write(tmp_path, {"mini_accuracy": found | {"named": named}}), MARKDOWN)
    assert '| "not jeans", of trousers | 96.00 [86.40, 105.60] | 95.0 | met |' in page


def test_ablations_with_their_paired_test(markdown):
    numbers = "99.0 [89.1, 108.9] | 95.0 [85.5, 104.5] | 90.0 [81.0, 99.0] | -20.0 against yofo, p < 0.001 |"
    assert f"| base (pretrained on judging) | {numbers}" in markdown
    assert "base (pretrained on judging): 80.0 % at the first, 70.0 % at the last" in markdown


def test_other_tasks_have_a_table_each(markdown):
    table = markdown.partition("**mini (rank)**")[2].partition("\n\n**")[0]
    ours = "| yofo, as shipped + own decomposer | the query, image + text | apache-2.0 | - |"
    assert f"{ours} 0.900 [0.810, 0.990] | 950 of 1,000 | 80 |" in table
    assert f"| {baselines()['random'].licence} | - | 0.200 [0.180, 0.220] | - | - |" in table
    assert "gone" not in table
    assert "no checkpoint of it" in markdown


def test_the_time_of_the_whole_suite_is_shown(tmp_path):
    steps = {"pairs": {"state": "made", "seconds": 100.0}, "attention": {"state": "kept", "seconds": 900.0}}
    found = {"seconds": 123.4, "seconds_of_all_steps": 1000.4, "steps": steps, "missing": []}
    page = render(write(tmp_path, {"suite": found}), MARKDOWN)
    assert "| all steps, each by the run that made its record | 1000 |" in page
    assert "| the last run (1 kept, 1 made) | 123 |" in page


def test_what_is_missing_is_listed(markdown, html):
    for page in (markdown, html):
        assert "jinaai/jina-reranker-m0" in page
        assert "no checkpoint" in page


def test_nothing_measured_is_a_line_with_its_command_and_no_empty_table(tmp_path):
    for template in (HTML, MARKDOWN):
        page = render(Records(tmp_path), template)
        for step in COMPARED:
            assert step.command in page
        assert "not measured yet" in page
    for section in sections(Records(tmp_path)):
        assert all(part.rows for part in section.parts if isinstance(part, Table) and part.source != "evals/results")


def test_a_record_of_another_shape_is_named():
    absent = part("Errors", "pairs", lambda: {}["err_rank"])
    how = "run `python -m evals.contestants --train all`, then `python -m evals.pairs`"
    assert absent == Absent("Errors", f"the record 'pairs' has no 'err_rank': {how}")
    empty = part("Errors", "drift", lambda: Table("Errors", ("a",), (), "drift.json"))
    assert empty == Absent("Errors", "the record 'drift' has none yet: run `python -m evals.drift` again")


def test_pairs_without_a_trained_yofo_leave_no_empty_part(tmp_path):
    found = figures()
    del found["pairs"]["contestants"]["yofo"]
    found["pairs"] |= {"targets": {}, "disagreements": []}
    del found["throughput"]["contestants"]["yofo"], found["throughput"]["contestants"]["jina-style"]
    del found["throughput"]["contestants"]["whole-query"]
    page = render(write(tmp_path, found), MARKDOWN)
    assert "**Disagreements**: the record 'pairs' has none yet" in page
    assert "**Error against throughput**: the record 'throughput' has no 'yofo, as shipped'" in page
    assert "|---|---|---|---|\n\n" not in page


def test_what_is_absent_for_one_reason_is_one_part():
    shown = Section("a", "A", "", [Absent("x", "run it"), Absent("y", "run it"), Absent("z", "other")]).shown
    assert shown == [Absent("x, y", "run it"), Absent("z", "other")]


def test_every_text_of_the_page_is_escaped_and_it_needs_nothing_else(html):
    assert "not &lt;b&gt;striped&lt;/b&gt;" in html
    assert "<b>striped" not in html
    assert "a &lt;cpu&gt;" in html
    assert "<script" not in html
    assert not re.search(r'(?:src|href)="(?!data:|#|https://arxiv\.org/)', html)
    assert "url(http" not in html


def test_no_text_of_the_markdown_page_is_a_tag(markdown):
    assert "> a dress, not &lt;b>striped&lt;/b>" in markdown
    assert "a &lt;cpu>, 2 cores" in markdown


def test_plots_are_drawings_in_the_colour_of_the_page(html):
    assert html.count("<svg") >= 4
    assert "currentColor" in html
    assert "#010203" not in html
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_disagreements_have_pictures_and_all_scores(html):
    assert html.count("data:image/webp;base64,") == 2
    rows = re.findall(r"<tr><td>([\w-]+)</td><td>[\d.]+</td><td>[\d.]+</td><td class=\"(right|wrong)\">", html)
    assert dict(rows) == {"yofo": "right", "jina-style": "wrong", "tied": "wrong"}
    assert '<tr><td>gone</td><td>failed</td><td>failed</td><td class="wrong">✗ failed</td></tr>' in html


def test_disagreements_in_markdown_name_their_requirements_and_who_failed(markdown):
    assert "| r1 | dress | 0.90 | 0.95 |\n| r2 | not striped | 0.03 | 0.99 |" in markdown
    assert "| gone | failed | failed | failed |" in markdown


def test_pictures_are_drawn_from_their_attributes(full):
    first, second = full.figures("pairs")["disagreements"][0]["garments"]
    assert draw(first) == draw(first)
    assert draw(first) != draw(second)


def test_the_same_records_give_the_same_pages(full, html, markdown):
    assert render(full, HTML) == html
    assert render(full, MARKDOWN) == markdown


def test_every_record_has_its_origin(markdown):
    assert "| pairs | python -m evals.pairs | ccccccc | 2026-01-02 | 0.2.0 | earlier | 3 | 12 |" in markdown


def test_what_the_shipped_weights_gave_is_told_from_what_earlier_ones_gave(full):
    records = Records(full.folder)
    records.read["pairs"]["about"]["mini"] = mini_weights()
    assert "| ccccccc | 2026-01-02 | 0.2.0 | as shipped | 3 |" in render(records, MARKDOWN)


def test_the_base_was_taught_follow_ups_only_where_the_shipped_weights_are_of_the_recorded_run(full):
    """A run of the recipe can be recorded whose weights were not shipped."""
    said = "and on statements about the statement before"
    for made, taught in (("0" * 64, False), (digest(weights_folder("base") / "model.safetensors"), True)):
        records = Records(full.folder)
        records.read["pairs"]["about"]["mini"] = mini_weights()
        records.read["train_mini"] = {"about": {}, "figures": {"weights": {BASE_WEIGHTS: made}}}
        assert (said in about_base(records, "pairs")) == taught


def test_the_paper_is_cited_with_its_tables():
    paper = read_paper()
    assert {"table 1", "table 2", "table 3", "table 4", "figure 6"} == set(paper["tables"])
    for name, table in paper["tables"].items():
        assert all(len(row) == len(table["columns"]) for row in table["rows"])
        assert paper_table(name).source == f"paper, {name}"


def test_the_tracked_page_is_that_of_the_tracked_records():
    assert program.DOCS.joinpath("comparison.md").read_text(encoding="utf-8") == render(Records(RESULTS), MARKDOWN), (
        "run `python -m evals.report`"
    )


def test_the_program(full, tmp_path):
    app = typer.Typer()
    app.command()(program.main)
    paths = tmp_path / "a" / "r.html", tmp_path / "c.md"
    result = CliRunner().invoke(
        app, ["--results", str(full.folder), "--html", str(paths[0]), "--markdown", str(paths[1])]
    )
    assert result.exit_code == 0, result.output
    assert all(path.stat().st_size > 1000 for path in paths)
