"""Every tracked record says where it came from: a commit, nothing uncommitted, the version, and repeats where timed."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import yofo_rerank
from evals.record import RESULTS

# Made by earlier versions of the programs, and not made again since: remove a name when its program has run.
OLDER = {"bench_evidence", "bench_full_size", "bench_restart"}
FIRST_LOOKS = "first_look_"  # what was found on sentences unseen until then cannot be found again
TIMED = ("seconds", "_s", "per_second")
RECORDS = {path.stem: path for path in sorted(RESULTS.glob("*.json"))}
READ = {name: json.loads(path.read_text(encoding="utf-8")) for name, path in RECORDS.items()}


def tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files", "*.json"], cwd=RESULTS, capture_output=True, text=True, check=False)
    return [Path(line).stem for line in done.stdout.splitlines()] or list(RECORDS)  # an archive has no git


def keys(value) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def problems(found) -> list[str]:
    about = found["about"]
    said = []
    if len(about["commit"] or "") != 40:
        said.append("no commit")
    if about["uncommitted_changes"]:
        said.append("uncommitted changes")
    if about["versions"].get("yofo-rerank") != yofo_rerank.__version__:
        said.append("of another version")
    if any(key.endswith(TIMED) for key in keys(found["figures"])) and not found["settings"].get("repeats"):
        said.append("timed, but no number of repeats")
    return said


@pytest.mark.parametrize("name", [name for name in tracked() if name not in OLDER and not name.startswith(FIRST_LOOKS)])
def test_a_record_can_be_made_again(name):
    assert problems(READ[name]) == []


@pytest.mark.parametrize("name", sorted(OLDER))
def test_the_list_of_older_records_holds_no_other(name):
    assert problems(READ[name]), f"{name} is as it should be: remove it from OLDER"


def test_what_is_wrong_is_found():
    about = {"commit": "a" * 40, "uncommitted_changes": False, "versions": {"yofo-rerank": yofo_rerank.__version__}}
    good = {"about": about, "settings": {"repeats": 3}, "figures": {"a": [{"cold_seconds": 1.0}]}}
    assert problems(good) == []
    assert problems(good | {"settings": {}}) == ["timed, but no number of repeats"]
    assert problems(good | {"about": about | {"commit": None}}) == ["no commit"]
    assert problems(good | {"about": about | {"uncommitted_changes": True}}) == ["uncommitted changes"]
    assert problems(good | {"about": about | {"versions": {"yofo-rerank": "0.1.0"}}}) == ["of another version"]


def test_the_version_is_that_of_the_changelog():
    changelog = (RESULTS.parents[1] / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = next(line for line in changelog.splitlines() if line.startswith("## "))
    assert newest.split()[1] == yofo_rerank.__version__
