import json

import pytest
import typer
from PIL import Image

from evals import missing, verdicts
from evals.asking import ask_all, ask_sample, opposites
from evals.baselines.scores import ConstantScores
from evals.program import MISSING
from evals.run_file import RunFile
from evals.systems import MissingModel, System
from evals.verdict_sets.record import Asked, Sample
from evals.verdict_sets.registry import get_set
from yofo_rerank import Document, Judgement, YofoReranker
from yofo_rerank.errors import ConfigError, ImageError
from yofo_rerank.requirements import Failure, JudgedDocument
from yofo_rerank.training.arrange import OPPOSITE


class Knowing:
    """A judge that knows what is true of mini's first documents; `torn` documents fail, `stop` ends it."""

    def __init__(self, samples, stop=None):
        self.truth = {(one.document.id, asked.text): asked.answer for one in samples for asked in one.asked}
        self.asked, self.stop = [], stop

    def judge_outcomes(self, documents, requirements):
        if len(self.asked) == self.stop:
            raise KeyboardInterrupt
        self.asked.append(documents[0].id)
        return [self._outcome(document, requirements) for document in documents]

    def _outcome(self, document, requirements):
        if isinstance(document.image, bytes):
            return JudgedDocument(failure=Failure(code="not_an_image", message="torn"))
        said, given = [], False
        for one in requirements:
            given = not given if one.text == OPPOSITE else self.truth[document.id, one.text]
            said.append(Judgement(requirement=one, p_yes=0.9 if given else 0.1, verdict=given))
        return JudgedDocument(tuple(said))


class Length:
    """Longer captions are better."""

    def score(self, query, documents):
        if documents[0].id == "torn":
            raise ImageError("torn")
        return [float(len(query)) for _ in documents]


@pytest.fixture(scope="module")
def samples():
    return list(get_set("mini").read(None, 4))


@pytest.fixture
def systems(monkeypatch, samples):
    opened = {
        "yofo": System("yofo", {}, reranker=YofoReranker(Knowing(samples))),
        "length": System("length", scorer=Length()),
    }

    def open_system(name, **options):
        if name == "absent":
            raise MissingModel("absent is not there")
        opened[f"{name} options"] = options
        return opened[name]

    monkeypatch.setattr(missing, "open_system", open_system)
    return opened


def record(folder, name):
    return json.loads((folder / f"{name}.json").read_text())


def test_from_end_to_end_and_again_where_it_stopped(systems, samples, tmp_path, capsys):
    folders = {"output": tmp_path, "runs": tmp_path / "runs"}
    judge = systems["yofo"].judge
    judge.stop = 2
    with pytest.raises(KeyboardInterrupt):
        verdicts.main(name="mini", model=["yofo"], limit=4, **folders)
    judge.stop = None
    verdicts.main(name="mini", model=["yofo"], limit=4, **folders)
    assert judge.asked == [one.document.id for one in samples]  # each once
    written = record(tmp_path, "verdicts_mini_yofo_first4")
    assert written["settings"]["licence"] == "Apache-2.0"
    figures = written["figures"]
    assert figures["acc_property"] == {"mean": 1.0, "low": 1.0, "high": 1.0, "n": 40, "clusters": 4}
    assert figures["acc_sample"]["n"] == 4
    assert len(figures["by_position"]) == 10
    assert "Acc_property" in capsys.readouterr().out


class Contrary(Knowing):
    """Says the contrary of one picture; the scorer is its judge."""

    def __init__(self, samples):
        super().__init__(samples)
        self.truth |= {(samples[0].document.id, one.text): not one.answer for one in samples[0].asked}
        self.verdict_judge = self

    def score(self, query, documents):
        raise NotImplementedError


def test_each_is_compared_with_ours_on_the_same_samples(systems, samples, tmp_path):
    systems["contrary"] = System("contrary", scorer=Contrary(samples))
    folders = {"limit": 4, "output": tmp_path, "runs": tmp_path / "runs"}
    verdicts.main(name="mini", model=["contrary", "length", "yofo"], **folders)
    assert "against" not in record(tmp_path, "verdicts_mini_yofo_first4")["figures"]
    assert "against" not in record(tmp_path, "verdicts_mini_length_first4")["figures"]  # it gives no verdicts
    told = record(tmp_path, "verdicts_mini_contrary_first4")["figures"]["against"]["verdicts_mini_yofo_first4"]
    assert set(told["measures"]) == {"acc_property", "acc_sample"}
    assert told["measures"]["acc_sample"]["mean"] == told["measures"]["acc_property"]["mean"] == -0.25
    assert told["measures"]["acc_sample"]["n"] == 4


def test_dependent_questions_are_asked_in_one_template(systems, tmp_path):
    verdicts.main(name="mini", model=["yofo"], limit=4, dependency=True, output=tmp_path, runs=tmp_path / "runs")
    assert systems["yofo options"]["attention"] == "joint"
    written = record(tmp_path, "dependency_mini_yofo_first4")
    assert written["figures"]["acc_dep"]["mean"] == written["figures"]["acc_dep_given"]["mean"] == 1
    assert written["settings"]["attention"] == "joint"


def test_opposites_are_of_the_sample(samples):
    [one, *_] = opposites(samples)
    assert one.asked[1] == Asked(OPPOSITE, not one.asked[0].answer, (0,))
    assert one.asked[0] in samples[0].asked
    assert list(opposites(samples)) == list(opposites(samples))


def test_a_document_that_fails_is_counted(systems):
    torn = Sample("torn", Document(image=b"x", id="torn"), (Asked("a", answer=True),))
    assert ask_sample(systems["yofo"], torn) == {"failed": "not_an_image"}
    assert ask_sample(systems["length"], torn) == {"failed": "ImageError"}
    cut = Sample("torn", Document(image=b"x", id="torn"), (Asked("a", answer=True),), box=(0, 0, 1, 1))
    assert ask_sample(systems["length"], cut)["failed"] == "not_an_image"


@pytest.fixture
def crepe(tmp_path):
    folder = tmp_path / "crepe"
    (folder / "images").mkdir(parents=True)
    Image.new("RGB", (32, 32)).save(folder / "images" / "a.jpg")
    row = {"filename": "a.jpg", "caption": "a long caption", "negative_caption": "short"}
    other = {"filename": "a.jpg", "caption": "brief", "negative_caption": "a longer one"}
    (folder / "swap_att.json").write_text(json.dumps({"0": row, "1": other}))
    return folder


def test_a_scorer_chooses_captions(systems, crepe, tmp_path):
    verdicts.main(name="sugarcrepe", model=["length"], source=str(crepe), output=tmp_path, runs=tmp_path / "runs")
    figures = record(tmp_path, "verdicts_sugarcrepe_length")["figures"]
    assert figures["acc_choice"]["mean"] == 0.5
    assert figures["acc_choice_by_group"]["swap_att"]["n"] == 2
    assert "acc_property" not in figures


def test_pairs_by_requirements_and_expression(tmp_path, untrained_judge, monkeypatch):
    for name, colour in (("a", "red"), ("b", "blue")):
        Image.new("RGB", (32, 32), colour).save(tmp_path / f"{name}.png")
    row = {"first": "a.png", "second": "b.png", "query": "no red dress", "requirements": ["a red dress"]}
    rows = [row | {"expression": "not r1", "better": "second"}, row | {"expression": "r1", "better": "second"}]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    ours = System("yofo", reranker=YofoReranker(untrained_judge))
    monkeypatch.setattr(missing, "open_system", lambda name, **_: ours)
    verdicts.main(name="lrvs", model=["yofo"], source=str(tmp_path), output=tmp_path, runs=tmp_path / "runs")
    figures = record(tmp_path, "verdicts_lrvs_yofo")["figures"]
    assert figures["err_rank"]["mean"] == 0.5  # an expression and its contrary: one of them is right
    assert figures["failed"]["units"] == 0


def test_absent_models_and_data(systems, tmp_path):
    folders = {"output": tmp_path, "runs": tmp_path / "runs"}
    with pytest.raises(typer.Exit) as ended:
        verdicts.main(name="mini", model=["absent", "yofo"], limit=1, **folders)
    assert ended.value.exit_code == MISSING
    assert record(tmp_path, "verdicts_mini_yofo_first1")["figures"]["units"] == 1
    assert record(tmp_path, "verdicts_mini_absent_first1")["figures"]["missing"][0]["reason"] == "absent is not there"
    with pytest.raises(typer.Exit) as ended:
        verdicts.main(name="vaw", model=["yofo"], source=str(tmp_path), skip_missing=True, **folders)
    assert ended.value.exit_code == 0
    assert "non-commercial" in record(tmp_path, "verdicts_vaw_yofo")["figures"]["missing"][0]["reason"]


def test_dependent_questions_of_pairs_are_refused(systems, tmp_path):
    (tmp_path / "pairs.jsonl").write_text("")
    with pytest.raises(ConfigError, match="lrvs holds pairs"):
        verdicts.main(name="lrvs", model=["yofo"], source=str(tmp_path), dependency=True, output=tmp_path)


@pytest.mark.parametrize("text", ["  ", "red " * 20_000])
def test_a_statement_that_cannot_be_asked_fails_its_sample_alone(text, untrained_judge, samples, tmp_path):
    ours, whole = System("yofo", reranker=YofoReranker(untrained_judge)), samples[0]
    units = [Sample("unaskable", whole.document, (*whole.asked, Asked(text, answer=True))), whole]
    run = RunFile(tmp_path, {"set": "toy"})
    (_, first), (_, second) = ask_all(ours, units, run)
    assert first["failed"] in ("bad_requirement", "template_too_long")
    assert len(second["p"]) == 10
    assert len(RunFile(tmp_path, {"set": "toy"}).done) == 2  # not asked again after a restart


def test_the_record_says_which_pairs_were_measured(systems, tmp_path):
    folders = {"source": str(tmp_path / "nowhere"), "skip_missing": True, "output": tmp_path, "runs": tmp_path}
    for whole in (False, True):
        with pytest.raises(typer.Exit):
            verdicts.main(name="lrvs", model=["length"], whole=whole, **folders)
    assert record(tmp_path, "verdicts_lrvs_length")["settings"]["split"] == "validation"
    assert record(tmp_path, "verdicts_lrvs-all_length")["settings"]["split"] == "train and validation"
    assert record(tmp_path, "verdicts_lrvs-all_length")["settings"]["set"] != "lrvs"  # a table of its own in the report
    with pytest.raises(ConfigError, match="--all-pairs is for lrvs, but the set is vaw"):
        verdicts.main(name="vaw", model=["length"], whole=True, **folders)


class Constant:
    """One score for whatever it is asked."""

    def __init__(self, *, discrete=False):
        self.discrete = discrete

    def score(self, query, documents):
        return [0.25 for _ in documents]


def test_a_contestant_that_gives_every_sample_one_score_is_refused(samples, tmp_path):
    units = [Sample(str(place), samples[0].document, samples[0].asked[:1]) for place in range(25)]
    same = System("same", scorer=Constant())
    run = RunFile(tmp_path, {"set": "toy"})
    with pytest.raises(ConstantScores, match="same: all 20 scores of the first 20 questions are 0"):
        list(ask_all(same, units, run))
    with pytest.raises(ConstantScores):  # after a restart, too
        list(ask_all(same, units, RunFile(tmp_path, {"set": "toy"})))
    assert len(list(ask_all(same, units[:19], run))) == 19
    counting = System("counting", scorer=Constant(discrete=True))
    assert len(list(ask_all(counting, units, RunFile(tmp_path, {"set": "other"})))) == 25


class Undecided:
    """Hardly moves from one half: what a template gives that does not fit."""

    def __init__(self, reach):
        self.reach, self.asked = reach, 0

    def score(self, query, documents):
        self.asked += 1
        return [0.5 + self.reach * (self.asked % 3 - 1) for _ in documents]


def test_so_is_one_that_says_about_one_half_of_everything(samples, tmp_path):
    units = [Sample(str(place), samples[0].document, samples[0].asked[:1]) for place in range(25)]
    with pytest.raises(ConstantScores, match="the first 20 questions are about 0"):
        list(ask_all(System("half", scorer=Undecided(0.0015)), units, RunFile(tmp_path, {"set": "half"})))
    run = RunFile(tmp_path, {"set": "more"})
    assert len(list(ask_all(System("more", scorer=Undecided(0.02)), units, run))) == 25


def test_a_set_whose_pictures_are_absent_is_missing_data(systems, crepe, tmp_path):
    (crepe / "images" / "a.jpg").unlink()
    folders = {"source": str(crepe), "output": tmp_path, "runs": tmp_path / "runs"}
    systems["after"] = System("after", scorer=Length())
    systems["length"].scorer.score = lambda query, documents: [documents[0].load_image().width + len(query)]
    with pytest.raises(typer.Exit) as ended:
        verdicts.main(name="sugarcrepe", model=["length", "after"], **folders)
    assert ended.value.exit_code == MISSING
    for who in ("length", "after"):
        reason = record(tmp_path, f"verdicts_sugarcrepe_{who}")["figures"]["missing"][0]["reason"]
        assert "a.jpg; SugarCrepe comes from" in reason
    Image.new("RGB", (32, 32)).save(crepe / "images" / "a.jpg")
    verdicts.main(name="sugarcrepe", model=["length"], **folders)
    assert record(tmp_path, "verdicts_sugarcrepe_length")["figures"]["failed"]["units"] == 0
