"""Real checkpoints on published data: what `python -m evals.suite --real` runs, on a machine that reaches the hub.

What no program loads from the hub by itself lies in folders of `DATA`, by the names of the sets, as their makers
publish it (evals/README.md, "Published data"). What a step wants is looked for before it starts, so that a machine
without anything answers with one list at once.
"""

from __future__ import annotations

from pathlib import Path

from evals.baselines.isolating import RECORDS
from evals.baselines.registry import baselines
from evals.run_file import RUNS, slug
from evals.suite.running import ROOT
from evals.suite.steps import Step

DATA = RUNS / "data"  # ignored by git, as is due to pictures under other licences
CHECKPOINT = "Qwen/Qwen3-VL-2B-Instruct"  # what ours is measured with
FLOORS = ("no-reranking", "random")  # of ranking tasks; they want no checkpoint
TASKS = {
    "MCMR": (str(DATA / "MCMR"),),
    "INQUIRE-Rerank": ("datasets/evendrow/INQUIRE-Rerank",),
    "ViDoRe-v3.1": ("datasets/mteb/Vidore3ComputerScienceBM25sReranking.v2",),  # one of 40, for all; see its program
}
SETS = ("dsg", "vaw", "sa1b", "negbench", "lrvs")
SCORED = ("negbench", "lrvs")  # choices and pairs, which scores decide; the others want verdicts


def contestants(*, verdicts: bool = False) -> dict[str, str]:
    """Baselines with a checkpoint on the hub that read pictures, without those that wait; and the hub id of each."""
    return {
        name: one.hub_id
        for name, one in baselines().items()
        if one.hub_id and "/" in one.hub_id and "image" in one.reads and one.state != "waits"
        if one.kind == "verdicts" or not verdicts
    }


def isolating(*, verdicts: bool = False) -> list[str]:
    """Baselines that ask the weights of ours in other ways, so that what differs is the idea alone."""
    return [one.name for one in RECORDS if one.kind == "verdicts" or not verdicts]


def _ours(model: str) -> str:
    return f"--model {model} --model-source {CHECKPOINT}"


def _rank(task: str, model: str, options: str, checkpoint: str | None) -> Step:
    folder = next((f" --source {one}" for one in TASKS[task] if one.startswith(str(DATA))), "")
    command = f"python -m evals.rank --task {task}{folder} {options}"
    wants = (*TASKS[task], *([f"models/{checkpoint}"] if checkpoint else []))
    return Step(slug("rank", task, model), command, skips=True, wants=wants)


def _verdicts(name: str, model: str, options: str, checkpoint: str, kind: str = "verdicts") -> Step:
    folder = str(DATA / name)
    command = f"python -m evals.verdicts --set {name} --source {folder} {options}"
    record = slug(kind, name, model)
    return Step(record, command, skips=True, wants=(folder, f"models/{checkpoint}"))


REAL = (
    *(_rank(task, "yofo", _ours("yofo"), CHECKPOINT) for task in TASKS),
    *(_verdicts(name, "yofo", _ours("yofo"), CHECKPOINT) for name in SETS),
    _verdicts("lrvs", "yofo own decomposer", f"{_ours('yofo')} --own-decomposer", CHECKPOINT),
    _verdicts("sa1b", "yofo", f"{_ours('yofo')} --dependency", CHECKPOINT, "dependency"),
    *(_rank(task, name, _ours(name), CHECKPOINT) for task in TASKS for name in isolating()),
    *(
        _verdicts(data, name, _ours(name), CHECKPOINT)
        for data in SETS
        for name in isolating(verdicts=data not in SCORED)
    ),
    *(_rank(task, name, f"--model {name}", None) for task in TASKS for name in FLOORS),
    *(_rank(task, name, f"--model {name}", hub_id) for task in TASKS for name, hub_id in contestants().items()),
    *(
        _verdicts(data, name, f"--model {name}", hub_id)
        for data in SETS
        for name, hub_id in contestants(verdicts=data not in SCORED).items()
    ),
)


def is_there(wanted: str) -> bool:
    """Whether a folder is there; or something of the hub is kept on this machine, or the hub may be asked for it."""
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    kind, _, hub_id = wanted.partition("/")
    if kind not in ("models", "datasets"):
        return (ROOT / wanted).is_dir()
    kept = Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=hub_id, repo_type=kind.removesuffix("s"))
    return not constants.HF_HUB_OFFLINE or (kept / "snapshots").is_dir()


def absent_of(step: Step) -> tuple[str, ...]:
    """What the step wants and is not there."""
    return tuple(wanted for wanted in step.wants if not is_there(wanted))


def origin(wanted: str) -> str:
    """Where what a step wants comes from."""
    kind, _, hub_id = wanted.partition("/")
    if kind == "models":
        return f"https://huggingface.co/{hub_id}; HF_HUB_OFFLINE keeps from asking for it"
    if kind == "datasets":
        return f"https://huggingface.co/datasets/{hub_id}; HF_HUB_OFFLINE keeps from asking for it"
    return 'a folder as its makers publish it: evals/README.md, "Published data"'
