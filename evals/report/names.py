"""What a row is called, so that one name is one system, and what it reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.baselines.registry import baselines
from evals.figures.records import Records
from evals.record import mini_weights
from evals.train_mini import BASE_WEIGHTS, digest
from yofo_rerank.mini.weights import weights_folder

YOFO, SHIPPED, OWN = "yofo", "yofo, as shipped", " + own decomposer"
LIKE_FOR_LIKE = YOFO + OWN
NOBODY = "no reranking"
BASES = {"base": "base (pretrained on judging)", "base, zero-shot": "base, zero-shot (pretrained on judging)"}


def shown(name: str) -> str:
    """How a contestant of the mini suite is named in a table.

    >>> shown("base"), shown("yofo + own decomposer"), shown("jina-style")
    ('base (pretrained on judging)', 'yofo + own decomposer (like for like)', 'jina-style')
    """
    return f"{name} (like for like)" if name == LIKE_FOR_LIKE else BASES.get(name, name)


def as_shipped(name: str) -> str:
    """The contestant of table 1 behind a name of the programs that open the embedded judge as "yofo".

    >>> as_shipped("yofo"), as_shipped("jina-style")
    ('yofo, as shipped', 'jina-style')
    """
    return SHIPPED if name == YOFO else name


def model_of(settings: Mapping[str, Any], kind: str) -> str:
    """The model of a record of `evals.rank` or `evals.verdicts`; ours is the embedded judge.

    >>> model_of({"model": "one-per-pass", "about": {"source": "owner/name"}}, "rank")
    'one-per-pass (owner/name)'
    """
    name, about = str(settings["model"]), settings.get("about") or {}
    if name != YOFO:
        return f"{name} ({about['source']})" if about.get("source") and _is_isolating(name) else name
    source, adapter = about.get("source") or "mini", about.get("adapter")
    ours = SHIPPED if source == "mini" and not adapter else f"{YOFO} ({source}{f', {adapter}' if adapter else ''})"
    return ours + OWN if kind == "rank" or settings.get("own_decomposer") else ours


def reads(name: str, found: Mapping[str, Any]) -> str:
    """What a contestant of table 1 is given of a query.

    >>> reads("jina-style", {"single_score": True}), reads("yofo", {"single_score": False})
    ('the sentence', 'its requirements and expression')
    """
    if name == NOBODY:
        return "nothing"
    sentence = found.get("single_score") or name.endswith(OWN)
    return "the sentence" if sentence else "its requirements and expression"


def reads_of(settings: Mapping[str, Any], figures: Mapping[str, Any]) -> str:
    """What the model of a record of `evals.rank` or `evals.verdicts` is given."""
    name = str(settings["model"])
    if name != YOFO and name in baselines():
        said = "the statement" if "acc_property" in figures or "auroc" in figures else "the query"
        return f"{said}, {' + '.join(baselines()[name].reads) or 'no document'}"
    asked = "its requirements and expression" if "err_rank" in figures else "each statement"
    return f"{'the query' if 'by_query' in figures or settings.get('own_decomposer') else asked}, image + text"


def licence_of(settings: Mapping[str, Any]) -> str:
    """Of the weights; of a model from elsewhere nobody here knows it.

    >>> licence_of({"model": "yofo", "about": {"source": "mini"}})
    'apache-2.0'
    >>> licence_of({"model": "whole-query", "about": {"source": "owner/name"}})
    'its own'
    """
    name, about = str(settings["model"]), settings.get("about") or {}
    if name != YOFO and name in baselines() and not (about.get("source") and _is_isolating(name)):
        return baselines()[name].licence
    return "apache-2.0" if about.get("source", "mini") in (None, "mini") and not about.get("adapter") else "its own"


def _is_isolating(name: str) -> bool:
    """Whether it asks any weights that it is given: ours unless others are named."""
    return name in baselines() and baselines()[name].hub_id == "mini"


def about_base(records: Records, record: str) -> str:
    """How the base beside ours differs from the paper's."""
    taught = records[record]["about"].get("mini") == mini_weights() and _is_of_the_recorded_run(records)
    more = ", and on statements about the statement before, in other words than the test's" if taught else ""
    zero_shot = "base, zero-shot" in records.figures(record)["contestants"]
    return (
        "Our base is no bare model, as the paper's Base is: it was itself trained on judging statements of this "
        f"world{more}." + " Zero-shot it is the same model, asked in its chat format." * zero_shot
    )


def _is_of_the_recorded_run(records: Records) -> bool:
    """Whether the base that is shipped is what the run of `train_mini` made: its lessons have such statements."""
    made = records.figures("train_mini").get("weights", {}) if "train_mini" in records else {}
    return made.get(BASE_WEIGHTS) == digest(weights_folder("base").parent / BASE_WEIGHTS)
