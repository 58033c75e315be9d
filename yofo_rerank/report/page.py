"""A ranking as one self-contained HTML page: the retriever's order above, ours below, a chip for each judgement."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from yofo_rerank.documents import Document
from yofo_rerank.errors import ImageError
from yofo_rerank.evidence import draw_layer, where
from yofo_rerank.report.templates import get_template
from yofo_rerank.requirements import Box, Evidence, Judgement, RankedDocument, Ranking

THUMBNAIL_SIDE = 320  # pixels; shown at half of it, sharp on dense screens
OVERLAY_SIDE = 64  # pixels: a map is coarse
_ENOUGH = 4 * THUMBNAIL_SIDE**2  # pixels that are decoded of a picture
MAX_TEXT_CHARS = 600  # of a text document; a card is no place to read a book


@dataclass(frozen=True)
class Overlay:
    """Evidence as the page shows it: over the picture, and in words."""

    picture: str  # data: URI
    where: str


@dataclass(frozen=True)
class Card:
    """One product on the page, at its place before and after reranking (both from 1)."""

    title: str
    text: str | None
    picture: str | None  # data: URI
    before: int
    after: int
    score: float  # ours
    retrieval_score: float | None  # the first stage's
    judgements: tuple[Judgement, ...]
    overlays: tuple[Overlay | None, ...]  # of the judgements
    failure: str | None

    @property
    def climbed(self) -> int:
        """Places won; negative when the product fell."""
        return self.before - self.after

    @property
    def satisfied(self) -> int:
        """How many requirements hold."""
        return sum(judgement.verdict for judgement in self.judgements)

    @property
    def description(self) -> str:
        """The product in words, for those who do not see its picture: what it is, what holds of it, what does not."""
        holds, fails = (
            "; ".join(one.requirement.text for one in self.judgements if one.verdict == verdict)
            for verdict in (True, False)
        )
        name = f"{self.title}: {self.text}" if self.text else self.title
        said = [f"meets: {holds}" if holds else "", f"does not meet: {fails}" if fails else ""]
        return ". ".join([name, *filter(None, said)]) + "."


def render_page(rankings: Sequence[Ranking], *, top_k: int = 10, details: Mapping[str, str] | None = None) -> str:
    """Render rankings as one HTML page without any external resource; every text in it is escaped.

    Give whole rankings (reranked without `top_k`): "before" shows the first `top_k` of the order that the reranker
    was given, which a shortened ranking no longer holds. `details` are shown below the title (model, rule, ...).

    >>> from yofo_rerank.requirements import DecomposedQuery, Requirement
    >>> query = DecomposedQuery(query="<b>blue</b>", requirements=(Requirement(text="blue"),))
    >>> "&lt;b&gt;blue" in render_page([Ranking([], query=query)])
    True
    """
    searches = [_search(ranking, max(top_k, 0)) for ranking in rankings]
    cards = [card for search in searches for order in search["orders"] for card in order["cards"]]
    n_overlays = max((len(card.overlays) for card in cards if any(card.overlays)), default=0)
    return get_template("page.html.j2").render(searches=searches, details=details or {}, n_overlays=n_overlays)


def write_page(
    rankings: Sequence[Ranking], path: str | Path, *, top_k: int = 10, details: Mapping[str, str] | None = None
) -> Path:
    """Write `render_page(...)` to a file, and return its path; whatever fails, a page that was there stays whole."""
    path = Path(path)
    page = render_page(rankings, top_k=top_k, details=details).encode(errors="replace")
    path.parent.mkdir(parents=True, exist_ok=True)
    target = path.resolve()  # of a link, the file that it names
    temporary = target.with_name(f".{target.name[:100]}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(page)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def thumbnail(document: Document, *, side: int = THUMBNAIL_SIDE) -> str | None:
    """The document's first picture as a small WebP `data:` URI; None without one, or for one that cannot be read."""
    try:
        image = document.load_image()
    except ImageError:
        return None  # the page also shows products that could not be judged, for this very reason
    if image is None:
        return None
    image.thumbnail((side, side))
    return _data_uri(image)


def _data_uri(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=82)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _overlays(ranked: RankedDocument) -> tuple[Overlay | None, ...]:
    """One for each judgement; None where there is no evidence, or none in the picture."""
    evidence = ranked.evidence or (None,) * len(ranked.judgements)
    pages = {one.page for one in evidence if one is not None and one.box is not None}
    pictures = {page: ranked.document.load_image(max_pixels=_ENOUGH, page=page) for page in sorted(pages)}
    return tuple(
        None if one is None or one.box is None else _overlay(one, one.box, pictures[one.page], ranked.document)
        for one in evidence
    )


def _overlay(one: Evidence, box: Box, picture: Image.Image | None, document: Document) -> Overlay:
    """A layer over the first picture, which the card shows; of another one the picture with the layer on it."""
    if picture is None:
        raise ImageError(f"{document.name_of(one.page)}: its evidence has a picture, but it has none")
    if one.page > 0:
        seen = picture.copy()
        seen.thumbnail((THUMBNAIL_SIDE // 2, THUMBNAIL_SIDE // 2))
        return Overlay(_data_uri(one.overlay(seen)), f"{where(box)} of image {one.page + 1} of {len(document.images)}")
    width, height = (max(1, round(side * OVERLAY_SIDE / max(picture.size))) for side in picture.size)
    return Overlay(_data_uri(draw_layer(one.heat, box, (width, height))), where(box))


def _search(ranking: Ranking, top_k: int) -> dict[str, Any]:
    """What the template needs of one ranking; each picture is encoded once, even when it stands in both orders."""
    places = list(enumerate(ranking, start=1))
    before = sorted(places, key=lambda place: place[1].index)[:top_k]
    shown = dict(before) | dict(places[:top_k])
    cards = {after: _card(ranked, after) for after, ranked in shown.items()}
    return {
        "query": ranking.query.query,
        "requirements": ranking.query.requirements,
        "warnings": ranking.warnings,  # the query's own are among them
        "total": len(ranking),
        "orders": [
            {"name": "before", "cards": [cards[after] for after, _ in before]},
            {"name": "after", "cards": [cards[after] for after, _ in places[:top_k]]},
        ],
    }


def _card(ranked: RankedDocument, after: int) -> Card:
    document = ranked.document
    text = document.text
    return Card(
        title=str(document.metadata.get("title") or document.id),
        text=text[:MAX_TEXT_CHARS] + "…" if text and len(text) > MAX_TEXT_CHARS else text,
        picture=thumbnail(document),
        before=ranked.index + 1,
        after=after,
        score=ranked.score,
        retrieval_score=ranked.retrieval_score,
        judgements=ranked.judgements,
        overlays=_overlays(ranked),
        failure=ranked.failure.message if ranked.failure else None,
    )
