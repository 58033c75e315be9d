import pytest

from evals.calibration import brier, expected_calibration_error


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
