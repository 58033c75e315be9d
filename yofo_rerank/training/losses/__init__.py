"""The training objective (paper section 3.3), one loss per file."""

from yofo_rerank.training.losses.answer import answer_loss
from yofo_rerank.training.losses.reason import reason_loss
from yofo_rerank.training.losses.total import total_loss

__all__ = ["answer_loss", "reason_loss", "total_loss"]
