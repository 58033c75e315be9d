"""`yofo index`: embed a folder of images once, to be searched often."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yofo_rerank.cli import checks, messages, options
from yofo_rerank.devices import check_device


def index(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Images, searched recursively.")],
    out: Annotated[Path, typer.Option(help="A folder, where the index is written.", file_okay=False)],
    encoder: options.Encoder = None,
    pretrained: options.Pretrained = None,
    device: options.Device = None,
    states: options.States = None,
    model: options.Model = None,
    adapter: options.Adapter = None,
) -> None:
    """Embed every image of a folder with CLIP, and write a FAISS index; unreadable images are named and skipped.

    An index in the folder OUT is replaced; any other folder that is not empty is refused, and so is one that shares
    files with the images. With --states the judge, too, looks at every image now, so that the first search finds its
    work done.

    Example: yofo index photos --out photos.index
    """
    checks.check_models(encoder if pretrained is None else None)
    check_device(device)
    judge = None if states is None else options.load_judge(model, adapter, device, states=states)
    from yofo_rerank.cli.catalogue import DEFAULT_ENCODER, check_out, index_folder, keep_states

    check_out(out, folder)
    if encoder is None:
        checks.warn_of_mini("--encoder", checks.REAL_ENCODER)
    from yofo_rerank.retrieval import ClipEncoder

    retriever = index_folder(folder, ClipEncoder(encoder or DEFAULT_ENCODER, pretrained, device=device))
    retriever.save(out)
    messages.say(f"{len(retriever)} documents in {out}, found by {options.named(encoder, None)}")
    if judge is not None:
        messages.say(f"{keep_states(judge, folder)} prefix states in {states}, of {options.named(model, adapter)}")
