"""What the routes share: the judge, and who may ask how much of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from fastapi import Request

from yofo_rerank.judging import Judge, check_requirements
from yofo_rerank.progress import watched
from yofo_rerank.requirements import JudgedDocument
from yofo_rerank.reranker import Explained, YofoReranker
from yofo_rerank.serving import rerank_api, system_one_api
from yofo_rerank.serving.bodies import Held
from yofo_rerank.serving.documents import Fetching, count_addresses, is_address, try_document
from yofo_rerank.serving.errors import ApiError
from yofo_rerank.serving.gate import Gate
from yofo_rerank.serving.keys import Keys, Rates
from yofo_rerank.serving.measures import Measures
from yofo_rerank.serving.settings import ServeSettings


class Service:
    """One judge, its limits and its counters."""

    def __init__(self, judge: Judge, settings: ServeSettings) -> None:
        self.settings = settings
        self.judge = judge
        self.reranker = YofoReranker(judge)
        self.gate = Gate(settings.limits)
        self.held = Held(settings.limits.held_body_bytes)
        self.keys, self.rates = Keys(settings.keys), Rates(settings.limits.requests_per_minute)
        self.strangers = Rates(settings.limits.requests_per_minute)  # apart, so that they push no key out
        self.measures = Measures(self.gate)
        self.is_ready = False

    def admit(self, authorization: str | None, address: str) -> str:
        """Count a request; a name for the holder of its key, empty where nobody needs one.

        Raises:
            ApiError: 401 for no key or a wrong one, 429 too often.
        """
        try:
            caller = self.keys.check(authorization) or ""
        except ApiError:
            self.strangers.take(address)
            raise
        self.rates.take(caller or address)
        return caller

    async def rerank(self, body: rerank_api.RerankV1 | rerank_api.RerankV2, request: Request) -> Explained:
        """Judge and rank; refuses what is too much before anything is decoded."""
        self._check_model(body.model)
        self._check_addresses(count_addresses(body.documents))
        if rerank_api.too_long(body.words):
            raise ApiError(422, "bad_query", f"the query has {len(body.words):,} characters")

        def work(tick: Callable[[int, int], None]) -> Explained:
            fetching = self._fetching(tick)
            documents = [try_document(one, place, fetching) for place, one in enumerate(body.documents)]
            tick(0, len(documents))  # judging begins
            return self.reranker.explain(
                body.words, documents, requirements=body.requirements, scoring=body.scoring, progress=tick
            )

        found = await self.gate.run(work, request.is_disconnected, len(body.documents))
        self._count([one.failure is None for one in found.places], len(found.query.requirements), found.n_tokens)
        return found

    async def decide(self, body: system_one_api.SystemOne, request: Request) -> JudgedDocument:
        """Judge one state."""
        self._check_model(body.model)
        self._check_addresses(sum(map(is_address, system_one_api.all_images(body))))
        asked = check_requirements([question.instructions for question in body.questions.values()])

        def work(tick: Callable[[int, int], None]) -> JudgedDocument:
            document, ask = system_one_api.to_document(body, self._fetching(tick)), self.judge.judge_outcomes
            tick(0, 1)
            return ask([document], asked, **watched(ask, tick))[0]

        outcome = await self.gate.run(work, request.is_disconnected, 1)
        self._count([outcome.failure is None], len(asked), outcome.n_tokens)
        return outcome

    def _check_model(self, name: str) -> None:
        if name not in self.settings.names:
            raise ApiError(
                404, "unknown_model", f"no model {name[:80]!r} here; known: {', '.join(self.settings.names)}"
            )

    def _check_addresses(self, count: int) -> None:
        most = self.settings.limits.max_fetched
        if count > most and self.settings.image_hosts:  # without hosts nothing is fetched: each fails alone
            raise ApiError(422, "too_many_addresses", f"got {count} addresses of images, wanted at most {most}")

    def _fetching(self, tick: Callable[[int, int], None]) -> Fetching:
        return Fetching(self.settings.image_hosts, partial(tick, 0, 0))  # stops where nobody waits any more

    def _count(self, judged: Sequence[bool], n_requirements: int, n_tokens: int | None) -> None:
        self.measures.documents.labels("judged").inc(sum(judged))
        self.measures.documents.labels("failed").inc(len(judged) - sum(judged))
        self.measures.verdicts.inc(sum(judged) * n_requirements)
        self.measures.tokens.inc(n_tokens or 0)
