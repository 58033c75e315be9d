"""Bad examples: found before the first step, all at once, or skipped and counted; and those that go bad later."""

import json
import shutil

import pytest
from PIL import Image

from yofo_rerank.errors import ExampleError
from yofo_rerank.training import TrainConfig, check_data, train
from yofo_rerank.training.collator import STOOD_IN, Collator
from yofo_rerank.training.data import load_data
from yofo_rerank.training.prepare import prepare_parts
from yofo_rerank.training.run import example_encoder

KEYS = {"batch_size": 2, "gradient_accumulation": 1, "workers": 0, "device": "cpu", "progress": False, "plot": False}
KEYS |= {"lora": {"rank": 2, "alpha": 4}, "max_steps": 8}


@pytest.fixture(scope="module")
def base(make_tiny, saved_model, tmp_path_factory):
    return str(saved_model(make_tiny("qwen3_vl"), tmp_path_factory.mktemp("base") / "base"))


@pytest.fixture
def data(toy, tmp_path):
    """The toy set, its own copy."""
    shutil.copytree(toy.parent, tmp_path / "data")
    return tmp_path / "data" / "train.jsonl"


@pytest.fixture
def config(base, data, tmp_path):
    def make(**keys):
        return TrainConfig(model=base, train_file=data, output_dir=tmp_path / "out", **KEYS | keys)

    return make


def spoil(data):
    """Lines 1 (image truncated), 4 (image gone), 7 (malformed), 9 (too long)."""
    image = data.parent / "0.png"
    image.write_bytes(image.read_bytes()[:40])
    (data.parent / "3.png").unlink()
    lines = data.read_text().splitlines()
    lines[6] = '{"image": "6.png"}'
    lines[8] = json.dumps(json.loads(lines[8]) | {"text": "a very long text " * 400})
    data.write_text("\n".join(lines))


def test_all_bad_examples_in_one_error(config, data):
    spoil(data)
    with pytest.raises(ExampleError, match=r"^4 bad examples") as caught:
        train(config())
    assert all(f"train.jsonl:{line}:" in str(caught.value) for line in (1, 4, 7, 9))
    assert not (config().output_dir / "config.yaml").exists()  # nothing was begun


def test_the_error_is_bounded(config, data):
    line = json.dumps({"image": "x" * 1000, "properties": [{"text": "p", "answer": True}]})
    data.write_text("\n".join([line] * 300))
    with pytest.raises(ExampleError, match=r"^300 bad examples.*and 280 more$") as caught:
        train(config())
    assert len(str(caught.value)) < 10_000


@pytest.mark.parametrize("workers", [0, 1])
def test_skip_trains_on_the_rest_and_counts(config, data, caplog, workers):
    spoil(data)
    result = train(config(on_bad_example="skip", validation_file=data, workers=workers))
    assert result.left_out == 2 * 4
    assert result.steps == 8
    assert "8 bad examples are left out" in caplog.text
    assert "| bad examples left out | 4 | 4 |" in (result.folder / "README.md").read_text()


def test_skip_wants_one_good_example(config, data):
    for image in data.parent.glob("*.png"):
        image.write_bytes(b"")
    lines = [line for line in data.read_text().splitlines() if "image" in line]
    data.write_text("\n".join(lines))
    with pytest.raises(ExampleError, match="no good example is left"):
        train(config(on_bad_example="skip"))


def test_check_data_reports_and_trains_nothing(config, data):
    before = check_data(config())
    assert (before.good, before.bad, before.problems) == (16, 0, ())
    assert 0 < before.longest <= before.max_length
    spoil(data)
    report = check_data(config(check_data=False))
    assert (report.good, report.bad, len(report.problems)) == (12, 4, 4)
    assert not config().output_dir.exists()


def test_the_check_measures_what_training_encodes(config, base):
    longest = check_data(config()).longest
    assert check_data(config(max_length=longest)).bad == 0
    assert check_data(config(max_length=longest - 1)).bad > 0


def test_worker_processes_find_the_same(config, data):
    lines = data.read_text().splitlines()
    data.write_text("\n".join(lines * 4))
    spoil(data)
    assert check_data(config(workers=2)) == check_data(config(workers=0))


def test_a_dependent_pair_is_measured_at_its_longest(config, data):
    lines = [json.loads(line) for line in data.read_text().splitlines() if "grey" not in line]
    lines[0]["properties"][1]["text"] = "a long statement " * 100
    data.write_text("\n".join(map(json.dumps, lines)))
    report = check_data(config(dependency_aware=True, attention="joint", max_length=300))
    assert report.bad == 1
    assert "train.jsonl:1:" in report.problems[0]


def test_an_image_that_goes_bad_later_is_stood_in_for(config, data, caplog):
    settings = config()
    parts = prepare_parts(settings)
    loaded = load_data(settings, example_encoder(settings, parts))
    (data.parent / "2.png").write_bytes(b"overwritten")
    (data.parent / "3.png").unlink()
    collate = Collator(example_encoder(settings, parts))
    batch = collate([loaded.train[1], loaded.train[2]])
    assert batch[STOOD_IN].tolist() == [1]
    wanted = collate([loaded.train[1], loaded.train[4]])
    assert (batch["input_ids"] == wanted["input_ids"]).all()
    assert "train.jsonl:3: " in caplog.text
    assert "train.jsonl:5 stands in for it" in caplog.text


def test_a_run_survives_images_that_go_bad_in_its_middle(config, data, monkeypatch, caplog):
    from yofo_rerank.training.trainer import SetEpoch

    def lose_images(self, *args, **_):
        for number in (2, 3, 7):
            (data.parent / f"{number}.png").unlink(missing_ok=True)

    monkeypatch.setattr(SetEpoch, "on_train_begin", lose_images)
    result = train(config(log_every=1))
    assert result.steps == 8
    reported = [entry["unreadable"] for entry in json.loads(result.history.read_text()) if "unreadable" in entry]
    assert reported[-1] == 3
    assert "stands in for it" in caplog.text


def test_all_images_going_bad_is_an_error(config, data, monkeypatch):
    from yofo_rerank.training.trainer import SetEpoch

    def lose_images(self, *args, **_):
        for path in data.parent.glob("*.png"):
            path.unlink()

    lines = [line for line in data.read_text().splitlines() if "image" in line]
    data.write_text("\n".join(lines))
    monkeypatch.setattr(SetEpoch, "on_train_begin", lose_images)
    with pytest.raises(ExampleError, match=r"train\.jsonl:\d+: "):
        train(config())


def test_unchecked_bad_examples_end_the_run_only_if_they_may(config, data):
    (data.parent / "2.png").unlink()
    with pytest.raises(ExampleError, match=r"^\S*train\.jsonl:3: [^\n]*$"):
        train(config(check_data=False, workers=1))  # in one line, without the traceback of the worker
    assert train(config(check_data=False, on_bad_example="skip")).steps == 8


def test_by_default_an_image_leaves_room_for_its_requirements(config, data):
    """Ten statements with reasons beside a large photograph, as in the paper's data."""
    Image.effect_noise((800, 800), 80).convert("RGB").save(data.parent / "0.png")
    lines = [json.loads(line) for line in data.read_text().splitlines()]
    prop = {"text": "the top has long sleeves", "answer": True, "reason": "both arms are covered down to the wrists"}
    lines[0]["properties"] = [prop] * 10
    data.write_text("\n".join(map(json.dumps, lines)))
    settings = config()
    parts = prepare_parts(settings)
    assert parts.maker.max_pixels == settings.max_length // 2 * 16 * 16
    report = check_data(settings)
    assert report.bad == 0
    assert report.longest > settings.max_length // 2
    assert check_data(config(max_pixels=1280 * 16 * 16)).bad == 1  # 1,280 image tokens leave too little
