import pytest

from evals.accuracy import Verdict, acc_property, acc_sample, accuracy_by, position_gap, summarise


def verdict(document, position, right, *, form="plain", attribute="colour", answer=True):
    said = answer if right else not answer
    return Verdict(document, position, form, attribute, answer, 0.9 if said else 0.1, said)


# document 0: right, right; document 1: right, wrong; document 2: wrong, right
VERDICTS = [
    verdict(0, 0, True, form="negated"),
    verdict(0, 1, True, attribute="belt"),
    verdict(1, 0, True, answer=False),
    verdict(1, 1, False, attribute="belt"),
    verdict(2, 0, False, form="negated"),
    verdict(2, 1, True, attribute="belt", answer=False),
]


def test_accuracies_by_hand():
    assert acc_property(VERDICTS).mean == pytest.approx(4 / 6)
    assert acc_sample(VERDICTS).mean == pytest.approx(1 / 3)


def test_groups_by_hand():
    by_form = accuracy_by(VERDICTS, lambda one: one.form)
    assert {form: found.mean for form, found in by_form.items()} == {"negated": 0.5, "plain": 0.75}
    assert {form: found.n for form, found in by_form.items()} == {"negated": 2, "plain": 4}


def test_position_gap_is_best_minus_worst():
    all_right_first = [verdict(n, 0, True) for n in range(4)] + [verdict(n, 1, n > 0) for n in range(4)]
    positions = accuracy_by(all_right_first, lambda one: one.position)
    assert position_gap(positions) == pytest.approx(0.25)


def test_summary_has_every_figure():
    summary = summarise(VERDICTS)
    assert summary["calibration_error"]["mean"] == pytest.approx(summary["ece"])
    assert summary["calibration_error"]["clusters"] == summary["documents"]
    assert summary["documents"] == 3
    assert summary["statements"] == 6
    assert summary["true_share"] == pytest.approx(4 / 6)
    assert summary["by_position"] == pytest.approx([2 / 3, 2 / 3])
    assert summary["brier"] == pytest.approx((4 * 0.01 + 2 * 0.81) / 6)
    assert set(summary["by_attribute"]) == {"belt", "colour"}
