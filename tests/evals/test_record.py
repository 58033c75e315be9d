import json

from evals.record import print_table, write_record


def test_a_record_says_where_it_came_from(tmp_path):
    path = write_record(
        tmp_path / "deep" / "figures.json", settings={"seed": 1}, figures={"accuracy": 1 / 3, "all": (1,)}
    )
    record = json.loads(path.read_text())
    assert record["settings"] == {"seed": 1}
    assert record["figures"] == {"accuracy": 0.333333, "all": [1]}
    assert set(record["about"]) == {
        "command", "commit", "uncommitted_changes", "date", "python", "versions", "cpu", "cpu_count",
    }  # fmt: skip
    assert record["about"]["versions"]["torch"]


def test_table_on_stdout(capsys):
    print_table("Figures", ("name", "value"), [("a", 0.12345), ("b", None)], caption="note")
    shown = capsys.readouterr().out
    assert "0.1235" in shown
    assert "note" in shown
