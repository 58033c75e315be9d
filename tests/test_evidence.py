"""Maps, boxes and overlays: the pure part of evidence."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from yofo_rerank import Requirement
from yofo_rerank.evidence import draw_overlay, find_box, grid_windows, token_heat
from yofo_rerank.requirements import Evidence, Explanation, Word


def evidence(heat, *, p_yes=0.9, **other) -> Evidence:
    verdict = p_yes > 0.5
    wish = Requirement(text="has a belt")
    return Evidence(
        requirement=wish, p_yes=p_yes, verdict=verdict, heat=heat, box=find_box(heat, verdict=verdict), **other
    )


@settings(max_examples=150, deadline=None)
@given(
    hnp.arrays(
        float, st.tuples(st.integers(1, 5), st.integers(1, 6)), elements=st.floats(-10, 10).map(lambda x: round(x, 3))
    ),
    st.booleans(),
    st.sampled_from([0.3, 0.6, 1.0]),
)
def test_a_box_is_the_smallest_that_holds_the_share(heat, verdict, share):
    support = np.clip(heat * (1 if verdict else -1), 0, None)
    box = find_box(heat.tolist(), verdict=verdict, share=share)
    if support.sum() == 0:
        assert box is None
        return
    if np.ptp(support) == 0:  # everywhere alike
        assert box == (0.0, 0.0, 1.0, 1.0)
        return
    rows, columns = heat.shape
    slow = [
        ((bottom - top) * (right - left), -support[top:bottom, left:right].sum())
        for top in range(rows)
        for bottom in range(top + 1, rows + 1)
        for left in range(columns)
        for right in range(left + 1, columns + 1)
        if support[top:bottom, left:right].sum() >= share * support.sum() - 1e-9
    ]
    left, top, right, bottom = (round(e * n) for e, n in zip(box, (columns, rows, columns, rows), strict=True))
    area, held = (bottom - top) * (right - left), support[top:bottom, left:right].sum()
    assert area == min(slow)[0]
    assert held == pytest.approx(-min(slow)[1], abs=1e-6)


def test_windows_cover_every_token_and_lie_inside():
    for grid in ((1, 1), (1, 7), (3, 4), (6, 6), (14, 14), (9, 40)):
        for side in (None, 1, 2, 3, 5):
            windows = grid_windows(grid, side)
            assert {token for window in windows for token in window} == set(range(grid[0] * grid[1]))
            assert len(set(windows)) == len(windows)
        assert len(grid_windows(grid)) <= 64
    assert grid_windows((6, 6)) == grid_windows((6, 6), 2)
    assert len(grid_windows((6, 6), 2)) == 25
    assert grid_windows((2, 2), 5) == [(0, 1, 2, 3)]


def test_heat_is_the_mean_of_the_windows_over_a_token():
    windows = grid_windows((3, 3), 2)
    heat = token_heat((3, 3), windows, [4.0, 0.0, 0.0, 0.0])
    assert heat[0] == (4.0, 2.0, 0.0)
    assert heat[1][1] == 1.0


def test_a_denied_requirement_has_its_box_where_no_comes_from():
    heat = ((0.0, 5.0), (-3.0, 0.0))
    assert evidence(heat, p_yes=0.9).box == (0.5, 0.0, 1.0, 0.5)
    assert evidence(heat, p_yes=0.1).box == (0.0, 0.5, 0.5, 1.0)


def test_overlay_marks_the_place_and_leaves_the_picture_alone():
    image = Image.new("RGB", (120, 80), "grey")
    shown = evidence(((0.0, 0.0, 6.0), (0.0, 0.0, 0.0))).overlay(image)
    assert shown.size == image.size and image.getcolors() == [(9600, (128, 128, 128))]
    changed = np.abs(np.asarray(shown, int) - np.asarray(image, int)).sum(-1)
    assert changed[10:30, 90:110].min() > 20
    assert changed[60:, :30].max() < 12
    assert list(draw_overlay(image, (), None).get_flattened_data()) == list(image.get_flattened_data())


def test_evidence_is_json_and_read_back():
    found = evidence(((1.0,),), words=(Word(text="belt", start=3, weight=0.5),))
    data = json.loads(json.dumps(found.to_dict()))
    assert Evidence(**data) == found
    assert data["box"] == [0.0, 0.0, 1.0, 1.0]
    explained = Explanation(index=0, score=0.5, evidence=(found,))
    assert Explanation(**json.loads(json.dumps(explained.to_dict()))) == explained
    assert "evidence" not in Explanation(index=0, score=0.5).to_dict()
