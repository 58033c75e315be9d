"""A prefix is a sequence of parts, texts and images; one image and one text are only the usual case."""

import torch

from yofo_rerank.models.prefixes import PrefixMaker


def maker(tiny, slot_model):
    return slot_model(tiny).maker


def test_parts_lie_where_they_say(tiny, slot_model, make_image):
    made: PrefixMaker = maker(tiny, slot_model)
    pictures = [made.patcher.cut(make_image(48, 48, 1)), made.patcher.cut(make_image(32, 80, 2))]
    prefix = made.lay_out(["blue", pictures[0], "or", pictures[1], "a grey skirt"], max_tokens=500)
    image_token = tiny.model.config.image_token_id
    shown = [made.tokenizer.decode(prefix.ids[part.start : part.start + part.n_tokens]) for part in prefix.parts]
    assert [shown[0], shown[2], shown[4]] == ["blue", "or", "a grey skirt"]
    for part, picture in zip(prefix.parts[1::2], pictures, strict=True):
        assert part.grid == (picture.grid[1] // 2, picture.grid[2] // 2)
        assert prefix.ids[part.start : part.start + part.n_tokens] == [image_token] * (part.grid[0] * part.grid[1])
    assert prefix.grids == tuple(picture.grid for picture in pictures)


def test_two_images_reach_the_model_as_its_own_call_places_them(tiny, slot_model, make_image):
    """Against the plain Hugging Face call, which computes the positions of both images by itself."""
    model = slot_model(tiny)
    pictures = [model.maker.patcher.cut(make_image(48, 48, 1)), model.maker.patcher.cut(make_image(32, 80, 2))]
    prefix = model.maker.lay_out(["blue", *pictures, "red"], max_tokens=500)
    template = model.template(["a hooded top"])
    found, _ = model.encode_and_read([prefix], [[template]], keep_states=False)
    ids = torch.tensor([prefix.ids + template.ids])
    with torch.inference_mode():
        hidden = tiny.model.model(
            input_ids=ids,
            mm_token_type_ids=(ids == tiny.model.config.image_token_id).int(),
            pixel_values=model.maker.patcher.values(pictures),
            image_grid_thw=torch.tensor(prefix.grids),
        ).last_hidden_state
        expected = model.network.answers(hidden[0, [len(prefix.ids) + template.slots[0] - 1]])
    tiny.model.model.rope_deltas = None
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    swapped = model.maker.lay_out(["blue", *pictures[::-1], "red"], max_tokens=500)
    other, _ = model.encode_and_read([swapped], [[template]], keep_states=False)
    assert (found - other).abs().max() > 0.01
