"""The service as a Ray Serve application: doors that speak HTTP, and judges behind them that keep their documents.

    serve run yofo_rerank.scale.serve_app:mini

A door is the application of `yofo serve`; its judge asks the deployment `Judges`, document by document. Which replica
is asked follows from the document's content alone (consistent hashing), so that a replica finds its prefix states and
verdicts again; where it is busy or gone, the next one on the ring is asked. A replica gathers what arrives together up
to a token budget. A call whose replica died is asked again: judging twice changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from yofo_rerank.content import default_id
from yofo_rerank.documents import Document
from yofo_rerank.errors import RemoteError
from yofo_rerank.extras import require
from yofo_rerank.judging import Judge, check_requirements
from yofo_rerank.progress import Progress, counting
from yofo_rerank.requirements import Failure, JudgedDocument, Requirement
from yofo_rerank.scale.apart import judge_apart
from yofo_rerank.serving.settings import ServeSettings

if TYPE_CHECKING:
    from ray.serve import Application
    from ray.serve.handle import DeploymentHandle, DeploymentResponse

logger = logging.getLogger(__name__)

Watch = Callable[[], object] | None

ROUTER = "ray.serve.experimental.consistent_hash_router.ConsistentHashRouter"
TRIES = 6  # of one document, each at another replica if need be
PAUSE = 0.2  # seconds after the first failure; doubled after each
IMAGE_TOKENS = 1024  # what an image counts before anybody has looked at it
BATCH_TOKENS = 16_384
BATCH_SECONDS = 0.005  # for others to arrive
CALLS = 32  # of a judge at once
UPSCALE_DELAY = 30.0  # seconds, as Ray's own
LOOK_EVERY = 0.1  # seconds between two looks at whether anybody still waits


@dataclass(frozen=True)
class Ask:
    """A document, and what is asked of it."""

    document: Document
    requirements: tuple[Requirement, ...]


class RoutedJudge:
    """A judge whose answers come from replicas, each document from its own; see the module.

    Args:
        handle: of the deployment `Judges`.
    """

    def __init__(self, handle: DeploymentHandle) -> None:
        self._handle = handle

    def judge_outcomes(
        self,
        documents: Sequence[Document],
        requirements: Sequence[str | Requirement],
        *,
        progress: Progress = False,
    ) -> list[JudgedDocument]:
        """Judgements of every document in the order given, or the failure that prevented them."""
        asked = check_requirements(requirements)
        asks = [Ask(document, asked) for document in documents]
        with counting(progress) as tick:
            running = [self._ask(ask) for ask in asks]
            found: list[JudgedDocument] = []
            try:
                for ask, response in zip(asks, running, strict=True):
                    watch = partial(tick, len(found), len(asks)) if tick else None
                    found.append(self._outcome(ask, response, watch))
            finally:  # nobody waits for the rest, where something went wrong
                for response in running[len(found) :]:
                    response.cancel()
            if tick:
                tick(len(found), len(asks))
        return found

    def info(self) -> dict[str, Any]:
        """What is judged with."""
        return dict(self._handle.info.remote().result())

    def _ask(self, ask: Ask) -> DeploymentResponse[JudgedDocument]:
        key = default_id(ask.document.images, ask.document.text)
        return self._handle.options(session_id=key).judge.remote(ask)  # type: ignore[return-value]  # no stream

    def _outcome(self, ask: Ask, response: DeploymentResponse[JudgedDocument], watch: Watch) -> JudgedDocument:
        from ray.exceptions import NodeDiedError, ObjectLostError, RayActorError, WorkerCrashedError

        for attempt in range(TRIES):
            try:
                return _wait(response, watch)
            # the replica died or its machine did, and with it what it was asked, or had answered
            except (RayActorError, ObjectLostError, NodeDiedError, WorkerCrashedError) as error:
                logger.warning("a replica died (%s); its document is asked again", type(error).__name__)
                time.sleep(PAUSE * 2**attempt)
                response = self._ask(ask)
        message = f"{TRIES} replicas died one after another over document {ask.document.id[:80]!r}"
        return JudgedDocument(failure=Failure(code=RemoteError.default_code, message=message))


def _wait(response: DeploymentResponse[JudgedDocument], watch: Watch) -> JudgedDocument:
    while True:
        if watch:
            watch()  # raises where nobody waits any more
        try:
            return response.result(timeout_s=LOOK_EVERY)
        except TimeoutError:
            continue


class Judges:
    """A replica: one loaded judge."""

    def __init__(self, judge: Judge, batch_tokens: int) -> None:
        from ray import serve

        self._judge = judge
        self._info = judge.info()  # loads
        gather = serve.batch(
            max_batch_size=batch_tokens,
            batch_wait_timeout_s=BATCH_SECONDS,
            max_concurrent_batches=2,
            batch_size_fn=lambda asks: tokens(asks, batch_tokens),
        )
        self._together = gather(self._judge_together)

    async def judge(self, ask: Ask) -> JudgedDocument:
        """Together with what arrives at the same time."""
        found: JudgedDocument = await self._together(ask)
        return found

    async def info(self) -> dict[str, Any]:
        """Of its judge."""
        return self._info

    async def _judge_together(self, asks: list[Ask]) -> list[JudgedDocument]:
        return await asyncio.to_thread(judge_together, self._judge, asks)


def judge_together(judge: Judge, asks: Sequence[Ask]) -> list[JudgedDocument]:
    """Answers in the order of the asks; those with the same requirements are one call, and the calls run at once.

    Our engine joins calls that run at once into one pass for each document (`yofo_rerank.models.works`).
    """
    groups: dict[tuple[Requirement, ...], list[int]] = {}
    for place, ask in enumerate(asks):
        groups.setdefault(ask.requirements, []).append(place)

    def judge_group(requirements: tuple[Requirement, ...]) -> list[JudgedDocument]:
        documents = [asks[place].document for place in groups[requirements]]
        # whatever a judge raises must not reach those who asked something else
        return judge_apart(judge, documents, requirements, caught=Exception)

    with ThreadPoolExecutor(min(len(groups), CALLS)) as pool:
        answers = list(pool.map(judge_group, groups))
    found = {
        place: one
        for places, outcomes in zip(groups.values(), answers, strict=True)
        for place, one in zip(places, outcomes, strict=True)
    }
    return [found[place] for place in range(len(asks))]


def tokens(asks: Sequence[Ask], most: int) -> int:
    """About how much the model will read; one document that is more than all of the budget goes alone.

    >>> tokens([Ask(Document(text="x" * 400), (Requirement(text="blue"),))], 1000)
    101
    """
    return sum(min(most, _tokens(ask)) for ask in asks)


def _tokens(ask: Ask) -> int:
    letters = len(ask.document.text or "") + sum(len(one.text) for one in ask.requirements)
    return letters // 4 + IMAGE_TOKENS * len(ask.document.images)


class Door:
    """A replica that speaks HTTP and has no model."""

    def __init__(self, judges: DeploymentHandle, settings: ServeSettings) -> None:
        self._judges, self._settings = judges, settings

    def __serve_build_asgi_app__(self) -> Any:  # Ray's name
        from yofo_rerank.serving.app import create_app

        return create_app(RoutedJudge(self._judges), self._settings)


def build_app(
    judge: Judge,
    settings: ServeSettings | None = None,
    *,
    replicas: tuple[int, int] = (1, 8),
    doors: tuple[int, int] = (1, 4),
    actor: dict[str, Any] | None = None,
    batch_tokens: int = BATCH_TOKENS,
    upscale_delay: float = UPSCALE_DELAY,
) -> Application:
    """The application, for `ray.serve.run`.

        serve.run(build_app(YofoJudge.from_pretrained("mini"), actor={"num_gpus": 1}))

    Args:
        judge: sent to every replica, where it loads its model.
        settings: of every door.
        replicas: judges, at least and at most; as many as there is to do.
        doors: HTTP replicas, at least and at most.
        actor: what a judge takes, as Ray's `ray_actor_options`.
        batch_tokens: of one batch.
        upscale_delay: seconds of too much to do before more judges or doors are started.

    Raises:
        MissingExtra: no Ray Serve, or no FastAPI.
    """
    for module in ("ray.serve", "fastapi", "prometheus_client"):
        require(module, extra="ray")
    from ray import serve
    from ray.serve.config import AutoscalingConfig, RequestRouterConfig

    def between(least: int, most: int, busy: int) -> AutoscalingConfig:
        return AutoscalingConfig(
            min_replicas=least, max_replicas=most, target_ongoing_requests=busy, upscale_delay_s=upscale_delay
        )

    judges = serve.deployment(
        name="Judges",
        autoscaling_config=between(*replicas, busy=32),
        max_ongoing_requests=128,
        ray_actor_options={"num_cpus": 1} | (actor or {}),
        request_router_config=RequestRouterConfig(request_router_class=ROUTER),  # type: ignore[arg-type]  # or a name
        health_check_period_s=2,
        graceful_shutdown_timeout_s=60,
    )(Judges)
    door = serve.deployment(
        name="Door",
        autoscaling_config=between(*doors, busy=16),
        max_ongoing_requests=256,
        ray_actor_options={"num_cpus": 0.1},
        graceful_shutdown_timeout_s=60,
    )(serve.ingress()(Door))
    return door.bind(judges.bind(judge, batch_tokens), settings or ServeSettings())


def mini(arguments: dict[str, str]) -> Application:
    """For `serve run yofo_rerank.scale.serve_app:mini`; `model=NAME gpus=1` after it choose another judge.

    API keys come from the environment variable YOFO_SERVE_KEYS, as those of `yofo serve`.
    """
    from yofo_rerank import YofoJudge
    from yofo_rerank.serving.keys import known_keys

    model = arguments.get("model", "mini")
    judge = YofoJudge.from_pretrained(model, adapter=arguments.get("adapter"))
    settings = ServeSettings(names=(model,), keys=known_keys())
    return build_app(judge, settings, actor={"num_gpus": float(arguments.get("gpus", 0))})
