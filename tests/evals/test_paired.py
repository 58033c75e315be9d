"""A ratio of two contestants' errors, with its interval."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from evals.paired import paired_ratio


def test_the_interval_holds_the_true_ratio_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(60):
        other = rng.random(400) < 0.4
        one = other & (rng.random(400) < 0.5)  # half of the other's errors
        found = paired_ratio(one, other, resamples=200)
        hits += found.low <= 0.5 <= found.high
    assert 50 <= hits <= 60


def test_items_are_resampled_together():
    errors = [1, 0, 0, 1] * 10
    assert asdict(paired_ratio(errors, errors)) == {"value": 1.0, "low": 1.0, "high": 1.0}


def test_without_errors_of_the_other_there_is_no_limit():
    none = paired_ratio([1, 0], [0, 0])
    assert asdict(none) == {"value": None, "low": None, "high": None}
    seldom = paired_ratio([1] * 4 + [0] * 16, [1] + [0] * 19)
    assert seldom.value == 4.0 and seldom.low < 4.0 and seldom.high is None
    json.dumps(asdict(seldom), allow_nan=False)


def test_lists_that_are_no_pairs():
    with pytest.raises(ValueError, match="of one length"):
        paired_ratio([1], [1, 0])
