import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from evals.bench import full_size, import_time, mini, one_model, random_weights, shapes
from evals.bench.arithmetic import Tokens
from yofo_rerank.mini import architecture

TOY = {
    "qwen3-vl-2b": {"width": 64, "heads": 4, "kv_heads": 2, "head_width": 16, "mrope_section": (4, 2, 2)},
    "qwen2-vl-2b": {"width": 64, "heads": 4, "kv_heads": 2, "head_width": 16, "mrope_section": (4, 2, 2)},
}
TOY_VISION = {"feed_forward": 96, "vision_width": 32, "vision_heads": 2, "vision_feed_forward": 64}


@pytest.fixture
def toy_shapes(monkeypatch, mini_tokenizer):
    """Both shapes with two narrow layers and 1,024 words."""
    monkeypatch.setattr(random_weights, "build_tokenizer", lambda: deepcopy(mini_tokenizer))
    small = {name: replace(shape.reduced(2), **TOY[name], **TOY_VISION) for name, shape in shapes.SHAPES.items()}
    monkeypatch.setattr(shapes, "SHAPES", small)
    monkeypatch.setattr(shapes, "VOCABULARY", 1024)
    return small


@pytest.mark.parametrize("name", TOY)
def test_a_model_is_built_loaded_and_measured(name, toy_shapes, tmp_path):
    shape = toy_shapes[name]
    built = random_weights.build(shape, tmp_path, pixels=112)
    assert (tmp_path / "base" / "model.safetensors").is_file()
    assert (tmp_path / "adapter" / "yofo_config.json").is_file()
    assert random_weights.build(shape, tmp_path, pixels=112) == built  # not built again
    measured = one_model.measure(shape, tmp_path, pixels=112, documents=2, repeats=1, device="cpu", batch_tokens=8192)
    tokens = Tokens(**measured["tokens"])
    assert tokens.image == shape.image_tokens(112) > 0
    assert tokens.requirements == 10
    assert 14 < tokens.per_requirement < 20  # 12 of text, 4 of the answer
    assert measured["forward_passes_cold"] == 1
    assert measured["one_pass_ratio"] > 1
    assert measured["peak_memory_gib"] > 0
    paper = full_size.arithmetic_of(shape, tokens)
    assert paper["one_pass_ratio"] > 1
    assert paper["cached_ratio"] > 1


def test_full_size_puts_measured_beside_arithmetic(monkeypatch, tmp_path, capsys):
    def program(module, arguments):
        calls.append((module, arguments))
        middle = {"median": 1.0, "all": [1.0]}
        return {
            "parameters": 7, "shards": 1, "peak_memory": 2**30, "tokens": vars(Tokens(12, 196, 16, 10)),
            "peak_memory_gib": 4.5, "gpu_peak_memory_gib": None, "one_pass_seconds": middle, "cached_seconds": middle,
            "pass_per_requirement_seconds": middle, "pairs_per_second_cold": 1.0, "pairs_per_second_cached": 1.0,
            "one_pass_ratio": 7.0, "cached_ratio": 3.0,
        }  # fmt: skip

    calls = []
    monkeypatch.setattr(full_size, "run_program", program)
    full_size.main(shapes=["qwen3-vl-2b"], folder=tmp_path, layers=2, output=tmp_path / "full.json")
    figures = json.loads((tmp_path / "full.json").read_text())["figures"]["qwen3-vl-2b"]
    assert [module for module, _ in calls] == ["evals.bench.random_weights", "evals.bench.one_model"]
    assert figures["measured"]["one_pass_ratio"] == 7
    assert figures["building_peak_memory_gib"] == 1
    assert figures["arithmetic"]["cached_ratio"] < figures["arithmetic_reference"]["cached_ratio"]
    assert "Ratios" in capsys.readouterr().out


def test_programs_talk_in_json_lines(tmp_path):
    with pytest.raises(Exception, match="returned non-zero"):
        full_size.run_program("evals.bench.random_weights", ["no such shape", str(tmp_path)])


def test_mini_bench_counts_passes(monkeypatch, tmp_path, capsys, mini_tokenizer):
    monkeypatch.setattr(architecture, "build_tokenizer", lambda: deepcopy(mini_tokenizer))
    monkeypatch.setattr(mini, "fresh_documents", lambda n, repeat: one_model.noise_documents(n, 192, seed=repeat))
    mini.main(model="untrained", documents=3, repeats=1, output=tmp_path / "mini.json")
    figures = json.loads((tmp_path / "mini.json").read_text())["figures"]
    assert figures["candidates"]["forward_passes_cold"] == 1
    assert figures["candidates"]["forward_passes_cached"] == 1
    assert figures["one_pass"]["ratio"] > 1
    assert "pass per requirement" in capsys.readouterr().out


def test_import_time(tmp_path):
    import_time.main(repeats=1, output=tmp_path / "import.json")
    figures = json.loads((tmp_path / "import.json").read_text())["figures"]
    assert figures["import yofo_rerank"]["imports_torch"] is False
    assert figures["import yofo_rerank"]["seconds"]["median"] > 0


def test_noise_differs_from_picture_to_picture():
    documents = one_model.noise_documents(2, 64, seed=1) + one_model.noise_documents(1, 64, seed=2)
    assert len({document.load_image().tobytes() for document in documents}) == 3


def test_results_are_small_files():
    kept = [path for path in Path(full_size.RESULTS).glob("*") if path.suffix != ".html"]  # git ignores the page
    assert kept and all(path.stat().st_size < 200_000 for path in kept)
