"""What the page shows after each event; generators, so that long work is seen and can be stopped."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr

from yofo_rerank.demo.actions import Engine, export
from yofo_rerank.demo.cards import ranked_cards, retriever_cards
from yofo_rerank.demo.session import MAX_WISHES, Session, Shared, Wish
from yofo_rerank.errors import YofoError
from yofo_rerank.requirements import Ranking

PARTS = 3  # of a row: text, necessity, weight
Board = tuple[Any, ...]  # session, ranking, retriever's cards, our cards, status, address
_SAME = gr.skip()
_NOTHING: Board = (_SAME,) * 6  # an event that ends without a word would empty the page


class Handlers:
    """The events of the page over one engine; what a person does is held by the page, not here."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.folder = folder  # for exports

    def start(self, query: str, rule: str) -> Iterator[Board]:
        """A new sentence: candidates, its requirements as rows, then the order."""
        with told():
            wishes, warnings = self.engine.understand(query)
            session = self.engine.find(query)
        yield (*_found(session), *fill(wishes))
        for board in self._judged(session, wishes, rule, warnings):
            yield (*board, *[_SAME] * len(fill(wishes)))

    def change(self, session: Session, rule: str, *rows: Any) -> Iterator[Board]:
        """Another necessity, weight, rule or text; only a new text is judged."""
        if session.documents:
            yield from self._judged(session, read(rows), rule)
        else:
            yield _NOTHING

    def take(self, session: Session, image: Any, rule: str, *rows: Any) -> Iterator[Board]:
        """A picture of the user's own joins the candidates."""
        if image is not None and session.documents:
            with told():
                session = self.engine.add_picture(session, image)
            yield from self._judged(session, read(rows), rule)
        else:
            yield _NOTHING

    def restore(self, request: gr.Request) -> tuple[Any, ...]:
        """The sentence, rule and rows that an address carries."""
        text = request.query_params.get("search", "")
        if not text:
            return (_SAME,) * (2 + len(fill([])))
        with told():
            shared = Shared.read(text)
        return (shared.query, shared.rule, *fill(shared.wishes))

    def resume(self, query: str, rule: str, *rows: Any) -> Iterator[Board]:
        """Search again after `restore`, by the rows and not by the sentence."""
        wishes = read(rows)
        if query.strip() and wishes:
            with told():
                session = self.engine.find(query)
            yield _found(session)
            yield from self._judged(session, wishes, rule)
        else:
            yield _NOTHING

    def explain(self, session: Session, ranking: Ranking | None, event: gr.EventData) -> tuple[Any, str]:
        """The evidence of the chip that was clicked: a picture and a line."""
        if ranking is None:
            return None, ""
        with told():
            found, document = self.engine.evidence(session, ranking, int(event.document), int(event.requirement))
        picture = document.load_image(page=found.page)
        words = ", ".join(f"{word.text} {word.weight:+.1f}" for word in found.words)
        answer = f"{'yes' if found.verdict else 'no'}, p = {found.p_yes:.3f}"
        which = f", image {found.page + 1}" if len(document.images) > 1 else ""
        said = f"{document.id}{which}: {found.requirement.text}? {answer} {words}"
        return (found.overlay(picture) if picture else None), said

    def save(self, ranking: Ranking | None) -> list[str]:
        """The order as files in a folder of their own."""
        if ranking is None:
            raise gr.Error("there is nothing to export yet: search first", print_exception=False)
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        return [str(path) for path in export(ranking, folder, {"judge": self.engine.name}).values()]

    def _judged(
        self, session: Session, wishes: Sequence[Wish], rule: str, warnings: Sequence[str] = ()
    ) -> Iterator[Board]:
        with told():
            for done, known in self.engine.answer(session, wishes):
                if known is None:
                    said = f"judged {done} of {len(session.documents)} ..."
                    yield session, None, _SAME, _SAME, said, _SAME
                else:
                    yield _ranked(known, wishes, rule, warnings)


def _found(session: Session) -> Board:
    """After the first stage."""
    return session, None, retriever_cards(session), ranked_cards(None), "judging ...", _SAME


def _ranked(session: Session, wishes: Sequence[Wish], rule: str, warnings: Sequence[str]) -> Board:
    address = Shared(query=session.query, wishes=tuple(wishes), rule=rule).write()
    if not any(wish.counts for wish in wishes):
        return session, None, _SAME, ranked_cards(None), "every requirement is off", address
    ranking = session.ranking(wishes, rule)
    said = [f"{len(ranking)} candidates, {len(session.known)} requirements judged", *ranking.warnings, *warnings]
    version = json.dumps([[wish.model_dump() for wish in wishes], rule])
    return session, ranking, _SAME, ranked_cards(ranking, version), " · ".join(said), address


def read(rows: Sequence[Any]) -> list[Wish]:
    """The rows of the page as wishes; empty ones are left out."""
    return [Wish(text=text, necessity=necessity, weight=weight) for text, necessity, weight in _rows(rows) if text]


def fill(wishes: Sequence[Wish]) -> list[Any]:
    """What the rows show: visibility, text, necessity and weight of each."""
    shown: list[Any] = []
    for number in range(MAX_WISHES):
        wish = wishes[number] if number < len(wishes) else Wish()
        shown += [gr.update(visible=number < len(wishes)), wish.text, wish.necessity, wish.weight]
    return shown


def add_row(*rows: Any) -> list[Any]:
    """Show one row more than there are texts."""
    used = max((number for number, (text, *_) in enumerate(_rows(rows), start=1) if text), default=0)
    return [gr.update(visible=True) if number <= used else _SAME for number in range(MAX_WISHES)]


def _rows(values: Sequence[Any]) -> list[tuple[str, Any, Any]]:
    rows = (values[first : first + PARTS] for first in range(0, len(values), PARTS))
    return [((text or "").strip(), necessity, weight) for text, necessity, weight in rows]


@contextmanager
def told() -> Iterator[None]:
    """Errors of the library become a message on the page, in their own words."""
    try:
        yield
    except YofoError as error:
        raise gr.Error(str(error), print_exception=False) from error
