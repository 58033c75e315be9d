"""Rankings as cards on the page; every text in them is escaped."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from yofo_rerank.demo.session import Session
from yofo_rerank.documents import Document
from yofo_rerank.report.page import thumbnail
from yofo_rerank.requirements import RankedDocument, Ranking

SHOWN = 10
THUMBNAIL_SIDE = 200  # pixels


def retriever_cards(session: Session, version: str = "") -> str:
    """The first candidates in the retriever's order, with its own scores.

    >>> "no search yet" in retriever_cards(Session())
    True
    """
    found = zip(session.documents[:SHOWN], session.retrieval_scores, strict=False)
    cards = [
        _card(document, place, None, "" if score is None else f"{score:.3f}", ())
        for place, (document, score) in enumerate(found)
    ]
    return _template().render(cards=cards, empty="no search yet", version=version)


def ranked_cards(ranking: Ranking | None, version: str = "") -> str:
    """The first places of our order, with a chip for each requirement."""
    cards = [_ranked(place, number) for number, place in enumerate((ranking or ())[:SHOWN])]
    return _template().render(cards=cards, empty="nothing judged yet", version=version)


def _ranked(ranked: RankedDocument, number: int) -> dict[str, Any]:
    chips = [
        {
            "text": one.requirement.text,
            "necessity": one.requirement.necessity,
            "verdict": one.verdict,
            "percent": f"{one.p_yes * 100:.0f}",
        }
        for one in ranked.judgements
    ]
    card = _card(ranked.document, number, ranked.index, f"{ranked.score:.2f}", chips)
    return card | {"index": ranked.index, "failure": ranked.failure.message if ranked.failure else None}


def _card(document: Document, number: int, index: int | None, score: str, chips: Any) -> dict[str, Any]:
    return {
        "title": str(document.metadata.get("title") or document.id),
        "text": (document.text or "")[:300],
        "picture": _picture(document),
        "place": number + 1,
        "was": None if index is None else index + 1,
        "index": number,
        "score": score,
        "failure": None,
        "chips": chips,
    }


@lru_cache(maxsize=512)
def _thumbnail(key: int, document: Document) -> str | None:  # the identity too: ids are the user's
    del key
    return thumbnail(document, side=THUMBNAIL_SIDE)


def _picture(document: Document) -> str | None:
    return _thumbnail(id(document), document)


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("yofo_rerank", "demo"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("cards.html.j2")
