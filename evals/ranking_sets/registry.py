"""Ranking tasks by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from evals.data_sets import BadData, MissingData
from yofo_rerank.errors import ConfigError
from yofo_rerank.extras import require

if TYPE_CHECKING:
    from mteb.abstasks.retrieval import AbsTaskRetrieval

VIDORE = "ViDoRe(v3.1, reranking)"  # 40 tasks of mteb: 10 collections, 4 first stages
OWN = ("mini", "MCMR", "INQUIRE-Rerank", "ViDoRe-v3.1")


def get_tasks(name: str, source: str | None = None) -> list[AbsTaskRetrieval]:
    """The tasks of a name: one of `OWN`, or any retrieval task or benchmark of mteb.

    Args:
        name: of the task or benchmark.
        source: folder of its data, if not from the hub; of a benchmark, one folder for each task in it.

    Raises:
        ConfigError: unknown, or no task with queries and documents.
    """
    require("mteb", extra="evals")
    if name == "mini":
        from evals.ranking_sets.mini import mini_task

        return [mini_task()]
    if name == "MCMR":
        from evals.ranking_sets.mcmr import mcmr_task

        return [mcmr_task(source)]
    if name == "INQUIRE-Rerank":
        from evals.ranking_sets.inquire import inquire_task

        return [inquire_task(source)]
    tasks = _of_mteb(VIDORE if name == "ViDoRe-v3.1" else name)
    for task in tasks if source else ():
        folder = Path(str(source)) / (task.metadata.name if len(tasks) > 1 else "")
        task.metadata = task.metadata.model_copy(update={"dataset": task.metadata.dataset | {"path": str(folder)}})
    return tasks


def _of_mteb(name: str) -> list[AbsTaskRetrieval]:
    import mteb
    from mteb.abstasks.retrieval import AbsTaskRetrieval

    try:
        tasks = list(mteb.get_benchmark(name).tasks)
    except KeyError:
        try:
            tasks = [mteb.get_task(name)]
        except KeyError as error:
            known = f"{', '.join(OWN)}, and every retrieval or reranking task of mteb"
            raise ConfigError(f"unknown task {name!r}; known are {known}") from error
    other = [task.metadata.name for task in tasks if not isinstance(task, AbsTaskRetrieval)]
    if other:
        raise ConfigError(f"{other[0]} ranks no documents; wanted a retrieval or reranking task")
    return cast("list[AbsTaskRetrieval]", tasks)


def load(task: Any) -> None:
    """Load its data.

    Raises:
        MissingData: they are not there; says where they come from and under which licence.
    """
    about = task.metadata
    try:
        task.load_data()
        convert = getattr(task, "convert_v1_dataset_format_to_v2", None)
        if convert:
            convert(num_proc=None)
    except MissingData:
        raise
    except OSError as error:
        where = f"https://huggingface.co/datasets/{about.dataset['path']} at {about.dataset['revision']}"
        wanted = f"they come from {where} under {licence(task)}"
        raise MissingData(f"the data of {about.name} are not there ({error}); {wanted}") from error


def take_candidates(task: Any, predictions: Path, top_k: int) -> None:
    """Make a reranking task of a plain retrieval task, by the predictions that a first stage wrote with mteb.

    Raises:
        MissingData: there is no such file.
        BadData: it is no file of `mteb.evaluate(..., prediction_folder=...)`.
    """
    try:
        task.convert_to_reranking(predictions, top_k)
    except FileNotFoundError as error:
        raise MissingData(f"no predictions at {str(predictions)!r}; `mteb.evaluate` writes them") from error
    except (KeyError, ValueError, TypeError) as error:
        raise BadData(f"{predictions}: no predictions of mteb for {task.metadata.name} ({error!r})") from error


def limit_queries(task: Any, n: int) -> None:
    """Keep the first n queries of every split that have anything relevant; others are not measured anyway."""
    for splits in task.dataset.values():
        for split in splits.values():
            relevant = split["relevant_docs"]
            places = [place for place, id_ in enumerate(split["queries"]["id"]) if relevant.get(id_)]
            split["queries"] = split["queries"].select(places[:n])
            split["relevant_docs"] = {id_: relevant[id_] for id_ in split["queries"]["id"]}


def licence(task: Any) -> str:
    """Under which licence its data may be used."""
    origin = getattr(task, "origin", None)
    return origin.licence if origin else str(task.metadata.license or "a licence that is not named")
