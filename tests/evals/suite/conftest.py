"""What was spent is written into a folder of the tests' own."""

import pytest

from evals.suite import spent


@pytest.fixture(autouse=True)
def spent_path(tmp_path_factory, monkeypatch):
    path = tmp_path_factory.mktemp("spent") / "suite.json"
    monkeypatch.setattr(spent, "PATH", path)
    return path
