import pytest
import torch

from yofo_rerank.models.positions import prefix_positions


def test_text_counts_up():
    assert prefix_positions([5, 6, 7], 9, []).tolist() == [[0, 1, 2]] * 3


def test_image_between_texts():
    positions = prefix_positions([1, 9, 9, 9, 9, 9, 9, 2, 3], 9, [(2, 3)])
    assert positions.tolist() == [
        [0, 1, 1, 1, 1, 1, 1, 4, 5],
        [0, 1, 1, 1, 2, 2, 2, 4, 5],
        [0, 1, 2, 3, 1, 2, 3, 4, 5],
    ]


@pytest.mark.parametrize("grids", [[], [(1, 1)], [(2, 5)], [(6, 2)], [(3, 3)], [(2, 5), (3, 3)], [(1, 1), (4, 2)]])
def test_equals_what_the_models_compute(tiny, grids):
    image_token = tiny.model.config.image_token_id
    ids = [1, 2]
    for rows, columns in grids:
        ids += [*[image_token] * (rows * columns), 3, 4, 5]
    expected, _ = tiny.model.model.get_rope_index(
        torch.tensor([ids]),
        mm_token_type_ids=(torch.tensor([ids]) == image_token).int(),
        image_grid_thw=torch.tensor([[1, rows * 2, columns * 2] for rows, columns in grids]) if grids else None,
    )
    assert torch.equal(prefix_positions(ids, image_token, grids), expected[:, 0])
