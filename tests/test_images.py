"""Safe image loading: what people see is what is decoded, and nothing bad gets through or hangs."""

import base64
import io
import re
import struct
import time
import warnings
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from yofo_rerank.errors import ImageError
from yofo_rerank.images import ImageLimits, load_image

RED, GREEN, WHITE = (254, 0, 0), (0, 200, 0), (255, 255, 255)


def encoded(image, form="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def two_coloured(size=(32, 16)):
    """Red, with a green upper left corner: shows how it was turned."""
    image = Image.new("RGB", size, RED)
    image.paste(GREEN, (0, 0, 8, 8))
    return image


def png_header(width, height):
    """A PNG that promises width x height pixels and holds none."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def refused(source, *arguments, **options):
    """The code of the refusal; its message must not leak content or addresses."""
    with pytest.raises(ImageError) as caught:
        load_image(source, *arguments, **options)
    assert not re.search(r"0x[0-9a-f]{4}|object at|BytesIO", str(caught.value))
    return caught.value.code


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_path_bytes_pil_and_data_uri_give_the_same_picture(tmp_path, form):
    data = encoded(two_coloured(), form)
    (tmp_path / "a.bin").write_bytes(data)
    uri = f"data:image/{form.lower()};base64,{base64.b64encode(data).decode()}"
    escaped = uri.replace("=", "%3D").replace("+", "%2B")
    sources = [tmp_path / "a.bin", str(tmp_path / "a.bin"), data, Image.open(io.BytesIO(data)), uri, escaped]
    pictures = [load_image(source) for source in sources]
    assert all(picture.mode == "RGB" and picture.size == (32, 16) for picture in pictures)
    assert all(picture.tobytes() == pictures[0].tobytes() for picture in pictures)
    red = pictures[0].getpixel((30, 14))
    assert red[0] > 240 and red[1] < 20


def test_the_source_is_not_changed_and_not_shared():
    source = two_coloured()
    before = source.tobytes()
    picture = load_image(source)
    picture.paste((1, 2, 3), (0, 0, 32, 16))
    assert source.tobytes() == before


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(form, orientation):
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Transpose member that prepares the stored picture
    upright = two_coloured()
    upright.paste((0, 0, 254), (0, 8, 8, 16))
    stored = upright.transpose(Image.Transpose(undo[orientation])) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    loaded = load_image(encoded(stored, form, exif=exif))
    assert loaded.size == (32, 16)
    corners = [loaded.getpixel(at) for at in ((3, 3), (3, 12), (28, 3), (28, 12))]
    assert ["rgb"[pixel.index(max(pixel))] for pixel in corners] == ["g", "b", "r", "r"]


@pytest.mark.parametrize("action", ["ignore", "error"])
def test_unreadable_exif_is_ignored(action):
    with warnings.catch_warnings():
        warnings.simplefilter(action)
        assert load_image(encoded(two_coloured(), exif=b"Exif\x00\x00II*\x00\x08")).size == (32, 16)


def with_transparent_palette():
    image = Image.new("P", (4, 4), 0)
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.putpixel((0, 0), 1)
    return encoded(image, transparency=0)


@pytest.mark.parametrize(
    ("source", "pixel"),
    [
        (Image.new("RGBA", (4, 4), (255, 0, 0, 0)), WHITE),
        (Image.new("RGBA", (4, 4), (255, 0, 0, 128)), (255, 127, 127)),
        (Image.new("LA", (4, 4), (0, 0)), WHITE),
        (Image.new("LA", (4, 4), (0, 255)), (0, 0, 0)),
        (Image.new("PA", (4, 4), 0), WHITE),
        (Image.new("1", (4, 4), 1), WHITE),
        (Image.new("L", (4, 4), 77), (77, 77, 77)),
        (Image.new("I;16", (4, 4), 65535), WHITE),
        (Image.new("I;16", (4, 4), 32896), (128, 128, 128)),
        (Image.new("I;16B", (4, 4), 32896), (128, 128, 128)),
        (Image.new("I", (4, 4), 257), (1, 1, 1)),
        (Image.new("CMYK", (4, 4), (0, 255, 255, 0)), (255, 0, 0)),
    ],
    ids=lambda value: getattr(value, "mode", None),
)
def test_modes_become_what_people_see(source, pixel):
    assert load_image(source).getpixel((2, 2)) == pixel


def test_encoded_modes_become_what_people_see():
    assert load_image(with_transparent_palette()).getpixel((2, 2)) == WHITE
    assert load_image(with_transparent_palette()).getpixel((0, 0)) == (0, 255, 0)
    grey16 = Image.new("I;16", (4, 4), 32896)
    assert load_image(encoded(grey16)).getpixel((0, 0)) == (128, 128, 128)
    keyed = encoded(Image.new("RGB", (4, 4), RED), transparency=RED)
    assert load_image(keyed).getpixel((0, 0)) == WHITE
    cmyk = load_image(encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG")).getpixel((4, 4))
    assert cmyk[0] > 240 and max(cmyk[1:]) < 15


@pytest.mark.parametrize("mode", ["F", "La"])
def test_modes_that_have_no_picture_are_refused(mode):
    assert refused(Image.new(mode, (4, 4))) == "bad_mode"


@pytest.mark.parametrize("form", ["WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_read(form):
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, GREEN)]
    data = encoded(frames[0], form, save_all=True, append_images=frames[1:], lossless=True)
    assert Image.open(io.BytesIO(data)).n_frames == 2
    assert load_image(data).getpixel((4, 4)) == RED


def test_of_a_multi_picture_jpeg_the_first_is_read():
    data = encoded(two_coloured(), "MPO", save_all=True, append_images=[Image.new("RGB", (32, 16), GREEN)])
    assert load_image(data).getpixel((30, 14))[0] > 240


def test_a_pdf_is_told_apart():
    assert refused(encoded(two_coloured(), "PDF")) == "pdf"  # its pages may be given


@pytest.mark.parametrize("form", ["TIFF", "ICO", "PPM", "EPS", "JPEG2000"])
def test_other_formats_are_refused(form):
    assert refused(encoded(two_coloured(), form)) == "not_an_image"


@pytest.mark.parametrize("data", [b"x", b"<svg/>", b"\x00" * 100, b"GIF88a", "ä".encode()])
def test_other_bytes_are_refused(data):
    assert refused(data) == "not_an_image"


@pytest.mark.parametrize("source", [None, 3, [1], {"url": "x"}])
def test_other_types_are_refused(source):
    assert refused(source) == "not_an_image"


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_truncated_images_are_refused(form, kept):
    noise = Image.effect_noise((64, 64), 80).convert("RGB")
    data = encoded(noise, form)
    assert refused(data[: int(len(data) * kept)]) == "truncated"
    assert refused(data[:14]) == "truncated"
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


def test_truncated_pil_image_is_refused(tmp_path):
    data = encoded(Image.effect_noise((64, 64), 80))
    assert refused(Image.open(io.BytesIO(data[: len(data) // 2]))) == "truncated"


@pytest.mark.parametrize("size", [(30_000, 30_000), (2_000_000_000, 2), (10_000, 10_000)])
def test_pixel_bombs_are_refused_at_the_header(size):
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert refused(png_header(*size)) == "too_many_pixels"
    assert not caught
    assert time.perf_counter() - start < 1
    assert Image.MAX_IMAGE_PIXELS == 89_478_485  # Pillow's own setting is left alone


def test_webp_bomb_is_refused_at_the_header():
    canvas = struct.pack("<I", 16_382)[:3] * 2
    frame = encoded(two_coloured(), "WEBP")[12:]
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x02\x00\x00\x00" + canvas + b"ANIM" + struct.pack("<IIH", 6, 0, 0)
    body += b"ANMF" + struct.pack("<I", 16 + len(frame)) + b"\x00" * 6 + b"\x1f\x00\x00\x0f\x00\x00\x64\x00\x00\x00"
    body += frame
    assert refused(b"RIFF" + struct.pack("<I", len(body)) + body) == "too_many_pixels"


def test_limits_on_pixels_bytes_sides_and_aspect():
    data = encoded(two_coloured())
    assert refused(data, ImageLimits(max_pixels=32 * 16 - 1)) == "too_many_pixels"
    assert load_image(data, ImageLimits(max_pixels=32 * 16)).size == (32, 16)
    assert refused(data, ImageLimits(max_bytes=len(data) - 1)) == "too_many_bytes"
    assert load_image(data, ImageLimits(max_bytes=len(data))).size == (32, 16)
    assert refused(data, ImageLimits(min_side=17)) == "too_small"
    assert refused(Image.new("RGB", (1, 1))) == "too_small"
    assert refused(encoded(Image.new("RGB", (100, 1)))) == "too_small"
    assert refused(Image.new("RGB", (0, 0))) == "too_small"
    assert refused(Image.new("RGB", (402, 2))) == "bad_aspect"
    assert load_image(Image.new("RGB", (400, 2))).size == (400, 2)


@pytest.mark.parametrize("field", ["max_bytes", "max_pixels", "min_side", "max_aspect"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_limits_are_validated(field, value):
    with pytest.raises(ValueError, match=field):
        ImageLimits(**{field: value})


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9/a.png",
        "HTTPS://example.org/a.png",
        "file:///etc/hostname",
        "ftp://x/a",
        "//host/a.png",
        r"\\host\a.png",
    ],
)
def test_addresses_are_refused_and_not_fetched(address, monkeypatch):
    monkeypatch.setattr("socket.socket.connect", lambda *arguments: pytest.fail("connected"))
    assert refused(address) == "url"


@pytest.mark.parametrize(
    "uri", ["data:", "data:image/png,abc", "data:image/png;base64,###", "data:;base64,AAA", "data:;base64,%ff"]
)
def test_bad_data_uris(uri):
    assert refused(uri) == "bad_data_uri"


def test_data_uri_has_a_byte_cap_and_is_sniffed():
    uri = "data:image/png;base64," + base64.b64encode(b"x" * 1000).decode()
    assert refused(uri, ImageLimits(max_bytes=500)) == "too_many_bytes"
    assert refused(uri.replace("A", "%41"), ImageLimits(max_bytes=500)) == "too_many_bytes"
    assert refused(uri) == "not_an_image"


def test_errors_of_pillow_stay_behind_as_the_cause():
    with pytest.raises(ImageError) as caught:
        load_image(encoded(two_coloured())[:40], name="document 'x'")
    assert str(caught.value).startswith("document 'x': ")
    assert caught.value.__cause__ is not None


SEEDS = [
    encoded(Image.effect_noise((24, 20), 90).convert(mode), form)
    for mode, form in [("RGB", "PNG"), ("P", "PNG"), ("RGB", "JPEG"), ("L", "JPEG"), ("RGB", "WEBP"), ("RGBA", "WEBP")]
]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=8),
    st.integers(0, 40),
)
def test_mutated_files_load_or_are_refused(seed, changes, cut):
    data = bytearray(seed)
    for position, value in changes:
        data[position % len(data)] = value
    try:
        picture = load_image(bytes(data[: len(data) - cut]))
    except ImageError:
        return
    assert picture.mode == "RGB"


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.text(), st.binary()))
def test_any_text_or_bytes_load_or_are_refused(source):
    with pytest.raises(ImageError):
        load_image(source)
