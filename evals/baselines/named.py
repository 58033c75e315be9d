"""The baselines that the project was asked to compare with: CLIP, SigLIP 2, BLIP-2, Jina.

Revisions and numbers of parameters are those of mteb 2.26's registry, where it has the checkpoint.
"""

from __future__ import annotations

from evals.baselines.record import Baseline

_SIGLIP_UNVERIFIED = (
    "that the configuration's model_type is siglip; whether its tokenizer lower-cases (done here anyhow); "
    "the side on which its tokenizer pads, which is taken from the checkpoint"
)
_BLIP2_LICENCE = "unknown for this repository, check before use (mteb says MIT for blip2-opt)"
_BLIP2_UNVERIFIED = (
    "num_query_tokens of its processor, which is set to the model's here; its licence; revision not pinned"
)

RECORDS: tuple[Baseline, ...] = (
    Baseline(
        "clip-vit-l-14",
        "embedder",
        "evals.baselines.open_clip_scorer:open_scorer",
        hub_id="timm/vit_large_patch14_clip_224.openai",
        licence="MIT for the code; not declared for the weights, check before use",
        parameters="428M",
        reads=("image",),
        unverified="the licence of the weights; revision not pinned (open_clip takes none)",
        needs="open-clip-torch",
    ),
    Baseline(
        "siglip2-so400m",
        "embedder",
        "evals.baselines.siglip:open_scorer",
        hub_id="google/siglip2-so400m-patch14-384",
        revision="e8e487298228002f3d8a82e0cd5c8ea9c567f57f",
        licence="Apache-2.0",
        parameters="1.1B",
        reads=("image",),
        unverified=_SIGLIP_UNVERIFIED,
    ),
    Baseline(
        "siglip2-giant",
        "embedder",
        "evals.baselines.siglip:open_scorer",
        hub_id="google/siglip2-giant-opt-patch16-384",
        revision="a713301b217d38485fb2204c808367d10bc3cc40",
        licence="Apache-2.0",
        parameters="1.9B",
        reads=("image",),
        unverified=_SIGLIP_UNVERIFIED,
    ),
    Baseline(
        "siglip2-naflex",
        "embedder",
        "evals.baselines.siglip:open_scorer",
        hub_id="google/siglip2-base-patch16-naflex",  # the one that transformers' documentation names
        licence="Apache-2.0",
        reads=("image",),
        unverified="the side on which its tokenizer pads, which is taken from the checkpoint; revision not pinned",
    ),
    Baseline(
        "blip2-itm",
        "reranker",
        "evals.baselines.blip2:open_itm",
        hub_id="Salesforce/blip2-itm-vit-g",
        licence=_BLIP2_LICENCE,
        reads=("image",),
        unverified=_BLIP2_UNVERIFIED,
    ),
    Baseline(
        "blip2-itc",
        "embedder",
        "evals.baselines.blip2:open_itc",
        hub_id="Salesforce/blip2-itm-vit-g",
        licence=_BLIP2_LICENCE,
        reads=("image",),
        unverified=_BLIP2_UNVERIFIED,
    ),
    Baseline(
        "jina-reranker-m0",
        "reranker",
        "evals.baselines.jina_m0:open_scorer",
        hub_id="jinaai/jina-reranker-m0",
        licence="CC-BY-NC-4.0",
        parameters="2.4B",
        unverified="its config.json; prompt and head are from a copy of its code and from vLLM's; revision not pinned",
    ),
)
