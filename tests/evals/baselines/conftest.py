"""Tiny random checkpoints of the real classes, saved as the hub has them; made once per run."""

from __future__ import annotations

import string
from pathlib import Path

import pytest

from yofo_rerank.documents import Document

WORDS = ("a", "blue", "top", "grey", "skirt", "not", "pink", "hooded", "with", "for", "dress", "red", ".", ",")


def randomise(network, seed: int = 0):
    """Weights at a scale at which answers differ from document to document."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            fan_in = parameter[0].numel() if parameter.ndim > 1 else 16
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 1.5 / fan_in**0.5)
    return network.eval()


def gemma_tokenizer(kind):
    """Characters and bytes; Gemma's tokenizer as it is, or with SigLIP 2's lower-casing."""
    tokens = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    tokens += [f"<0x{byte:02X}>" for byte in range(256)] + ["▁", *string.ascii_letters, "bl", "re"]
    vocab = {token: place for place, token in enumerate(tokens)}
    return kind(vocab=vocab, merges=[("b", "l"), ("r", "e")])


def save(folder: Path, *parts) -> str:
    for part in parts:
        part.save_pretrained(folder)
    return str(folder)


def _text(size: int) -> dict:
    return {
        "vocab_size": size,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": 64,
        "projection_size": 32,
    }


def _vision(**more) -> dict:
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
    return sizes | {"patch_size": 8} | more


@pytest.fixture(scope="session")
def save_random():
    """Save a network of random weights with the parts beside it: `folder = save_random(folder, network, tokenizer)`."""
    return lambda folder, network, *parts: save(folder, randomise(network), *parts)


@pytest.fixture(scope="session")
def siglip_folder(tmp_path_factory) -> str:
    """Fixed resolution: SiglipModel, and a tokenizer that does not lower-case."""
    import transformers

    tokenizer = gemma_tokenizer(transformers.GemmaTokenizer)
    config = transformers.SiglipConfig(text_config=_text(len(tokenizer)), vision_config=_vision(image_size=32))
    images = transformers.SiglipImageProcessor(size={"height": 32, "width": 32})
    network = randomise(transformers.SiglipModel(config))
    return save(tmp_path_factory.mktemp("siglip"), network, transformers.SiglipProcessor(images, tokenizer))


@pytest.fixture(scope="session")
def naflex_folder(tmp_path_factory) -> str:
    """Any resolution: Siglip2Model; its processor sets 256 patches of 16 pixels, whatever the checkpoint says."""
    import transformers

    tokenizer = gemma_tokenizer(transformers.Siglip2Tokenizer)
    config = transformers.Siglip2Config(
        text_config=_text(len(tokenizer)), vision_config=_vision(num_patches=256) | {"patch_size": 16}
    )
    images = transformers.Siglip2ImageProcessor(patch_size=16, max_num_patches=256)
    network = randomise(transformers.Siglip2Model(config))
    return save(tmp_path_factory.mktemp("naflex"), network, transformers.Siglip2Processor(images, tokenizer))


@pytest.fixture(scope="session")
def blip2_parts():
    """Model and processor, which put and cut four placeholders."""
    import transformers

    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocab = {word: place for place, word in enumerate(dict.fromkeys([*specials, *WORDS]))}
    processor = transformers.Blip2Processor(
        transformers.BlipImageProcessor(size={"height": 32, "width": 32}),
        transformers.BertTokenizer(vocab=vocab),
        num_query_tokens=4,
    )
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = transformers.Blip2Config(
        vision_config=_vision(image_size=32),
        qformer_config=sizes
        | {"vocab_size": len(vocab) + 1, "encoder_hidden_size": 32, "use_qformer_text_input": True},
        num_query_tokens=4,
        image_text_hidden_size=16,
        image_token_index=len(vocab),
    )
    return randomise(transformers.Blip2ForImageTextRetrieval(config)), processor


@pytest.fixture(scope="session")
def blip2_folder(tmp_path_factory, blip2_parts) -> str:
    return save(tmp_path_factory.mktemp("blip2"), *blip2_parts)


@pytest.fixture(scope="session")
def jina_folder(tmp_path_factory, tiny_qwen2_vl) -> str:
    """Qwen2-VL with two layers on top and without an LM head, in one file."""
    from safetensors.torch import load_file, save_file
    from torch import nn

    folder = save(tmp_path_factory.mktemp("jina"), tiny_qwen2_vl.model, tiny_qwen2_vl.processor)
    width = tiny_qwen2_vl.model.config.text_config.hidden_size
    head = randomise(nn.ModuleDict({"score": nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))}))
    tensors = load_file(f"{folder}/model.safetensors") | head.state_dict()
    tensors.pop("lm_head.weight", None)
    save_file(tensors, f"{folder}/model.safetensors", {"format": "pt"})
    return folder


CHAT = """\
{%- for message in messages -%}
<|im_start|>{{ message.role }}{{ "\\n" }}
{%- if message.content is string -%}{{ message.content }}{%- else -%}
{%- for part in message.content -%}
{%- if part.type == "image" -%}<|vision_start|><|image_pad|><|vision_end|>{%- else -%}{{ part.text }}{%- endif -%}
{%- endfor -%}
{%- endif -%}
<|im_end|>{{ "\\n" }}
{%- endfor -%}
{%- if add_generation_prompt -%}<|im_start|>assistant{{ "\\n" }}{%- endif -%}"""


@pytest.fixture(scope="session")
def chat_folder(make_tiny, saved_model, tmp_path_factory) -> str:
    """A chat model that sees: Qwen3-VL with a chat template, and Yes and No as tokens."""
    tiny = make_tiny("qwen3_vl")
    tiny.processor.tokenizer.add_tokens(["Yes", "No"])
    tiny.processor.chat_template = tiny.processor.tokenizer.chat_template = CHAT
    return str(saved_model(tiny, tmp_path_factory.mktemp("chat")))


@pytest.fixture(scope="session")
def pictures(make_image) -> list[Document]:
    """Pictures of several shapes."""
    shapes = [(48, 48), (96, 32), (32, 80), (64, 64), (40, 56)]
    return [Document(image=make_image(*shape, place), id=str(place)) for place, shape in enumerate(shapes)]


@pytest.fixture(scope="session")
def texts() -> list[Document]:
    """Texts of several lengths."""
    lines = ["top", "a grey skirt for summer", "a blue hooded top with long sleeves, not pink", "red dress"]
    return [Document(text=line, id=line) for line in lines]


@pytest.fixture(scope="session")
def agree():
    """Check that a scorer gives documents together what it gives each alone, in any order, and tells them apart."""

    def check(scorer, query, documents, *, tolerance=1e-4):
        together = scorer.score(query, documents)
        alone = [scorer.score(query, [document])[0] for document in documents]
        backwards = scorer.score(query, documents[::-1])[::-1]
        assert together == pytest.approx(alone, abs=tolerance)
        assert together == pytest.approx(backwards, abs=tolerance)
        assert max(together) - min(together) > 20 * tolerance
        assert all(type(score) is float for score in together)
        return together

    return check
