"""What a decomposer wants to say reaches the user once, whichever way the query went."""

from yofo_rerank import Document, YofoReranker
from yofo_rerank.decompose import decompose
from yofo_rerank.report import ranking_table, render_page
from yofo_rerank.requirements import JudgedDocument, Judgement

QUERY = "not black leather boots"
WARNING = "kept whole, not sure how to read it"


class Judge:
    """Says yes to everything."""

    def judge_outcomes(self, documents, requirements):
        yes = tuple(Judgement(requirement=one, p_yes=0.9, verdict=True) for one in requirements)
        return [JudgedDocument(judgements=yes) for _ in documents]


def test_a_ranking_its_table_and_its_page_say_it_once() -> None:
    from rich.console import Console

    ranking = YofoReranker(Judge()).rerank(QUERY, [Document(text="boots")])
    assert [note for note in ranking.warnings if WARNING in note] == list(decompose(QUERY).warnings)
    console = Console(width=120)
    with console.capture() as shown:
        console.print(ranking_table(ranking))
    assert shown.get().count(WARNING) == 1
    assert render_page([ranking]).count(WARNING) == 1


def test_rank_logs_it_once(caplog) -> None:
    YofoReranker(Judge()).rank(QUERY, ["boots"])
    assert caplog.text.count(WARNING) == 1
