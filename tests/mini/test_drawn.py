"""Photographs are told from mini's drawings; a drawing is never taken for a photograph."""

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from yofo_rerank import Document, YofoJudge
from yofo_rerank.mini import sample_catalog
from yofo_rerank.mini.drawn import has_foreign_picture, looks_drawn


def picture(values):
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def scene(number, side=320):
    """Like a photograph: soft shapes at every scale (a 1/f spectrum), a little colour, sensor noise."""
    random = np.random.default_rng(number)
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side))) + 1 / side
    channels = []
    for _ in range(3):
        phase = np.exp(2j * np.pi * random.random((side, side)))
        field = np.real(np.fft.ifft2(phase / frequency))
        channels.append((field - field.mean()) / field.std())
    mixed = np.stack([channels[0] + 0.3 * channel for channel in channels], axis=2)
    return picture(128 + 45 * mixed + random.normal(0, 4, mixed.shape))


NOT_DRAWN = {
    "noise": lambda number: picture(np.random.default_rng(number).integers(0, 256, (200, 220, 3))),
    "grey noise": lambda number: picture(np.random.default_rng(number).normal(128, 20, (96, 96))),
    "gradient": lambda number: picture(np.add.outer(np.linspace(number, 200, 300), np.linspace(0, 50, 200))),
    "plain": lambda number: Image.new("RGB", (64 + number, 64), (number * 8, 90, 200)),
    "scene": scene,
    "blurred scene": lambda number: scene(number).filter(ImageFilter.GaussianBlur(3)),
    "large": lambda number: Image.new("RGB", (1200, 800 + number)),
}


@pytest.mark.parametrize("kind", NOT_DRAWN)
def test_what_is_not_of_minis_world(kind):
    assert [looks_drawn(NOT_DRAWN[kind](number)) for number in range(25)] == [False] * 25


def test_minis_pictures_raise_no_alarm():
    documents = [document for document, _ in sample_catalog(150, seed=23)]
    pictures = [document.load_image() for document in documents]
    assert all(map(looks_drawn, pictures))


def test_nor_do_they_as_jpeg():
    for document, _ in sample_catalog(30, seed=24):
        data = io.BytesIO()
        document.load_image().save(data, "JPEG", quality=80)
        assert looks_drawn(Image.open(data))


def test_the_judge_says_so_once(caplog, tmp_path):
    judge = YofoJudge.from_pretrained("mini")
    drawn = [document for document, _ in sample_catalog(3, seed=25)]
    judge.judge(drawn, ["red"])
    assert "do not look like the drawn garments" not in caplog.text
    scene(1).save(tmp_path / "photo.jpg")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    for _ in range(2):
        judge.judge([*drawn, Document(text="red"), Document(image=tmp_path / "photo.jpg")], ["red"])
    assert caplog.text.count("--model Qwen/Qwen3-VL-2B-Instruct") == 1
    assert not has_foreign_picture([Document(image=tmp_path / "broken.jpg"), Document(text="red")])


def test_another_model_is_not_asked(tiny_qwen3_vl, caplog):
    YofoJudge.from_components(tiny_qwen3_vl.model, tiny_qwen3_vl.processor).judge([Document(image=scene(2))], ["red"])
    assert "drawn garments" not in caplog.text
