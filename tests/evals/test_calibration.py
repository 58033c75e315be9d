import numpy as np
import pytest

from evals.calibration import brier, calibration_error, expected_calibration_error


def test_brier_by_hand():
    assert brier([0.9, 0.2, 0.5], [True, False, True]) == pytest.approx((0.01 + 0.04 + 0.25) / 3)


def test_perfect_and_worst_calibration():
    assert expected_calibration_error([1.0, 0.0], [True, False]) == 0
    assert expected_calibration_error([1.0, 0.0], [False, True]) == 1


def test_error_by_hand_with_two_bins():
    # lower bin: two items, mean p 0.25, share of yes 0.5; upper bin: two items, mean p 0.8, share 1
    found = expected_calibration_error([0.2, 0.3, 0.7, 0.9], [True, False, True, True], bins=2)
    assert found == pytest.approx(0.5 * 0.25 + 0.5 * 0.2)


def test_constant_half_on_balanced_answers_is_calibrated_but_useless():
    assert expected_calibration_error([0.5, 0.5], [True, False]) == 0
    assert brier([0.5, 0.5], [True, False]) == 0.25


def overconfident(documents, statements, seed=0):
    """Clusters that say 0.9 where 0.7 is true; all statements of a document are one and the same."""
    rng = np.random.default_rng(seed)
    return [([0.9] * statements, [bool(rng.random() < 0.7)] * statements) for _ in range(documents)]


def test_the_interval_is_about_the_error_and_of_documents():
    few, many = calibration_error(overconfident(50, 1)), calibration_error(overconfident(5000, 1))
    assert many.mean == expected_calibration_error([0.9] * 5000, [answers[0] for _, answers in overconfident(5000, 1)])
    assert few.low < few.mean < few.high
    assert many.low < 0.2 < many.high
    assert few.high - few.low > 5 * (many.high - many.low) > 0
    often = calibration_error(overconfident(50, 10))  # saying a thing ten times makes nothing surer
    assert (often.low, often.high) == pytest.approx((few.low, few.high))
    assert (often.n, often.clusters) == (500, 50)


def test_the_interval_holds_the_error_of_what_is_nearly_calibrated_and_is_never_below_none():
    rng = np.random.default_rng(1)
    said = rng.random((200, 10))
    found = calibration_error([(list(p_yes), list(rng.random(10) < p_yes)) for p_yes in said])
    assert 0 <= found.low < found.mean < found.high < 0.1  # though resampling makes nearly every value larger
    assert calibration_error([([1.0, 0.0], [True, False])] * 3).high == 0
    with pytest.raises(ValueError, match="at least one answer"):
        calibration_error([([], [])])
