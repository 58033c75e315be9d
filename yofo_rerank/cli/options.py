"""Options that several sub-commands share, and what they mean."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yofo_rerank.cli import messages
from yofo_rerank.cli.checks import check_models
from yofo_rerank.devices import check_device
from yofo_rerank.errors import RuleError

if TYPE_CHECKING:
    from yofo_rerank.judge import YofoJudge
    from yofo_rerank.judges import SystemOneJudge

MINI = "mini"


def _known_device(name: str | None) -> str | None:
    from yofo_rerank.devices import check_device

    check_device(name)  # before anything heavy is imported
    return name


Model = Annotated[
    str | None,
    typer.Option(help="Judge: 'mini' (embedded), a Hugging Face id, or a local folder.", show_default=MINI),
]
Adapter = Annotated[str | None, typer.Option(help="LoRA adapter for the judge: a Hugging Face id or a local folder.")]
Device = Annotated[
    str | None, typer.Option(help="cpu, cuda, cuda:1, mps. Default: the best at hand.", callback=_known_device)
]
Attention = Annotated[
    str | None,
    typer.Option(
        help="'isolated': each requirement asked alone; 'joint': together. Default: as the model was trained."
    ),
]
States = Annotated[
    Path | None,
    typer.Option(help="A folder that keeps what was computed of each image, for the next time.", file_okay=False),
]
Encoder = Annotated[
    str | None,
    typer.Option(
        help="First stage: 'mini' (embedded), an open_clip name, or a local folder. Default: mini, or the index's own."
    ),
]
Pretrained = Annotated[str | None, typer.Option(help="open_clip's pretrained tag for --encoder.")]
Verdicts = Annotated[
    Path | None,
    typer.Option(help="A file or folder that keeps answers: what is known there is not judged again, by any process."),
]
Images = Annotated[
    Path | None, typer.Option(help="A folder of images; embedded on the spot.", exists=True, file_okay=False)
]
Index = Annotated[Path | None, typer.Option(help="An index made by `yofo index`.", exists=True, file_okay=False)]
Candidates = Annotated[int, typer.Option(min=1, help="How many products CLIP brings for judging.")]
Rule = Annotated[str, typer.Option(help="Scoring rule: a name or a JSON object; `yofo rules` lists them.")]
JudgeUrl = Annotated[
    str | None,
    typer.Option(
        "--judge",
        metavar="URL",
        help="Ask a server of decision models instead, such as `transformers serve`; --model is its name there. "
        "A key is read from YOFO_JUDGE_API_KEY.",
    ),
]
Dialect = Annotated[
    str, typer.Option("--dialect", help="What the server of --judge speaks: transformers, vllm, sglang, openai.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout; messages go to stderr.")]


def load_judge(
    model: str | None,
    adapter: str | None,
    device: str | None,
    attention: str | None = None,
    states: Path | None = None,
    verdicts: Path | None = None,
) -> YofoJudge:
    """Set up a judge; its weights are read at the first use.

    Raises:
        ConfigError: an unknown attention, a device that is none. ModelError: a folder that is not there.
    """
    check_models(model, adapter)
    check_device(device)
    from yofo_rerank import YofoJudge

    judge = YofoJudge.from_pretrained(
        model or MINI,
        adapter=adapter,
        device=device,
        attention=attention,  # type: ignore[arg-type]  # checked there
        states=states,
        verdicts=True if verdicts is None else verdicts,
    )
    if model is None:  # the command warns of it: `checks.warn_of_mini`
        judge._advice.skip_pictures()
    quiet_libraries()
    return judge


def remote_judge(url: str, dialect: str, model: str | None, *, deadline: float, **local: object) -> SystemOneJudge:
    """A judge behind a server, that has so many seconds for a document; nothing is sent yet.

    Raises:
        BadParameter: an option of a judge in this process was given, too. ConfigError: no address, or no such dialect.
    """
    for name, value in local.items():
        if value is not None:
            raise typer.BadParameter(f"--{name} is for a judge in this process; with --judge the server decides")
    from yofo_rerank.judges import SystemOneJudge

    return SystemOneJudge(url, model=model, dialect=dialect, deadline=deadline)


def open_judge(model: str | None, url: str | None, dialect: str, deadline: float = 60.0, /, **local: Any) -> Any:
    """`remote_judge` where there is an address, else `load_judge`; `local` are options of a judge in this process."""
    if url is None:
        return load_judge(model, **local)
    return remote_judge(url, dialect, model, deadline=deadline, **local)


def named(model: str | None, adapter: str | None, url: str | None = None) -> str:
    """The judge, for the output.

    >>> named(None, None), named("Qwen/Qwen3-VL-2B-Instruct", "runs/final")
    ('mini (embedded)', 'Qwen/Qwen3-VL-2B-Instruct with the adapter runs/final')
    """
    if url is not None:
        return f"{model} at {url}" if model else url
    name = f"{MINI} (embedded)" if model in (None, MINI) else str(model)
    return f"{name} with the adapter {adapter}" if adapter else name


def quiet_libraries() -> None:
    """Keep Hugging Face's notices and progress bars out of a command's output."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


def parse_rule(text: str) -> str | dict[str, Any]:
    """A scoring rule from the command line: its name, or a JSON object with a `kind`.

    >>> parse_rule('{"kind": "threshold_count", "threshold": 0.5}')["kind"]
    'threshold_count'

    Raises:
        BadParameter: no JSON. RuleError: no rule. Both show an example of each.
    """
    from yofo_rerank.scoring import EXAMPLES, get_rule

    examples = "; ".join(f"'{json.dumps(example)}'" for example in EXAMPLES.values())
    wanted = f'It takes a name, or a JSON object with a "kind": {examples}'
    try:
        spec = json.loads(text) if text.lstrip().startswith(("{", "[")) else text
        get_rule(spec)
    except json.JSONDecodeError as error:
        raise typer.BadParameter(f"--rule is no JSON object ({error}). {wanted}") from error
    except RuleError as error:
        raise RuleError(f"--rule: {error}. {wanted}") from error
    return spec


@contextmanager
def step(name: str) -> Iterator[None]:
    """Show what takes time while it runs, on stderr; nothing when that is not a terminal, or with -q.

    What libraries print meanwhile goes there too.
    """
    from rich.console import Console

    shown = nullcontext() if messages.is_quiet() else Console(stderr=True).status(f"{name} ...")
    with shown, redirect_stdout(sys.stderr):
        yield


@contextmanager
def judging() -> Iterator[bool]:
    """Whether to show how many documents are judged; what libraries print meanwhile goes to stderr."""
    with redirect_stdout(sys.stderr):
        yield not messages.is_quiet()
