"""A catalogue judged by actors that ask a service has the answers of the judge behind it."""

import pytest

pytest.importorskip("uvicorn", reason="the extra `serve`")

from tests.scale.test_catalogue import read
from tests.serving.conftest import serving
from yofo_rerank import YofoJudge
from yofo_rerank.documents import load_folder
from yofo_rerank.judges import SystemOneJudge
from yofo_rerank.mini import sample_catalog
from yofo_rerank.scale import judge_catalogue
from yofo_rerank.serving import ServeSettings

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning:ray.*")

TEXTS = ["hooded", "not pink", "has pockets"]


@pytest.mark.slow
def test_actors_that_ask_a_service_give_the_answers_of_its_judge(ray_here, two_actors, tmp_path):
    folder = tmp_path / "garments"
    folder.mkdir()
    for number, (document, _) in enumerate(sample_catalog(7, seed=3)):
        document.load_image().save(folder / f"{number}.png")
    (folder / "2.png").write_bytes(b"no picture")
    local = YofoJudge.from_pretrained("mini", device="cpu")
    with serving(local, ServeSettings(names=("shop",))) as url:
        remote = SystemOneJudge(url, model="shop", connections=2)
        report = judge_catalogue(folder, remote, TEXTS, tmp_path / "out", pool=two_actors, size=4)
    assert (report.judged, report.failed) == (6, 1)

    found = read(tmp_path / "out")
    here = {document.id: outcome for document, outcome in _judged(folder, local)}
    assert found.keys() == {(name, text) for name in here for text in TEXTS}
    assert {key[0] for key, row in found.items() if row["failure"]} == {"2.png"}
    answers = [(found[name, one.requirement.text], one) for name in here for one in here[name].judgements]
    assert len(answers) == 18
    assert max(one.p_yes for _, one in answers) - min(one.p_yes for _, one in answers) > 0.5  # or nothing is compared
    for row, one in answers:
        assert row["p_yes"] == pytest.approx(one.p_yes, abs=1e-5)
        assert row["verdict"] == one.verdict


def _judged(folder, judge):
    documents = list(load_folder(folder))
    return zip(documents, judge.judge_outcomes(documents, TEXTS), strict=True)
