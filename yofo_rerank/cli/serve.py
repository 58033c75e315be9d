"""`yofo serve`: the judge as an HTTP service."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yofo_rerank.cli import messages, options
from yofo_rerank.extras import require
from yofo_rerank.serving.keys import KEYS, known_keys

if TYPE_CHECKING:
    from fastapi import FastAPI

    from yofo_rerank.serving import Limits


Certificate = Annotated[
    Path | None,
    typer.Option(help="PEM file of a certificate and its chain: answer over https.", exists=True, dir_okay=False),
]
CertificateKey = Annotated[
    Path | None, typer.Option(help="PEM file of its key, where that is another file.", exists=True, dir_okay=False)
]
Proxies = Annotated[
    list[str] | None,
    typer.Option(help="Address of a proxy whose X-Forwarded-For says who asks; repeat it. None is believed else."),
]


def serve(
    model: options.Model = None,
    adapter: options.Adapter = None,
    device: options.Device = None,
    states: options.States = None,
    verdicts: options.Verdicts = None,
    judge_url: options.JudgeUrl = None,
    dialect: options.Dialect = "transformers",
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 is every one.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
    name: Annotated[
        list[str] | None, typer.Option(help="A name that requests may give as their model; repeat it.")
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option(help=f"A file with one API key a line; also {KEYS}, separated by commas.", dir_okay=False),
    ] = None,
    image_host: Annotated[
        list[str] | None, typer.Option(help="A host that images are fetched from, over https; repeat it.")
    ] = None,
    deadline: Annotated[float, typer.Option(min=0.1, help="Seconds for one request.")] = 60.0,
    rate: Annotated[int | None, typer.Option(min=1, help="Requests a minute for one key, or one address.")] = None,
    ssl_certfile: Certificate = None,
    ssl_keyfile: CertificateKey = None,
    proxy: Proxies = None,
) -> None:
    """Answer POST /v2/rerank, /v1/rerank and /v1/systemone, until SIGTERM, which lets running requests end.

    With --judge, a server of decision models judges for it, and has --deadline for each document.

    Example: yofo serve --model Qwen/Qwen3-VL-2B-Instruct --verdicts kept
    """
    for module in ("fastapi", "uvicorn", "prometheus_client"):
        require(module, extra="serve")
    from yofo_rerank.serving import Limits, ServeSettings
    from yofo_rerank.serving.app import create_app

    tls = _tls(ssl_certfile, ssl_keyfile)
    settings = ServeSettings(
        names=_names(name, model, judge_url),
        keys=_keys(keys, host, port),
        image_hosts=tuple(image_host or ()),
        limits=Limits(deadline=deadline, requests_per_minute=rate),
    )
    local = {"adapter": adapter, "device": device, "states": states, "verdicts": verdicts}
    app = create_app(options.open_judge(model, judge_url, dialect, deadline, **local), settings)
    _run(app, settings.limits, host=host, port=port, forwarded_allow_ips=proxy or [], **tls)


def _names(given: list[str] | None, model: str | None, judge_url: str | None) -> tuple[str, ...]:
    if not given and model is None and judge_url is not None:
        raise typer.BadParameter("--judge without --model: wanted --name, which requests give as their model")
    return tuple(given or [model or options.MINI])


def _tls(certificate: Path | None, key: Path | None) -> dict[str, str]:
    """Settings of uvicorn; files that are no certificate and key are refused before a model is loaded."""
    import ssl

    if key is not None and certificate is None:
        raise typer.BadParameter("--ssl-keyfile is the key of a certificate; wanted --ssl-certfile, too")
    if certificate is None:
        return {}
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except (ssl.SSLError, OSError) as error:
        raise typer.BadParameter(f"{str(certificate)!r} and its key cannot be used: {error}") from error
    return {"ssl_certfile": str(certificate)} | ({"ssl_keyfile": str(key)} if key else {})


def _run(app: FastAPI, limits: Limits, **settings: Any) -> None:
    import uvicorn

    from yofo_rerank.serving import server

    log = dict(uvicorn.config.LOGGING_CONFIG)
    log["loggers"] = log["loggers"] | {"yofo_rerank": {"handlers": ["default"], "level": "INFO", "propagate": False}}
    uvicorn.run(app, log_config=log, **server.settings(limits), **settings)


def _keys(path: Path | None, host: str, port: int) -> tuple[str, ...]:
    known = known_keys([] if path is None else _lines(path))
    if path is not None and not known:
        raise typer.BadParameter(f"--keys: {str(path)!r} holds no key, so everybody might ask; leave it out for that")
    if not known and host not in ("127.0.0.1", "::1", "localhost"):
        messages.warn(f"everybody who reaches {host}:{port} may ask; set keys with --keys or {KEYS}")
    return known


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").splitlines()
    except OSError as error:
        raise typer.BadParameter(f"--keys: {str(path)!r} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        place = f"byte {error.start} is {error.object[error.start]:#04x}"
        raise typer.BadParameter(f"--keys: {str(path)!r} must be ASCII, one key a line, but {place}") from error
