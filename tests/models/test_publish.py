"""A trained folder goes to the hub whole, in one commit, without anything local; here the hub is a fake."""

import json

import huggingface_hub
import pytest

from yofo_rerank import YofoJudge
from yofo_rerank.cli import main
from yofo_rerank.errors import ConfigError, ModelError
from yofo_rerank.models.config import YofoConfig
from yofo_rerank.models.publish import push_folder


class FakeHub:
    """Stands for HfApi; keeps what it is given."""

    def __init__(self):
        self.repositories, self.commits, self.failure = [], [], None

    def __call__(self, token=None):
        self.token = token
        return self

    def create_repo(self, repo_id, *, private, exist_ok):
        if self.failure:
            raise self.failure
        assert exist_ok
        self.repositories.append((repo_id, private))
        return f"https://huggingface.co/{repo_id}"

    def create_commit(self, repo_id, *, operations, commit_message):
        assert commit_message
        self.commits.append({one.path_in_repo: _content(one.path_or_fileobj) for one in operations})


def _content(source):
    return source if isinstance(source, bytes) else open(source, "rb").read()


@pytest.fixture
def hub(monkeypatch):
    fake = FakeHub()
    monkeypatch.setattr(huggingface_hub, "HfApi", fake)
    monkeypatch.setenv("HF_TOKEN", "hf_abc")
    return fake


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "final"
    folder.mkdir()
    YofoConfig(format="yofo-v1", format_version=1, base_model="base").save(folder)
    (folder / "adapter_model.safetensors").write_bytes(b"weights")
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "base"}))
    (folder / "README.md").write_text('YofoJudge.from_pretrained("base", adapter="this-repository")\n')
    (folder / "training_args.bin").write_bytes(b"a pickle")
    (folder / "notes.py").write_text("import os")
    return folder


def test_everything_that_is_safe_goes_up_in_one_commit(hub, folder):
    assert push_folder(folder, "me/judge", private=True) == "https://huggingface.co/me/judge"
    assert hub.repositories == [("me/judge", True)]
    (commit,) = hub.commits
    assert set(commit) == {"README.md", "adapter_config.json", "adapter_model.safetensors", "yofo_config.json"}
    assert commit["adapter_model.safetensors"] == b"weights"
    assert commit["README.md"].decode() == 'YofoJudge.from_pretrained("base", adapter="me/judge")\n'
    assert "this-repository" in (folder / "README.md").read_text()  # the folder stays as it is


def test_the_judge_pushes_its_adapter(hub, folder):
    judge = YofoJudge.from_pretrained("base", adapter=folder)
    assert judge.push_to_hub("me/judge", token="hf_other") == "https://huggingface.co/me/judge"
    assert hub.token == "hf_other"
    assert "adapter_model.safetensors" in hub.commits[0]


def test_the_command(hub, folder, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["push", str(folder), "me/judge"])
    assert ended.value.code == 0
    assert "https://huggingface.co/me/judge" in capsys.readouterr().out
    assert hub.repositories == [("me/judge", None)]


def test_what_is_no_trained_folder(hub, folder, tmp_path):
    with pytest.raises(ConfigError, match=r"no yofo_config\.json"):
        push_folder(tmp_path, "me/judge")
    with pytest.raises(ConfigError, match=r"no yofo_config\.json"):
        YofoJudge.from_pretrained("mini").push_to_hub("me/judge")
    (folder / "adapter_model.safetensors").unlink()
    with pytest.raises(ConfigError, match="no weights"):
        push_folder(folder, "me/judge")
    assert not hub.commits


@pytest.mark.parametrize("name", ["adapter_config.json", "yofo_config.json"])
def test_a_local_path_is_not_published(hub, folder, name):
    text = (folder / name).read_text()
    (folder / name).write_text(text.replace('"base"', '"/home/me/models/base"'))
    with pytest.raises(ConfigError, match="local path"):
        push_folder(folder, "me/judge")
    assert not hub.commits


@pytest.mark.parametrize("repository", ["judge", "a/b/c", "me/", "", "me/a b", "../x"])
def test_names(hub, folder, repository):
    with pytest.raises(ConfigError, match="wanted a repository such as 'owner/name', but got"):
        push_folder(folder, repository)


def test_nobody_is_logged_in(hub, folder, monkeypatch):
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: None)
    with pytest.raises(ConfigError, match="hf auth login"):
        push_folder(folder, "me/judge")


def test_a_refusal_is_one_line(hub, folder):
    hub.failure = OSError("403 Forbidden: no rights\nwith more lines")
    with pytest.raises(ModelError, match=r"^cannot push to 'me/judge': 403 Forbidden: no rights$"):
        push_folder(folder, "me/judge")


def test_training_refuses_a_bad_name_before_it_starts(hub, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.jsonl").touch()
    (tmp_path / "c.yaml").write_text("model: a/b\ntrain_file: t.jsonl\noutput_dir: out\n")
    with pytest.raises(SystemExit) as ended:
        main(["train", "c.yaml", "--push", "no name"])
    assert ended.value.code == 1
    assert "owner/name" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
