"""Evidence as one picture: what `yofo judge --evidence` writes."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw

from yofo_rerank.report.table import printable
from yofo_rerank.requirements import Evidence

_GAP, _CAPTION, _LINE = 12, 40, 16  # pixels


def draw_sheet(images: Sequence[Image.Image], evidence: Sequence[Evidence], side: int = 320) -> Image.Image:
    """For each requirement the image that its evidence is of, under its map and with its verdict, side by side.

    Args:
        images: all of the document.
        evidence: of its requirements.
        side: pixels of the longer side of what is drawn.
    """
    small = [image.convert("RGB") for image in images]
    for image in small:
        image.thumbnail((side, side))
    high = max(small[one.page].height for one in evidence)
    width = sum(small[one.page].width + _GAP for one in evidence) + _GAP
    sheet = Image.new("RGB", (width, high + _CAPTION + 2 * _GAP), "white")
    draw = ImageDraw.Draw(sheet)
    left = _GAP
    for one in evidence:
        sheet.paste(one.overlay(small[one.page]), (left, _GAP))
        said = f"{'yes' if one.verdict else 'no'} {one.p_yes:.2f}"
        text = printable(one.requirement.text)
        if len(images) > 1:
            said += f", image {one.page + 1}"
        for line, words in enumerate((text if len(text) <= side // 7 else text[: side // 7 - 1] + "\u2026", said)):
            draw.text((left, high + _GAP + 4 + _LINE * line), words, fill="black", font_size=13)
        left += small[one.page].width + _GAP
    return sheet
