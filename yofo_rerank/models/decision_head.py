"""The head that transformers' own decision class wants, for the families that it takes for decision models.

`pipeline("decision", model=FOLDER)` of transformers 5.23 opens some families (Qwen3.5) with `JevForDecision` whatever
the folder holds, and fills what it misses with random numbers. So their exports are what that class reads: our network,
and the two rows of its language model head that say yes and no.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel


def needs_head(config: PreTrainedConfig | Any) -> bool:
    """Whether transformers would open a checkpoint with this config as a decision model."""
    from transformers.models.auto import modeling_auto

    return config.model_type in getattr(modeling_auto, "MODEL_FOR_DECISION_MAPPING_NAMES", ())


def with_head(model: PreTrainedModel, yes: int, no: int) -> PreTrainedModel:
    """The same network under a decision head, which scores the tokens `yes` and `no` as the language model does.

    The weights are shared, not copied.
    """
    from transformers import JevConfig, JevForDecision

    head = model.get_output_embeddings()
    config = JevConfig(
        hidden_size=head.weight.shape[1],
        num_verbalizers=2,
        offsets={"noul": 0, "score": 2, "choice": 2},  # rows of other questions, of which there are none
        text_config=model.config,
        dtype=model.config.dtype,
    )
    with torch.device("meta"):  # its weights are replaced
        decider = JevForDecision(config)
    decider.model = model.model
    decider.proj = nn.Linear(config.hidden_size, 2, dtype=head.weight.dtype)
    with torch.no_grad():
        decider.proj.weight.copy_(head.weight[[yes, no]])
        decider.proj.bias.zero_()
    return decider
