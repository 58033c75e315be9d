"""All sets of verdicts by name."""

from __future__ import annotations

from evals.data_sets import Origin
from evals.verdict_sets.record import VerdictSet
from yofo_rerank.errors import ConfigError

_COCO = "https://cocodataset.org (val2017; Flickr's terms)"
_SETS = (
    VerdictSet(
        "mini",
        Origin("mini", "yofo_rerank.mini", "Apache-2.0"),
        "evals.verdict_sets.mini:read",
        "verdicts",
        drawn=True,
    ),
    VerdictSet(
        "sa1b",
        Origin(
            "SA-1B statements",
            "`python -m evals.build sa1b` over one's own copy of https://ai.meta.com/datasets/segment-anything/",
            "the SA-1B Dataset Research License (its pictures)",
        ),
        "evals.verdict_sets.sa1b:read",
        "verdicts",
        derived="statements and answers are a multimodal model's; the paper's own were not published",
    ),
    VerdictSet(
        "dsg",
        Origin("DSG-1k", "https://github.com/j-min/DSG (dsg-1k-anns.csv)", "Apache-2.0"),
        "evals.verdict_sets.dsg:read",
        "verdicts",
        telling=True,
        derived="no: questions of another prompt, none of whose things this prompt names",
    ),
    VerdictSet(
        "vaw",
        Origin(
            "VAW",
            "https://github.com/adobe-research/vaw_dataset",
            "Adobe Research License (non-commercial)",
            "https://visualgenome.org (VG_100K and VG_100K_2; CC BY 4.0)",
        ),
        "evals.verdict_sets.vaw:read",
        "verdicts",
        telling=True,
    ),
    VerdictSet(
        "negbench",
        Origin(
            "NegBench",
            "https://github.com/m1k2zoo/negbench (datasets.md)",
            "MIT",
            f"{_COCO} and PASCAL VOC 2007: put them into val2017/ and VOCdevkit/VOC2007/JPEGImages/ of the folder, or"
            " edit the column image_path (or filepath) of the CSV files",
        ),
        "evals.verdict_sets.negbench:read",
        "choice",
    ),
    VerdictSet(
        "sugarcrepe",
        Origin("SugarCrepe", "https://github.com/RAIVNLab/sugar-crepe (data/*.json)", "MIT", _COCO),
        "evals.verdict_sets.sugarcrepe:read",
        "choice",
        telling=True,
    ),
    VerdictSet(
        "winoground",
        Origin(
            "Winoground",
            "https://huggingface.co/datasets/facebook/winoground (gated; data/examples.jsonl, data/images.zip)",
            "its own research licence (license_agreement.txt)",
        ),
        "evals.verdict_sets.winoground:read",
        "crossed",
    ),
    VerdictSet(
        "lrvs",
        Origin(
            "LRVS-Fashion pairs",
            "`python -m evals.build lrvs` over pictures of https://huggingface.co/datasets/Slep/LAION-RVS-Fashion",
            "CC BY-NC 4.0",
        ),
        "evals.verdict_sets.lrvs:read",
        "pairs",
        sided=True,
        derived="queries, requirements and answers are a multimodal model's; the paper's own were not published",
    ),
)
SETS = {one.name: one for one in _SETS}


def get_set(name: str) -> VerdictSet:
    """The set of this name.

    Raises:
        ConfigError: unknown; names the known ones.
    """
    if name not in SETS:
        raise ConfigError(f"unknown set {name!r}; known are {', '.join(SETS)}")
    return SETS[name]
