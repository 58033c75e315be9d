import pytest

from evals.bootstrap import estimate
from evals.wilson import interval, wilson


def test_the_mean_is_over_values_not_over_clusters():
    assert estimate([[1, 1, 1], [0]]).mean == 0.75


def test_the_interval_holds_the_mean_and_shrinks_with_more_clusters():
    few, many = estimate([[0], [1]] * 10), estimate([[0], [1]] * 1000)
    assert few.low < few.mean < few.high
    assert many.high - many.low < few.high - few.low
    assert many.high - many.low == pytest.approx(4 * 0.5 / 2000**0.5, rel=0.15)  # of a fair coin: 2 x 1.96 sigma


def test_values_that_go_together_count_as_one():
    alone = estimate([[0], [1]] * 50)
    copied = estimate([[0] * 10, [1] * 10] * 50)
    assert copied.high - copied.low == pytest.approx(alone.high - alone.low)


def test_the_same_seed_gives_the_same_interval():
    values = [[0, 1], [1], [1, 1, 0]] * 20
    assert estimate(values, seed=1) == estimate(values, seed=1)
    assert estimate(values, seed=1) != estimate(values, seed=2)


def test_no_value_is_an_error():
    with pytest.raises(ValueError, match="at least one value"):
        estimate([[], []])


def test_where_all_values_are_alike_the_interval_is_wilsons():
    assert wilson(0.1, 100) == pytest.approx((0.0552, 0.1744), abs=1e-4)  # as in every textbook
    nothing, everything = ({"mean": one, "low": one, "high": one, "n": 65} for one in (0.0, 1.0))
    assert interval(nothing) == pytest.approx((0.0, 0.0, 0.0558), abs=1e-4)
    assert interval(everything) == pytest.approx((1.0, 0.9442, 1.0), abs=1e-4)
    half = {"mean": 0.5, "low": 0.5, "high": 0.5, "n": 65}
    assert interval(half) == (0.5, 0.5, 0.5)
