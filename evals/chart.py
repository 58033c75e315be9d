"""A picture of before and after: bars with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

COLOURS = ("#9aa5b1", "#2f6f4f", "#c9b458", "#d8dee4")


def bars(groups: Mapping[str, Mapping[str, Mapping[str, Any]]], path: Path, *, title: str) -> Path:
    """Draw one group of bars for each measure: `groups[name][measure]` holds `mean`, `low` and `high`."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    measures = list(next(iter(groups.values())))
    width = 0.8 / len(groups)
    figure, axes = plt.subplots(figsize=(1.6 + 1.5 * len(measures), 3.6), layout="constrained")
    for place, (name, found) in enumerate(groups.items()):
        means = [found[measure]["mean"] for measure in measures]
        spans = [
            [mean - found[measure]["low"] for mean, measure in zip(means, measures, strict=True)],
            [found[measure]["high"] - mean for mean, measure in zip(means, measures, strict=True)],
        ]
        places = [column + (place - (len(groups) - 1) / 2) * width for column in range(len(measures))]
        colour = COLOURS[place % len(COLOURS)]
        drawn = axes.bar(places, means, width * 0.92, label=name, color=colour, yerr=spans, ecolor="#333333", capsize=2)
        axes.bar_label(drawn, fmt="%.2f", fontsize=7, padding=1)
    axes.set_xticks(range(len(measures)), measures)
    axes.set_ylim(0, 1.12)
    axes.set_title(title, loc="left", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, ncols=len(groups), loc="upper center", bbox_to_anchor=(0.5, -0.1))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    plt.close(figure)
    return path
