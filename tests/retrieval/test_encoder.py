import json
import logging
import shutil
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import torch
from PIL import Image

from yofo_rerank.errors import ModelError
from yofo_rerank.retrieval import ClipEncoder
from yofo_rerank.retrieval import encoder as encoder_module

LONG = "a blue top with long sleeves " * 50  # 300 words


@pytest.fixture(params=["simple", "custom"])
def folder(request, clip_folder, custom_clip_folder):
    return {"simple": clip_folder, "custom": custom_clip_folder}[request.param]


def pictures(n=5):
    """Coarse blocks of random colours, in different sizes."""
    noise = np.random.default_rng(0)
    blocks = [Image.fromarray(noise.integers(0, 256, (3, 3, 3), np.uint8)) for _ in range(n)]
    return [block.resize((40 + 3 * i, 30), Image.Resampling.NEAREST) for i, block in enumerate(blocks)]


def assert_varied(vectors):
    similarities = vectors @ vectors.T
    assert similarities[~np.eye(len(vectors), dtype=bool)].max() < 0.9999
    assert similarities.std() > 1e-3


def test_texts_and_images_become_vectors_of_length_one(folder, make):
    encoder = ClipEncoder(folder)
    for vectors, n in ((encoder.encode_texts(make.texts), len(make.texts)), (encoder.encode_images(pictures()), 5)):
        assert vectors.shape == (n, encoder.dim) == (n, 16)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
        assert_varied(vectors)


def test_vectors_are_those_of_open_clip_itself(clip_folder, make):
    import open_clip

    name = f"local-dir:{clip_folder}"
    model, preprocess = open_clip.create_model_from_pretrained(name)
    model.eval()
    with torch.no_grad():
        texts = model.encode_text(open_clip.get_tokenizer(name)(make.texts), normalize=True).numpy()
        images = model.encode_image(torch.stack([preprocess(image) for image in pictures()]), normalize=True).numpy()
    encoder = ClipEncoder(clip_folder)
    np.testing.assert_allclose(encoder.encode_texts(make.texts), texts, atol=1e-5)
    np.testing.assert_allclose(encoder.encode_images(pictures()), images, atol=1e-5)
    assert_varied(texts)


def test_batches_do_not_change_the_vectors(folder, make):
    one, many = ClipEncoder(folder, batch_size=1), ClipEncoder(folder, batch_size=3)
    np.testing.assert_allclose(one.encode_texts(make.texts), many.encode_texts(make.texts), atol=1e-5)
    np.testing.assert_allclose(one.encode_images(pictures()), many.encode_images(pictures()), atol=1e-5)
    assert_varied(one.encode_texts(make.texts))


def test_nothing_to_encode(clip_folder):
    encoder = ClipEncoder(clip_folder)
    assert encoder.encode_texts([]).shape == encoder.encode_images([]).shape == (0, 16)


def test_images_of_any_mode(clip_folder):
    images = [image.convert(mode) for image, mode in zip(pictures(4), ("L", "RGBA", "CMYK", "P"), strict=True)]
    assert ClipEncoder(clip_folder).encode_images(images).shape == (4, 16)


def test_fingerprint_is_the_same_for_a_moved_folder_and_another_dtype(clip_folder, tmp_path):
    moved = shutil.copytree(clip_folder, tmp_path / "moved")
    fingerprints = {ClipEncoder(clip_folder).fingerprint, ClipEncoder(moved, dtype="bfloat16").fingerprint}
    assert len(fingerprints) == 1
    assert len(fingerprints.pop()) > 32


def test_fingerprint_tells_weights_tokenizer_and_preprocessing_apart(clip_folder, custom_clip_folder, tmp_path, make):
    changed = shutil.copytree(clip_folder, tmp_path / "changed")
    config = json.loads((changed / "open_clip_config.json").read_text())
    config["preprocess_cfg"]["mean"] = [0.4] * 3
    (changed / "open_clip_config.json").write_text(json.dumps(config))
    folders = [clip_folder, custom_clip_folder, changed, make.clip(tmp_path / "other", seed=5)]
    assert len({ClipEncoder(folder).fingerprint for folder in folders}) == 4


def test_bfloat16_is_close_to_float32(clip_folder, make):
    half, full = ClipEncoder(clip_folder, dtype="bfloat16"), ClipEncoder(clip_folder)
    for a, b in (
        (half.encode_texts(make.texts), full.encode_texts(make.texts)),
        (half.encode_images(pictures()), full.encode_images(pictures())),
    ):
        assert a.dtype == np.float32
        assert (a * b).sum(axis=1).min() > 0.99
        assert not np.array_equal(a, b)


def test_a_300_word_query_works_and_warns_once(folder, caplog):
    encoder = ClipEncoder(folder, batch_size=1)
    with caplog.at_level(logging.WARNING, logger="yofo_rerank"):
        vectors = encoder.encode_texts([LONG, "a top", LONG + " in red"])
    assert vectors.shape == (3, 16)
    warnings = [record.getMessage() for record in caplog.records if record.name.startswith("yofo_rerank")]
    assert len(warnings) == 1
    assert "2 of 3 texts are longer than the 16 tokens" in warnings[0]
    assert encoder.too_long([LONG, "a top"]) == [True, False]


def test_a_text_that_just_fits_is_not_too_long(clip_folder):
    encoder = ClipEncoder(clip_folder)  # 16 tokens: start, 14 words, end
    assert encoder.context_length == 16
    assert encoder.too_long(["top " * 14, "top " * 15]) == [False, True]


def test_no_warning_when_told_so(clip_folder, caplog):
    with caplog.at_level(logging.WARNING, logger="yofo_rerank"):
        ClipEncoder(clip_folder).encode_texts([LONG], warn=False)
    assert not [record for record in caplog.records if record.name.startswith("yofo_rerank")]


def test_local_folder_needs_no_network(folder, make, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert ClipEncoder(folder).encode_texts(make.texts).shape == (4, 16)


def test_import_and_constructor_load_no_torch():
    code = (
        "import sys; from yofo_rerank.retrieval import ClipFaissRetriever; r = ClipFaissRetriever.from_pretrained();"
        "r.search('top'); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_the_model_is_loaded_once_and_threads_agree(custom_clip_folder, make, monkeypatch):
    loads = []
    load = encoder_module.load

    def slow_load(*args):
        loads.append(args)
        time.sleep(0.05)
        return load(*args)

    monkeypatch.setattr(encoder_module, "load", slow_load)
    encoder = ClipEncoder(custom_clip_folder)
    results = [None] * 8

    def work(number):
        results[number] = encoder.encode_texts(make.texts)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1
    for result in results:
        np.testing.assert_allclose(result, results[0], atol=1e-6)


def test_out_of_memory_halves_the_batch(clip_folder, monkeypatch, caplog):
    encoder = ClipEncoder(clip_folder, batch_size=4)
    wanted = encoder.encode_images(pictures())
    model = encoder._load().model
    encode, sizes = model.encode_image, []

    def encode_image(pixels):
        sizes.append(len(pixels))
        if len(pixels) > 1:
            raise torch.OutOfMemoryError("fake")
        return encode(pixels)

    monkeypatch.setattr(model, "encode_image", encode_image)
    np.testing.assert_allclose(encoder.encode_images(pictures()), wanted, atol=1e-5)
    assert sizes == [4, 2, 1, 1, 1, 1, 1]


def test_out_of_memory_with_one_item_is_an_error(clip_folder, monkeypatch):
    encoder = ClipEncoder(clip_folder)

    def encode_image(pixels):
        raise torch.OutOfMemoryError("fake")

    monkeypatch.setattr(encoder._load().model, "encode_image", encode_image)
    with pytest.raises(ModelError, match="single item") as caught:
        encoder.encode_images(pictures())
    assert caught.value.code == "out_of_memory"


def test_nan_weights_are_an_error(clip_folder, tmp_path, make):
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(clip_folder, tmp_path / "nan")
    weights = load_file(folder / "open_clip_model.safetensors")
    weights["text_projection"][0, 0] = float("nan")
    save_file(weights, folder / "open_clip_model.safetensors")
    with pytest.raises(ModelError, match="not finite"):
        ClipEncoder(folder).encode_texts(make.texts)


def test_a_folder_without_safe_weights_is_refused(clip_folder, tmp_path):
    folder = shutil.copytree(clip_folder, tmp_path / "pickled")
    (folder / "open_clip_model.safetensors").rename(folder / "open_clip_pytorch_model.bin")
    with pytest.raises(ModelError, match=r"wanted open_clip_model\.safetensors"):
        _ = ClipEncoder(folder).dim
    with pytest.raises(ModelError, match=r"open_clip_config\.json"):
        _ = ClipEncoder(tmp_path).dim


def test_a_folder_that_brings_its_own_code_is_refused(custom_clip_folder, tmp_path):
    folder = shutil.copytree(custom_clip_folder, tmp_path / "code")
    config = json.loads((folder / "open_clip_config.json").read_text())
    config["model_cfg"]["text_cfg"]["tokenizer_kwargs"] = {"trust_remote_code": True}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="trust_remote_code"):
        _ = ClipEncoder(folder).dim


@pytest.mark.parametrize("damage", [b"", b"{", b"\x00" * 100])
def test_damaged_weights_are_a_typed_error(clip_folder, tmp_path, damage):
    folder = shutil.copytree(clip_folder, tmp_path / "damaged")
    (folder / "open_clip_model.safetensors").write_bytes(damage)
    with pytest.raises(ModelError, match="cannot load"):
        _ = ClipEncoder(folder).dim


@pytest.mark.parametrize("config", ["", "[]", "{}", '{"model_cfg": 3}', '{"model_cfg": {"embed_dim": 16}}'])
def test_damaged_configurations_are_a_typed_error(clip_folder, tmp_path, config):
    folder = shutil.copytree(clip_folder, tmp_path / "damaged")
    (folder / "open_clip_config.json").write_text(config)
    with pytest.raises(ModelError, match="cannot load"):
        _ = ClipEncoder(folder).dim


def test_a_tokenizer_that_cannot_pad_is_a_typed_error(custom_clip_folder, tmp_path):
    folder = shutil.copytree(custom_clip_folder, tmp_path / "padless")
    (folder / "tokenizer_config.json").unlink()
    with pytest.raises(ModelError, match="padding token"):
        _ = ClipEncoder(folder).dim


def test_weights_of_another_size_are_a_typed_error(clip_folder, tmp_path):
    folder = shutil.copytree(clip_folder, tmp_path / "size")
    config = json.loads((folder / "open_clip_config.json").read_text())
    config["model_cfg"]["embed_dim"] = 12
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="size mismatch"):
        _ = ClipEncoder(folder).dim


def test_an_unknown_device_is_a_typed_error(clip_folder):
    with pytest.raises(ModelError, match="banana"):
        _ = ClipEncoder(clip_folder, device="banana").dim


def test_unknown_names_are_errors_that_list_the_known():
    with pytest.raises(ModelError, match=r"got pretrained=None, wanted .*laion2b_s34b_b79k"):
        _ = ClipEncoder("ViT-B-32").dim
    with pytest.raises(ModelError, match="ViT-B-32"):
        _ = ClipEncoder("no-such-model").dim
    with pytest.raises(ModelError, match="laion2b_s34b_b79k"):
        _ = ClipEncoder("ViT-B-32", "no-such-tag").dim


def test_openai_weights_run_with_their_own_activation(monkeypatch):
    import open_clip

    asked = []

    def create(name, pretrained, **options):
        asked.append(options["force_quick_gelu"])
        raise RuntimeError("offline")

    monkeypatch.setattr(open_clip, "create_model_from_pretrained", create)
    monkeypatch.setattr("open_clip.pretrained.download_pretrained", lambda tag: "weights.safetensors")
    for tag in ("openai", "laion2b_s34b_b79k"):
        with pytest.raises(ModelError, match="offline"):
            _ = ClipEncoder("ViT-B-32", tag).dim
    assert asked == [True, False]


def test_constructor_checks_its_arguments():
    with pytest.raises(ValueError, match="float16"):
        ClipEncoder(dtype="float16")
    with pytest.raises(ValueError, match="batch_size"):
        ClipEncoder(batch_size=0)
    assert repr(ClipEncoder("ViT-B-32", "openai")) == "ClipEncoder('ViT-B-32', 'openai')"
