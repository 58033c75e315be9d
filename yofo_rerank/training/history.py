"""What happened during training, as JSON and, where matplotlib is installed, as a picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def write_history(log_history: Sequence[dict[str, Any]], path: Path) -> None:
    """All logged figures, one dict per logged step."""
    path.write_text(json.dumps(list(log_history), indent=1), encoding="utf-8")


def plot_history(log_history: Sequence[dict[str, Any]], path: Path) -> bool:
    """Losses and accuracies over steps, as PNG; False where matplotlib is missing or there is nothing to draw."""
    losses = [entry for entry in log_history if "answer_loss" in entry]
    if not losses or find_spec("matplotlib") is None:
        return False
    from matplotlib.figure import Figure  # not pyplot: no global state, no display

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    for name in ("loss", "answer_loss", "reason_loss"):
        axes.plot([entry["step"] for entry in losses], [entry[name] for entry in losses], label=name.replace("_", " "))
    axes.set(xlabel="step", ylabel="loss", ylim=(0, None))
    judged = [entry for entry in log_history if "eval_acc_property" in entry]
    if judged:
        right = axes.twinx()
        for name, style in (("acc_property", "k--o"), ("acc_sample", "k:s")):
            figures = [100 * entry[f"eval_{name}"] for entry in judged]
            right.plot([entry["step"] for entry in judged], figures, style, markersize=3, label=name.replace("_", " "))
        right.set(ylabel="accuracy, %", ylim=(0, 100))
        right.legend(loc="center right")
    axes.legend(loc="upper right")
    figure.savefig(path, dpi=120)
    return True
