"""What one image may cost: scans, time, memory; and decoding no more than is needed."""

import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from yofo_rerank import Document, YofoJudge, images
from yofo_rerank.errors import ImageError
from yofo_rerank.image_budget import MAX_SCANS, TimedBytes, TooSlow, scans
from yofo_rerank.images import ImageLimits, load_image


def encoded(image, form="JPEG", **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def many_scans(side, n, kept=b"\xff\xd9"):
    """A progressive JPEG whose last scan, which holds nothing, comes n times more."""
    data = encoded(Image.new("L", (side, side), 100), progressive=True, quality=10)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * n + kept


def code_of(source, **options):
    with pytest.raises(ImageError) as caught:
        load_image(source, **options)
    return caught.value.code


def test_scans_are_counted_to_the_end_of_the_picture():
    photo = Image.effect_noise((64, 64), 80).convert("RGB")
    assert scans(encoded(photo)) == 1
    assert scans(encoded(photo, progressive=True)) == 10
    assert scans(many_scans(64, 30)) == 36
    assert scans(many_scans(64, 30) + many_scans(64, 30)) == 36  # what a phone appends does not count
    assert scans(many_scans(64, 5000)) == MAX_SCANS + 1
    assert scans(b"\xff\xd8" + b"\xff\xda" * 3) == 1  # each takes the next for its length


@pytest.mark.parametrize("noise", [b"\xff\x05\xff\xff", b"\xff\xd8", b"\xff\xff\xff", b"\xff\xd3", b"\xff\x01\x7f\xff"])
def test_no_noise_hides_a_scan(noise):
    assert scans(many_scans(64, 30).replace(b"\xff\xda", noise + b"\xff\xda")) == 36


@given(st.binary(max_size=300))
def test_any_bytes_can_be_counted(data):
    assert 0 <= scans(b"\xff\xd8" + data) <= 100


@pytest.mark.parametrize(("side", "n"), [(100, 6000), (7000, 60)])
def test_a_jpeg_of_empty_scans_is_refused_before_it_is_decoded(side, n, monkeypatch):
    data = many_scans(side, n)
    monkeypatch.setattr(JpegImageFile, "load", lambda self: pytest.fail("decoded"))
    start = time.thread_time()
    assert code_of(data) == "too_many_scans"
    assert time.thread_time() - start < 0.5


def test_usual_progressive_pictures_are_read():
    data = encoded(Image.effect_noise((2000, 2000), 80).convert("RGB"), progressive=True)
    assert load_image(data).size == (2000, 2000)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "BMP"])
def test_decoding_ends_when_the_time_is_over(form):
    picture = Image.effect_noise((2000, 2000), 80)
    data = encoded(picture.convert("P") if form == "BMP" else picture, form)
    assert load_image(data).size == (2000, 2000)
    assert code_of(data, limits=ImageLimits(seconds=1e-9)) == "too_slow"


def test_a_run_length_bmp_cannot_hold_the_thread():
    head = encoded(Image.new("P", (5000, 5000)), "BMP")[:1078]
    head = head[:30] + b"\x01\x00\x00\x00" + head[34:]  # run-length encoding
    start = time.thread_time()
    assert code_of(head + b"\x00\x02\x00\x00" * 4_000_000, limits=ImageLimits(seconds=0.3)) in ("too_slow", "truncated")
    assert time.thread_time() - start < 2


def test_time_is_that_of_this_thread_alone():
    data = TimedBytes(b"abc", seconds=0.05)
    time.sleep(0.1)
    assert data.read() == b"abc"
    end = time.thread_time() + 0.06
    while time.thread_time() < end:
        pass
    with pytest.raises(TooSlow):
        data.read()


@pytest.mark.parametrize("at", ["load", "convert"])
def test_no_memory_for_one_picture_is_its_own_failure(at, monkeypatch):
    def fail(*arguments, **options):
        raise MemoryError

    data = encoded(Image.new("RGB", (8, 8)), "PNG")
    monkeypatch.setattr(ImageFile.ImageFile if at == "load" else Image.Image, at, fail)
    assert code_of(data) == "oom"


def test_no_memory_for_one_picture_leaves_the_others_their_answers(tiny_qwen3_vl, make_image, monkeypatch):
    whole = images._decoded

    def decoded(image, name):
        if image.width == 40:
            raise MemoryError
        return whole(image, name)

    monkeypatch.setattr(images, "_decoded", decoded)
    judge = YofoJudge.from_components(*tiny_qwen3_vl, format="yofo-v1")
    documents = [Document(image=make_image(side, 48)) for side in (48, 40, 56)]
    outcomes = judge.judge_outcomes(documents, ["blue"])
    assert [one.failure and one.failure.code for one in outcomes] == [None, "oom", None]


def test_a_pil_image_without_memory_for_a_digest(monkeypatch):
    def fail(self):
        raise MemoryError

    picture = Image.new("RGB", (8, 8))
    monkeypatch.setattr(Image.Image, "tobytes", fail)
    with pytest.raises(ImageError) as caught:
        Document(image=picture)
    assert caught.value.code == "oom"


def test_a_large_jpeg_is_decoded_smaller_on_request():
    data = encoded(Image.effect_noise((1600, 1200), 40).convert("RGB"))
    small = load_image(data, max_pixels=200_000)
    assert small.size == (800, 600)
    assert small.info["full_size"] == (1600, 1200)
    assert load_image(data, max_pixels=1_000_000).size == (1600, 1200)
    assert "full_size" not in load_image(data).info
    whole, reduced = load_image(data).resize((100, 75)), small.resize((100, 75))
    pairs = zip(whole.tobytes(), reduced.tobytes(), strict=True)
    assert sum(abs(one - other) for one, other in pairs) / (100 * 75 * 3) < 3


def test_the_full_size_is_that_of_the_upright_picture():
    exif = Image.Exif()
    exif[0x0112] = 6
    small = load_image(encoded(Image.new("RGB", (1600, 1200)), exif=exif), max_pixels=100_000)
    assert (small.size, small.info["full_size"]) == ((300, 400), (1200, 1600))
    assert Document(image=encoded(Image.new("RGB", (1600, 1200)))).load_image(max_pixels=100_000).size == (400, 300)


def test_only_jpegs_are_decoded_smaller():
    assert load_image(encoded(Image.new("RGB", (1600, 1200)), "PNG"), max_pixels=100).size == (1600, 1200)
