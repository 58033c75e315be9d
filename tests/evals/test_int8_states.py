import json

from evals import int8_states


def test_eight_bits_save_memory_and_hardly_change_an_answer(tmp_path, capsys):
    int8_states.main(model="mini", documents=4, seed=9001, output=tmp_path / "int8.json")
    figures = json.loads((tmp_path / "int8.json").read_text())["figures"]
    for one in figures.values():
        assert one["statements"] == 40
        assert one["bytes_saved"] > 0.6  # of float32
        assert 0 < one["against_plain"]["largest"] < 0.2
    assert "in 8 bits" in capsys.readouterr().out
