import torch

from yofo_rerank.models.packing import PADDING, attention_mask, is_causal, pack, prefix_segments
from yofo_rerank.prompts import Template

ONE, TWO = Template([5, 6, 7], [2], []), Template([8, 9], [1, 2], [])


def test_templates_lie_behind_one_another():
    suffixes = pack([[ONE, TWO], [TWO]], pad_token=0)
    assert suffixes.ids.tolist() == [[5, 6, 7, 8, 9], [8, 9, 0, 0, 0]]
    assert suffixes.positions.tolist() == [[0, 1, 2, 0, 1], [0, 1, 0, 0, 0]]
    assert suffixes.segments.tolist() == [[1, 1, 1, 2, 2], [1, 1, PADDING, PADDING, PADDING]]
    rows, columns = suffixes.slots
    assert list(zip(rows.tolist(), columns.tolist(), strict=True)) == [(0, 1), (0, 3), (0, 4), (1, 0), (1, 1)]


def test_nothing_asked():
    suffixes = pack([[], []], pad_token=0)
    assert suffixes.n_tokens == 0
    assert suffixes.slots[0].tolist() == []


def test_prefixes_end_together():
    assert prefix_segments([3, 1]).tolist() == [[0, 0, 0], [PADDING, PADDING, 0]]


def seen(segments, n_queries):
    mask = attention_mask(torch.tensor(segments), n_queries, torch.float32)
    return (mask == 0).int().tolist()


def test_what_sees_what():
    [[mask]] = seen([[PADDING, 0, 0, 1, 1, 2, PADDING]], 7)
    assert mask == [
        [1, 0, 0, 0, 0, 0, 0],  # padding sees itself
        [0, 1, 0, 0, 0, 0, 0],
        [0, 1, 1, 0, 0, 0, 0],
        [0, 1, 1, 1, 0, 0, 0],
        [0, 1, 1, 1, 1, 0, 0],
        [0, 1, 1, 0, 0, 1, 0],  # the second template does not see the first
        [0, 1, 1, 0, 0, 0, 1],
    ]


def test_rows_that_are_alike_share_a_mask():
    assert len(seen([[0, 1], [0, 1]], 1)) == 1
    assert len(seen([[0, 1], [PADDING, 1]], 1)) == 2


def test_no_mask_where_plain_causal_attention_is_meant():
    assert is_causal(torch.tensor([[0, 0, 1], [0, 0, 1]]))
    assert is_causal(torch.tensor([[0, 0], [0, 0]]))
    assert not is_causal(torch.tensor([[0, 1, 2]]))
    assert not is_causal(torch.tensor([[PADDING, 0, 1]]))
