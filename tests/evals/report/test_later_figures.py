"""Figures that only later records have: shown where they are, and nothing is missed where they are not."""

from evals.report.pages import MARKDOWN, render
from tests.evals.report.conftest import PAIRED, figures, write


def test_a_table_of_a_task_says_how_likely_a_difference_from_ours_is_once_a_record_has_it(tmp_path):
    def page(against):
        made = figures()
        made["rank_mini_random"] |= against
        return render(write(tmp_path, made), MARKDOWN)

    assert "p, paired" not in page({})  # as records of before
    found = page({"against": {"rank_mini_yofo": {"commit": "c", "measures": {"nDCG@10": PAIRED | {"n": 9}}}}})
    assert "| p, paired |" in found
    assert "| against rank_mini_yofo: nDCG@10 < 0.001 |" in found


def test_calibration_errors_have_their_interval_once_a_record_has_it(tmp_path):
    made = figures()
    made["drift"]["table"]["joint"]["ECE"] = made["drift"]["table"]["isolated"]["ECE"] = 0.05
    made["drift"]["details"]["joint"]["calibration"] = {"before": {"mean": 0.05, "low": 0.04, "high": 0.06}}
    assert "| ECE | 0.05 [0.04, 0.06] | 0.05 |" in render(write(tmp_path, made), MARKDOWN)
