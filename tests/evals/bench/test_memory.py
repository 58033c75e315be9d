import json

from evals.bench import memory


def test_few_and_many_pictures_are_judged_in_processes_of_their_own(monkeypatch, tmp_path):
    asked = []

    def run(folder, n):
        asked.append((n, len(list(folder.iterdir()))))
        return {"loaded_bytes": 10**8, "peak_bytes": 2 * 10**8 + n * 10**6, "forward_passes": 1}

    monkeypatch.setattr(memory, "in_a_process_of_its_own", run)
    memory.main(few=2, images=5, side=40, folder=None, output=tmp_path / "memory.json")
    assert asked == [(2, 5), (5, 5)]
    assert json.loads((tmp_path / "memory.json").read_text())["figures"]["above_mb"] == 3


def test_every_picture_is_judged(tmp_path):
    memory.save_pictures(tmp_path, 3, 40)
    found = memory.judge_pictures(tmp_path, 3)
    assert found["forward_passes"] == 2  # the warm-up, and one batch
    assert found["peak_bytes"] is None or found["peak_bytes"] >= found["loaded_bytes"] > 10**7
