import json
import subprocess

import yofo_rerank
from evals import record
from evals.record import command, print_table, write_record


def test_a_record_says_where_it_came_from(tmp_path):
    path = write_record(
        tmp_path / "deep" / "figures.json", settings={"seed": 1}, figures={"accuracy": 1 / 3, "all": (1,)}
    )
    found = json.loads(path.read_text())
    assert found["settings"] == {"repeats": 1, "seed": 1}
    assert found["figures"] == {"accuracy": 0.333333, "all": [1]}
    assert set(found["about"]) == {
        "command", "commit", "uncommitted_changes", "date", "seconds", "python", "versions", "cpu", "cpu_count",
        "mini",
    }  # fmt: skip
    assert found["about"]["versions"]["torch"]
    assert found["about"]["versions"]["yofo-rerank"] == yofo_rerank.__version__
    assert found["about"]["seconds"] >= 0


def test_a_command_names_no_folder_of_the_machine_that_ran_it(monkeypatch):
    given = ["pairs.py", "--folder", "/home/me/runs", "--out=/tmp/a.json", "--task", "mini", "evals/results", "-n=3"]
    monkeypatch.setattr("sys.argv", given)
    assert command().endswith(" --folder runs --out=a.json --task mini evals/results -n=3")


def git(folder, *arguments):
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], cwd=folder, check=True)


def test_what_programs_write_is_no_change_of_the_code(tmp_path, monkeypatch):
    code, written = tmp_path / "evals" / "record.py", tmp_path / "evals" / "results" / "a.json"
    page = tmp_path / "docs" / "comparison.md"
    for file in (written, page):
        file.parent.mkdir(parents=True)
    for file in (code, written, page):
        file.write_text("first")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    monkeypatch.setattr(record, "__file__", str(code))
    written.write_text("second")
    page.write_text("second")
    assert record._origin()["uncommitted_changes"] is False
    assert len(record._origin()["commit"]) == 40
    code.write_text("second")
    assert record._origin()["uncommitted_changes"] is True
    code.write_text("first")
    (tmp_path / "notes.txt").write_text("mine")
    (written.parent / "b.json").write_text("new")  # a record that was not there before
    assert record._origin()["uncommitted_changes"] is False
    (tmp_path / "evals" / "new.py").write_text("imported")  # which git does not know yet
    assert record._origin()["uncommitted_changes"] is True


def test_the_origin_is_that_of_the_start(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "ORIGIN", {"commit": "abc", "uncommitted_changes": False})
    monkeypatch.setattr(record, "_git", lambda *_: "M evals/record.py")
    about = json.loads(write_record(tmp_path / "a.json", settings={}, figures={}).read_text())["about"]
    assert (about["commit"], about["uncommitted_changes"]) == ("abc", False)


def test_table_on_stdout(capsys):
    print_table("Figures", ("name", "value"), [("a", 0.12345), ("b", None)], caption="note")
    shown = capsys.readouterr().out
    assert "0.1235" in shown
    assert "note" in shown
