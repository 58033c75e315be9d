"""Formats: told by their bytes, read where their decoder is here, and counted where they are not read."""

import io
import random
import subprocess
import sys
import textwrap

import pytest
from PIL import Image

from yofo_rerank import image_formats
from yofo_rerank.documents import load_folder
from yofo_rerank.errors import ImageError
from yofo_rerank.image_formats import FORMATS, format_of, unread_reason
from yofo_rerank.images import load_image

RED, GREEN = (254, 0, 0), (0, 200, 0)


def two_coloured():
    image = Image.new("RGB", (32, 16), RED)
    image.paste(GREEN, (0, 0, 16, 16))
    return image


def encoded(image, form, **options):
    if form == "HEIC":
        pytest.importorskip("pillow_heif").register_heif_opener()
        form = "HEIF"
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("form", [one.name for one in FORMATS])
def test_every_format_shows_the_picture(form):
    data = encoded(two_coloured(), form.upper())
    assert format_of(data).name == form
    picture = load_image(data)
    assert (picture.mode, picture.size) == ("RGB", (32, 16))
    for at, wanted in (((4, 8), GREEN), ((27, 8), RED)):
        assert all(abs(got - value) < 30 for got, value in zip(picture.getpixel(at), wanted, strict=True))


@pytest.mark.parametrize("form", [one.name for one in FORMATS])
def test_every_format_is_refused_when_cut(form):
    data = encoded(Image.effect_noise((64, 64), 80).convert("RGB"), form.upper())
    with pytest.raises(ImageError) as caught:
        load_image(data[: len(data) // 2])
    assert caught.value.code == "truncated"


@pytest.mark.parametrize("form", ["AVIF", "HEIC"])
def test_orientation_and_transparency(form):
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(two_coloured(), form, exif=exif.tobytes(), quality=95)
    picture = load_image(data)
    assert picture.size == (16, 32)
    assert picture.getpixel((8, 4))[1] > 150  # green is above now
    clear = load_image(encoded(Image.new("RGBA", (32, 16), (255, 0, 0, 0)), form))
    assert min(clear.getpixel((4, 4))) > 240


def test_of_an_animation_the_first_frame_is_read():
    data = encoded(Image.new("RGB", (8, 8), RED), "GIF", save_all=True, append_images=[Image.new("RGB", (8, 8), GREEN)])
    assert load_image(data).getpixel((4, 4)) == RED


def test_a_transparent_gif_lies_on_white():
    image = Image.new("P", (4, 4), 0)
    image.putpalette([255, 0, 0, 0, 255, 0])
    assert load_image(encoded(image, "GIF", transparency=0)).getpixel((2, 2)) == (255, 255, 255)


def test_the_name_of_a_file_says_nothing(tmp_path):
    (tmp_path / "a.jpg").write_bytes(encoded(two_coloured(), "BMP"))
    assert load_image(tmp_path / "a.jpg").size == (32, 16)


def test_brands_tell_avif_from_heic():
    box = b"\x00\x00\x00\x1cftyp"
    assert format_of(box + b"mif1\x00\x00\x00\x00mif1heic").name == "HEIC"
    assert format_of(box + b"mif1\x00\x00\x00\x00mif1avif").name == "AVIF"
    assert format_of(box + b"isom\x00\x00\x00\x00isomavc1") is None


def test_without_its_decoder_a_format_is_refused_with_what_helps():
    code = """
        import sys
        sys.modules["pillow_heif"] = None
        from yofo_rerank.errors import ImageError
        from yofo_rerank.images import load_image
        from yofo_rerank.image_formats import readable_suffixes, unread_reason
        try:
            load_image(b"\\0\\0\\0\\x1cftypheic" + bytes(100))
        except ImageError as error:
            print(error.code, error, unread_reason(".heic"), ".heic" in readable_suffixes())
    """
    said = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("missing_extra image: HEIC is not read here: pip install")
    assert said.stdout.endswith('"yofo-rerank[heic]" False\n')


def test_a_folder_reads_what_it_can_and_counts_the_rest(tmp_path, caplog, monkeypatch):
    for name, form in (("a.gif", "GIF"), ("b.bmp", "BMP"), ("c.avif", "AVIF"), ("d.tif", "TIFF"), ("e.TIFF", "TIFF")):
        two_coloured().save(tmp_path / name, form)
    (tmp_path / "f.heic").write_bytes(b"x")
    (tmp_path / "notes.doc").write_bytes(b"x")
    monkeypatch.setattr(image_formats, "find_spec", lambda name: None)
    image_formats._has_heif.cache_clear()
    try:
        documents = list(load_folder(tmp_path))
    finally:
        monkeypatch.undo()
        image_formats._has_heif.cache_clear()
    assert [document.id for document in documents] == ["a.gif", "b.bmp", "c.avif"]
    assert all(document.load_image().size == (32, 16) for document in documents)
    assert "3 pictures in" in caplog.text
    assert '1 .heic (pip install "yofo-rerank[heic]"), 1 .tif (not read), 1 .tiff (not read)' in caplog.text


def test_reasons():
    assert unread_reason(".png") is None and unread_reason(".doc") is None
    assert unread_reason(".psd") == "not read"


def test_a_damaged_avif_is_one_of_the_refused():
    noise = Image.frombytes("RGB", (64, 64), random.Random(1).randbytes(64 * 64 * 3))
    data = encoded(noise, "AVIF")
    with pytest.raises(ImageError) as caught:
        load_image(data[: len(data) // 2])
    assert caught.value.code == "truncated"
