"""Evidence as one picture: what `yofo judge --evidence` writes."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw

from yofo_rerank.report.table import printable
from yofo_rerank.requirements import Evidence

_GAP, _CAPTION, _LINE = 12, 40, 16  # pixels


def draw_sheet(image: Image.Image, evidence: Sequence[Evidence], side: int = 320) -> Image.Image:
    """The picture once for each requirement, under its map and with its verdict, side by side."""
    small = image.convert("RGB")
    small.thumbnail((side, side))
    width = (small.width + _GAP) * len(evidence) + _GAP
    sheet = Image.new("RGB", (width, small.height + _CAPTION + 2 * _GAP), "white")
    draw = ImageDraw.Draw(sheet)
    for place, one in enumerate(evidence):
        left = _GAP + place * (small.width + _GAP)
        sheet.paste(one.overlay(small), (left, _GAP))
        said = f"{'yes' if one.verdict else 'no'} {one.p_yes:.2f}"
        text = printable(one.requirement.text)
        for line, words in enumerate((text if len(text) <= side // 7 else text[: side // 7 - 1] + "\u2026", said)):
            draw.text((left, small.height + _GAP + 4 + _LINE * line), words, fill="black", font_size=13)
    return sheet
