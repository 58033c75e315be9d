"""What `/metrics` shows, in a registry of each service's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from yofo_rerank.serving.gate import Gate


class Measures:
    """Counters of one service; labels are routes and codes alone, never what a client sent."""

    def __init__(self, gate: Gate) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter("yofo_requests", "Answers.", ["route", "status"], registry=self._registry)
        self.seconds = Histogram("yofo_request_seconds", "Time of a request.", ["route"], registry=self._registry)
        self.documents = Counter("yofo_documents", "Documents judged.", ["outcome"], registry=self._registry)
        self.verdicts = Counter("yofo_verdicts", "Requirements of documents answered.", registry=self._registry)
        self.tokens = Counter("yofo_tokens", "Input tokens, as answered.", registry=self._registry)
        for name, about, read in (
            ("yofo_waiting", "Requests without a place.", lambda: gate.waiting),
            ("yofo_running", "Requests that are judged.", lambda: gate.running),
            ("yofo_seconds_left", "Until those inside would be judged.", lambda: gate.pace.seconds(0)),
        ):
            Gauge(name, about, registry=self._registry).set_function(read)

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry)
