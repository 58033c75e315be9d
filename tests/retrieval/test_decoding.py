"""Images are decoded ahead, and large JPEGs no larger than they are seen."""

import threading
import time

import numpy as np
from PIL import Image

from yofo_rerank.documents import Document, load_folder
from yofo_rerank.retrieval import ClipEncoder, ClipFaissRetriever


def test_large_jpegs_are_decoded_smaller_with_nearly_the_same_pixels(clip_folder, tmp_path):
    encoder = ClipEncoder(clip_folder)  # sees 32 x 32
    noise = np.random.default_rng(0)
    picture = Image.fromarray(noise.integers(0, 256, (12, 16, 3), np.uint8)).resize((1600, 1200))
    grain = noise.normal(0, 5, (1200, 1600, 1))
    Image.fromarray(np.clip(picture + grain, 0, 255).astype(np.uint8)).save(tmp_path / "photo.jpg", quality=90)
    document = Document(image=tmp_path / "photo.jpg", id="photo")
    whole, small = document.load_image(), document.load_image(max_pixels=encoder.enough_pixels)
    assert small.width <= whole.width // 4
    seen = [encoder.prepare(image).numpy() * 0.5 + 0.5 for image in (whole, small)]
    difference = np.abs(seen[0] - seen[1]).mean() * 255
    assert 0 < difference < 1  # grey levels
    retriever = ClipFaissRetriever(encoder)
    retriever.add([document])
    assert retriever.search(whole)[0].score > 0.999


def test_images_are_decoded_by_several_threads_while_others_are_encoded(encoder, tmp_path, make, monkeypatch):
    for number in range(12):
        make.colour(number, 0, 255 - number).save(tmp_path / f"{number:02}.png")
    threads, encode, waiting = set(), encoder.encode_images, []
    load = Document.load_image

    def slowly(document, *args, **kwargs):
        threads.add(threading.current_thread().name)
        waiting.append(document.id)
        return load(document, *args, **kwargs)

    def encode_images(images):
        time.sleep(0.05)
        encoder.batches.append(len(waiting))
        return encode(images)

    monkeypatch.setattr(Document, "load_image", slowly)
    monkeypatch.setattr(encoder, "encode_images", encode_images)
    report = ClipFaissRetriever(encoder, batch_size=4).add(load_folder(tmp_path))
    assert report.added == 12
    assert all(name.startswith("yofo-decode") for name in threads)
    assert encoder.batches[0] == 8  # when the first batch was encoded, the second had been decoded, and no more
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("yofo-decode")]
