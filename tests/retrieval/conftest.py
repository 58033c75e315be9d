"""Tiny open_clip folders with random weights, made once per run."""

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace

import faiss
import numpy as np
import pytest
import torch
from PIL import Image

TEXTS = ["a blue hooded top without a chest logo", "a midi dress, not pink", "grey shorts for summer", "2 pockets"]


def save_tiny_clip(folder: Path, *, tokenizer: str = "simple", seed: int = 0, context_length: int = 16) -> Path:
    """A folder that `ClipEncoder(folder)` loads: configuration, weights and, for "custom", a tokenizer."""
    import open_clip
    from safetensors.torch import save_file

    folder.mkdir(parents=True)
    text_config = {"context_length": context_length, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}
    if tokenizer == "custom":
        vocabulary = save_tokenizer(folder)
        text_config |= {"vocab_size": len(vocabulary), "hf_tokenizer_name": "local", "pool_type": "eos"}
        text_config |= {"eos_id": vocabulary["<|end|>"], "pad_id": vocabulary["<|pad|>"]}
    model_config = {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 32, "patch_size": 8, "width": 32, "head_width": 16, "layers": 1},
        "text_cfg": text_config,
    }
    preprocess = {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bilinear", "resize_mode": "squash"}
    config = {"model_cfg": model_config, "preprocess_cfg": preprocess}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    torch.manual_seed(seed)
    model = open_clip.create_model(f"local-dir:{folder}", load_weights=False)
    torch.nn.init.normal_(model.positional_embedding, std=0.5)
    torch.nn.init.normal_(model.token_embedding.weight, std=0.5)
    save_file(
        {name: tensor.contiguous() for name, tensor in model.state_dict().items()},
        folder / "open_clip_model.safetensors",
    )
    return folder


def save_tokenizer(folder: Path) -> dict[str, int]:
    """A small word-level BPE tokenizer in the files that AutoTokenizer reads."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    specials = ["<|pad|>", "<|start|>", "<|end|>"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=specials, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(TEXTS * 10, trainer)
    ends = [("<|start|>", tokenizer.token_to_id("<|start|>")), ("<|end|>", tokenizer.token_to_id("<|end|>"))]
    tokenizer.post_processor = processors.TemplateProcessing(single="<|start|> $A <|end|>", special_tokens=ends)
    tokenizer.save(str(folder / "tokenizer.json"))
    options = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<|start|>",
        "eos_token": "<|end|>",
        "pad_token": "<|pad|>",
        "padding_side": "right",
        "truncation_side": "right",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(options))
    return tokenizer.get_vocab()


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory):
    """open_clip's own tokenizer."""
    return save_tiny_clip(tmp_path_factory.mktemp("clip") / "simple")


@pytest.fixture(scope="session")
def custom_clip_folder(tmp_path_factory):
    """A tokenizer of the folder's own."""
    return save_tiny_clip(tmp_path_factory.mktemp("clip") / "custom", tokenizer="custom", seed=1)


@pytest.fixture(autouse=True, scope="session")
def few_threads():
    torch.set_num_threads(1)
    faiss.omp_set_num_threads(1)


class FakeEncoder:
    """Texts become random vectors by their digest, images become their colour; counts what it encodes."""

    model, pretrained, fingerprint, dim = "mini", None, "fake:1", 8

    def __init__(self):
        self.batches = []

    def too_long(self, texts):
        return [len(text.split()) > 20 for text in texts]

    def encode_texts(self, texts, *, warn=True):
        self.batches.append(len(texts))
        seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") for text in texts]
        return unit(np.stack([np.random.default_rng(seed).normal(size=self.dim) for seed in seeds]))

    def encode_images(self, images):
        self.batches.append(len(images))
        colours = [np.asarray(image, np.float32).reshape(-1, 3).mean(axis=0) / 255 - 0.5 for image in images]
        return unit(np.pad(np.stack(colours), ((0, 0), (0, self.dim - 3))))


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def clustered(n, dim=16, *, clusters=20, seed=0):
    """Vectors around `clusters` centres, as embeddings of a catalogue are."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(clusters, dim))
    return unit(centres[rng.integers(clusters, size=n)] + 0.35 * rng.normal(size=(n, dim)))


def colour(red, green, blue, size=(12, 10)):
    return Image.new("RGB", size, (red, green, blue))


@pytest.fixture
def encoder():
    return FakeEncoder()


@pytest.fixture
def retriever(encoder):
    """Its batches are small, so that a few documents need several."""
    from yofo_rerank.retrieval import ClipFaissRetriever

    return ClipFaissRetriever(encoder, batch_size=4)


@pytest.fixture(scope="session")
def make():
    """The helpers above, for tests: they cannot import each other's files in importlib mode."""
    return SimpleNamespace(
        clip=save_tiny_clip, clustered=clustered, unit=unit, colour=colour, encoder=FakeEncoder, texts=TEXTS
    )
