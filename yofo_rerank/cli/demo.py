"""`yofo demo`: a page where a person plays with the search."""

from __future__ import annotations

import threading
from typing import Annotated

import typer

from yofo_rerank.cli import checks, options


def demo(
    images: options.Images = None,
    index: options.Index = None,
    candidates: options.Candidates = 100,
    model: options.Model = None,
    adapter: options.Adapter = None,
    encoder: options.Encoder = None,
    pretrained: options.Pretrained = None,
    device: options.Device = None,
    host: Annotated[str, typer.Option(help="Where to listen; other machines reach 0.0.0.0.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Default: the first free one from 7860.")] = None,
) -> None:
    """Open a page to type sentences, change requirements and see reasons, on the embedded catalogue or your images.

    Example: yofo demo --index photos.index --model Qwen/Qwen3-VL-2B-Instruct
    """
    checks.check_one_catalogue(images, index)
    from yofo_rerank.extras import require

    require("gradio", extra="demo")
    judge = options.load_judge(model, adapter, device)
    if model is None and (images or index):
        checks.warn_of_mini("--model", checks.REAL_MODEL)
    from yofo_rerank.cli.catalogue import open_retriever
    from yofo_rerank.demo.actions import Engine
    from yofo_rerank.demo.app import serving

    retriever = open_retriever(images, index, encoder=encoder, pretrained=pretrained, device=device)
    with options.step("Loading the judge"):
        judge.info()
    engine = Engine(retriever, judge, candidates, options.named(model, adapter))
    with serving(engine, host=host, port=port) as address:
        typer.echo(f"open {address} (Ctrl-C ends it)")
        threading.Event().wait()
