"""SystemOneJudge: a decision model behind an HTTP server, as a judge."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any
from urllib.parse import SplitResult, urlsplit

from yofo_rerank.advice import Advice
from yofo_rerank.documents import Document, DocumentLike, as_documents
from yofo_rerank.errors import ConfigError, DocumentError, MissingExtra, RemoteError, YofoError
from yofo_rerank.judges.dialects import Dialect, get_dialect
from yofo_rerank.judges.http import Line, open_line, post_json
from yofo_rerank.judges.sent_images import show
from yofo_rerank.judging import check_requirements, unjudged
from yofo_rerank.progress import Progress, counting
from yofo_rerank.request_ids import HEADER, current_id
from yofo_rerank.requirements import JudgedDocument, Judgement, Requirement

ROUNDING = 1e-5  # what a sum of probabilities in single precision may be above 1
TICK_EVERY = 0.5  # seconds without an answer after which the caller is told again how far it is, and may stop
API_KEY = "YOFO_JUDGE_API_KEY"  # the environment variable that holds a key, unless another is named


class SystemOneJudge:
    """Asks requirements of a server with decision models: `transformers serve`, vLLM, SGLang, or OpenAI's shape.

    Documents are asked at once over a bounded number of connections, each within a deadline; what may pass (429, 5xx,
    a broken connection) is tried again, a refusal is not. A document that fails is failed with a code, never scored.
    All requests of a call have one `X-Request-Id`: within `yofo serve` that of the request it answers, else a new one.

    >>> judge = SystemOneJudge("http://127.0.0.1:8000", model="my-export")
    >>> judge.info()["dialect"]
    'transformers'

    Args:
        base_url: of the server, without the path of the dialect.
        model: the name that the server knows; None where it serves one model whatever is named.
        dialect: "transformers", "vllm", "sglang" or "openai"; see `yofo_rerank.judges.dialects`.
        question: how a requirement is asked, with its place as {requirement}; None = as it stands for transformers
            (an exported folder has its own words), else "Is it true of this product: {requirement}?".
        api_key_env: environment variable whose value goes into the Authorization header; nothing is sent where unset.
        connections: at one time, of all calls of this judge together.
        deadline: seconds for one document, all tries and pauses included.
        tries: of one request.
        max_pixels: larger images are made smaller before they are sent.

    Raises:
        ConfigError: an argument that cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        *,
        model: str | None = None,
        dialect: str = "transformers",
        question: str | None = None,
        api_key_env: str = API_KEY,
        connections: int = 8,
        deadline: float = 60.0,
        tries: int = 4,
        max_pixels: int = 1_003_520,
    ) -> None:
        self._base_url = _checked_url(base_url)
        self._dialect = get_dialect(dialect)
        self._question = self._dialect.question if question is None else question
        if "{requirement}" not in self._question:
            raise ConfigError(f"question must hold {{requirement}}, but got {question!r:.80}")
        for name, value in (("connections", connections), ("tries", tries), ("max_pixels", max_pixels)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ConfigError(f"{name} must be an int of at least 1, but got {value!r}")
        if not isinstance(deadline, int | float) or not 0 < deadline < math.inf:
            raise ConfigError(f"deadline must be a number of seconds above 0, but got {deadline!r}")
        self._model = model
        self._api_key_env = api_key_env
        self._connections, self._deadline, self._tries = connections, float(deadline), tries
        self._max_pixels = max_pixels
        self._advice = Advice(None)
        self._places, self._pid = threading.BoundedSemaphore(connections), os.getpid()

    def __getstate__(self) -> dict[str, Any]:
        """Without the semaphore, which cannot travel to another process."""
        return {name: value for name, value in vars(self).items() if name != "_places"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _places=threading.BoundedSemaphore(state["_connections"]), _pid=os.getpid())

    def judge_outcomes(
        self,
        documents: Sequence[DocumentLike],
        requirements: Sequence[str | Requirement],
        *,
        progress: Progress = False,
    ) -> list[JudgedDocument]:
        """Judgements of every document in the order given, or the failure that prevented them.

        Raises:
            RequirementError: no requirements, or an unusable one. DocumentError: something that is no document.
            ConfigError: a key in the environment that no header can hold.
        """
        checked, asked = as_documents(documents), check_requirements(requirements)
        if self._pid != os.getpid():  # forked: who held a place is not here to give it back
            self._places, self._pid = threading.BoundedSemaphore(self._connections), os.getpid()
        stop = threading.Event()
        with self._line() as line, counting(progress) as tick:
            pool = ThreadPoolExecutor(self._connections, thread_name_prefix="yofo-http-judge")
            try:
                running = [pool.submit(self._judge, line, one, asked, stop) for one in checked]
                outcomes = list(_watched(running, tick))
            finally:
                stop.set()
                pool.shutdown(cancel_futures=True)
        for outcome in outcomes:
            self._advice.look_at_mass(outcome.judgements)
        return outcomes

    def info(self) -> dict[str, Any]:
        """What is judged with, in plain JSON types."""
        return {"model": self._model, "url": self._base_url, "dialect": self._dialect.name, "question": self._question}

    def unload(self) -> None:
        """Nothing is held: the server has the model."""

    def _judge(
        self, line: Line, document: Document, requirements: Sequence[Requirement], stop: threading.Event
    ) -> JudgedDocument:
        try:
            with self._place(stop):
                found, n_tokens = self._ask(line, document, [requirement.text for requirement in requirements], stop)
        except YofoError as error:
            return unjudged(error)
        judgements = tuple(
            Judgement(requirement=one, p_yes=p, verdict=p > 0.5, label_mass=mass)
            for one, (p, mass) in zip(requirements, found, strict=True)
        )
        return JudgedDocument(judgements, n_tokens=n_tokens)

    def _ask(
        self, line: Line, document: Document, texts: Sequence[str], stop: threading.Event
    ) -> tuple[list[tuple[float, float | None]], int | None]:
        """Probability and label mass of each, and the input tokens of all requests, where the server says them."""
        deadline = time.monotonic() + self._deadline
        shown = show(document, self._max_pixels)
        most = self._dialect.max_images
        if len(shown.images) > most:
            message = f"the document has {len(shown.images)} images, but {self._dialect.name} takes {most}"
            raise DocumentError(message, code="too_many_images")
        questions = [self._question.replace("{requirement}", text) for text in texts]
        named = {} if self._model is None else {"model": self._model}
        found: list[tuple[float, float | None]] = []
        counts: list[int | None] = []
        for start in range(0, len(questions), self._dialect.max_questions):
            part = questions[start : start + self._dialect.max_questions]
            body = named | self._dialect.write(shown, part)
            answer = post_json(line, self._dialect.path, body, deadline=deadline, tries=self._tries, stop=stop)
            found += _answers(self._dialect, answer, len(part))
            counts.append(_input_tokens(answer))
        return found, None if None in counts else sum(count for count in counts if count is not None)

    @contextmanager
    def _place(self, stop: threading.Event) -> Iterator[None]:
        """One of the connections; waits for it until the caller stops."""
        places = self._places
        while not places.acquire(timeout=0.1):
            if stop.is_set():
                raise RemoteError("the caller stopped", code="stopped")
        try:
            yield
        finally:
            places.release()

    @contextmanager
    def _line(self) -> Iterator[Line]:
        try:
            import httpx  # noqa: F401 - whether it is there
        except ModuleNotFoundError as error:  # pragma: no cover - Hugging Face's own client brings it
            raise MissingExtra("a judge over HTTP needs httpx: pip install httpx") from error
        key = os.environ.get(self._api_key_env, "").strip()
        if not key.isascii() or any(character.isspace() or not character.isprintable() for character in key):
            raise ConfigError(f"the key in {self._api_key_env} must be printable ASCII without blanks")
        headers = {HEADER: current_id()} | ({"Authorization": f"Bearer {key}"} if key else {})
        with open_line(self._base_url, headers, self._connections) as line:
            yield line

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._base_url!r}, model={self._model!r}, dialect={self._dialect.name!r})"


def _watched(running: Sequence[Future[JudgedDocument]], tick: Any) -> Iterator[JudgedDocument]:
    for place, future in enumerate(running):
        while tick is not None and not wait([future], TICK_EVERY).done:
            tick(place, len(running))
        yield future.result()
        if tick is not None:
            tick(place + 1, len(running))


def _answers(dialect: Dialect, answer: Any, count: int) -> list[tuple[float, float | None]]:
    try:
        found = dialect.read(answer, count)
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        message = f"the answer has not the shape of {dialect.name!r} (missing {error!s:.80})"
        raise RemoteError(message, code="remote_bad_answer") from error
    return [(_probability(p_yes), None if mass is None else _probability(mass)) for p_yes, mass in found]


def _probability(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1 + ROUNDING:
        raise RemoteError(f"got {value!r:.80} for a probability, wanted 0 to 1", code="remote_bad_answer")
    return min(float(value), 1.0)


def _input_tokens(answer: Mapping[str, Any]) -> int | None:
    """What the server says that a request took."""
    usage = answer.get("usage")
    count = usage.get("input_tokens", usage.get("prompt_tokens")) if isinstance(usage, Mapping) else None
    return count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else None


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
    except ValueError:  # half a pair of brackets, say
        parts = None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"base_url must be an http or https address, but got {url!r:.200}")
    if not _can_be_reached(parts):
        raise ConfigError(f"base_url must hold a host name and a port of 1 to 65535, but got {url!r:.200}")
    if parts.username or parts.password:
        raise ConfigError("base_url must not hold a user or password; put a key into the environment")
    if parts.query or parts.fragment:
        raise ConfigError(f"base_url must not hold a query or fragment, but got {url!r:.200}")
    return url.rstrip("/").removesuffix("/v1")


def _can_be_reached(parts: SplitResult) -> bool:
    """Whether it names a host and a port at all: what does not would fail below httpx, with errors of many kinds."""
    host = parts.hostname or ""
    try:
        host.encode("idna").decode("idna")
        return parts.port != 0 and host.isprintable() and " " not in host
    except ValueError:  # labels that are empty or too long, or a port beyond the last
        return False
