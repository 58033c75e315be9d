"""Accuracies by hand."""

import pytest

from yofo_rerank.training.metrics import acc_by_position, acc_dep, acc_property, acc_sample

JUDGED = [[True, True, False], [False, False], [True]]
EXPECTED = [[True, False, False], [False, False], [False]]


def test_by_hand():
    assert acc_property(JUDGED, EXPECTED) == pytest.approx(4 / 6)
    assert acc_sample(JUDGED, EXPECTED) == pytest.approx(1 / 3)
    assert acc_by_position(JUDGED, EXPECTED) == [pytest.approx(2 / 3), 0.5, 1.0]
    assert acc_dep([[True, False], [True, True]], [[False, False], [True, False]]) == 0.5


def test_sample_never_exceeds_property():
    assert acc_sample(JUDGED, EXPECTED) <= acc_property(JUDGED, EXPECTED)


def test_shapes_must_agree():
    with pytest.raises(ValueError, match=r"shorter|longer"):
        acc_property([[True]], [[True, False]])
    with pytest.raises(ValueError, match="at least one"):
        acc_sample([], [])
