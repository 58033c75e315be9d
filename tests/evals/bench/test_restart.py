import json
import time
from copy import deepcopy
from dataclasses import replace

import pytest

from evals.bench import after_restart, random_weights, restart, shapes

TOY = {
    "width": 64, "heads": 4, "kv_heads": 2, "head_width": 16, "mrope_section": (4, 2, 2), "feed_forward": 96,
    "vision_width": 32, "vision_heads": 2, "vision_feed_forward": 64,
}  # fmt: skip


@pytest.fixture
def toy_folder(monkeypatch, mini_tokenizer, tmp_path):
    monkeypatch.setattr(random_weights, "build_tokenizer", lambda: deepcopy(mini_tokenizer))
    monkeypatch.setattr(shapes, "VOCABULARY", 1024)
    random_weights.build(replace(shapes.get_shape("qwen3-vl-2b").reduced(2), **TOY), tmp_path, pixels=112)
    return tmp_path


def wait_for_files(folder, n):
    """They are written behind the judge's back; here no process ends."""
    for _ in range(100):
        if len(list(folder.rglob("*.safetensors"))) == n:
            return
        time.sleep(0.1)


def test_the_second_process_reads_what_the_first_one_computed(toy_folder):
    filled = after_restart.fill(toy_folder, pixels=112, rounds=2)
    assert filled["forward_passes"] == 2
    wait_for_files(toy_folder / "states", 2)
    found = after_restart.measure(toy_folder, pixels=112, rounds=2)
    assert len(found["cold_seconds"]["all"]) == len(found["disk_seconds"]["all"]) == 2
    assert found["ratio"] > 0 and found["state_mib"] > 0


def test_without_states_on_disk_there_is_no_figure(toy_folder):
    with pytest.raises(RuntimeError, match="wanted 2 states from the disk, but found 0"):
        after_restart.measure(toy_folder, pixels=112, rounds=2)


def test_the_table_has_both_models(monkeypatch, tmp_path, capsys):
    def program(module, arguments):
        calls.append((module.rpartition(".")[2], arguments[0]))
        times = {"min": 1.0, "all": [1.0]}
        return {
            "cold_seconds": times, "disk_seconds": times, "ratio": 3.25, "requirements": 10, "state_mib": 22.5,
            "peak_memory_gib": 6.0,
        }  # fmt: skip

    calls = []
    monkeypatch.setattr(restart, "run_program", program)
    restart.main(folder=tmp_path, layers=2, output=tmp_path / "restart.json")
    assert calls[:3] == [("random_weights", "qwen3-vl-2b"), ("after_restart", "fill"), ("after_restart", "measure")]
    assert json.loads((tmp_path / "restart.json").read_text())["figures"]["qwen2-vl-2b"]["ratio"] == 3.25
    assert "3.25" in capsys.readouterr().out
