"""A page in the browser for the curation of the paper (section 4.2): one reply after the other, by keyboard.

The server is for this machine alone: it listens on 127.0.0.1, answers requests that name it so (no DNS rebinding), and
takes decisions from its own page only. Texts of models are put on the page as text, images are made anew.
"""

from __future__ import annotations

import json
import random
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

from pydantic import ValidationError

from evals.builders.decisions import FILE, Decision, checked_reply, read_decisions
from evals.builders.images import as_jpeg
from evals.builders.journal import Entry, Lines, read_journal
from evals.builders.kinds import Kind
from evals.builders.replies import BadReply
from yofo_rerank.errors import ImageError

PAGE = Path(__file__).with_name("review.html")
MAX_BODY = 1 << 20
SHOWN_PIXELS = 600_000
_POLICY = (
    "default-src 'none'; img-src 'self'; connect-src 'self'; style-src 'self'; script-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_FILES = {
    "/": ("review.html", "text/html"),
    "/review.js": ("review.js", "text/javascript"),
    "/review.css": ("review.css", "text/css"),
}


class Review:
    """The replies to look at and the decisions about them; used from many threads."""

    def __init__(self, folder: Path, kind: Kind, *, sample: int | None = None, seed: int = 0) -> None:
        self.folder, self.kind = folder, kind
        written = [entry for entry in read_journal(folder).values() if entry.state == "written"]
        written.sort(key=lambda entry: entry.key)
        if sample is not None and sample < len(written):
            written = random.Random(seed).sample(written, sample)
        self.entries = {entry.key: entry for entry in written}
        self._decisions = read_decisions(folder)
        self._lines = Lines(folder / FILE)
        self._lock = threading.Lock()

    def items(self) -> list[dict[str, Any]]:
        """Everything that the page shows."""
        with self._lock:
            return [self._item(entry) for entry in self.entries.values()]

    def decide(self, data: bytes) -> dict[str, Any]:
        """Keep a decision, on the disk before this returns.

        Raises:
            BadReply: no decision, an unknown key, or a mended reply that is not sound.
        """
        try:
            decision = Decision.model_validate_json(data)
        except ValidationError as error:
            raise BadReply(
                error.errors(include_url=False, include_input=False, include_context=False)[0]["msg"]
            ) from error
        if decision.key not in self.entries:
            raise BadReply("there is no reply of this key")
        if decision.reply is not None:
            decision = decision.model_copy(update={"reply": checked_reply(self.kind, decision.reply).model_dump()})
        with self._lock:
            self._lines.add(decision.model_dump(exclude_none=True))
            self._decisions[decision.key] = decision
            return self._item(self.entries[decision.key])

    def picture(self, key: str, place: int) -> bytes | None:
        """One image of a reply as JPEG; None where there is none."""
        entry = self.entries.get(key)
        if entry is None or not 0 <= place < len(entry.images):
            return None
        return as_jpeg(self.folder / entry.images[place], SHOWN_PIXELS, self.folder)

    def close(self) -> None:
        """Close the file of decisions."""
        self._lines.close()

    def _item(self, entry: Entry) -> dict[str, Any]:
        decision = self._decisions.get(entry.key)
        reply = decision.reply if decision is not None and decision.reply is not None else entry.reply
        action = decision.action if decision is not None else None
        return {"key": entry.key, "images": len(entry.images), "reply": reply, "action": action}


def serve(review: Review, port: int = 0) -> ThreadingHTTPServer:
    """The server, bound but not yet running; `server_port` is its port."""

    class Handler(_Handler):
        pass

    Handler.review = review
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    return server


class _Handler(BaseHTTPRequestHandler):
    review: Review
    timeout = 30  # seconds of silence

    def do_GET(self) -> None:
        if not self._is_ours():
            return self._send(HTTPStatus.FORBIDDEN, b"wrong host")
        if self.path in _FILES:
            name, kind = _FILES[self.path]
            return self._send(HTTPStatus.OK, PAGE.with_name(name).read_bytes(), kind)
        if self.path == "/items":
            return self._send(HTTPStatus.OK, json.dumps(self.review.items()).encode(), "application/json")
        return self._send_picture()

    def do_POST(self) -> None:
        if not self._is_ours() or self.headers.get("Origin") not in self._origins():
            return self._send(HTTPStatus.FORBIDDEN, b"wrong origin")
        length = self.headers.get("Content-Length", "")
        if self.path != "/decide" or not (length.isascii() and length.isdigit()) or int(length) > MAX_BODY:
            self.close_connection = True
            return self._send(HTTPStatus.BAD_REQUEST, b"wanted a decision of at most 1 MiB")
        try:
            item = self.review.decide(self.rfile.read(int(length)))
        except BadReply as error:
            return self._send(HTTPStatus.UNPROCESSABLE_ENTITY, str(error).encode())
        return self._send(HTTPStatus.OK, json.dumps(item).encode(), "application/json")

    def _send_picture(self) -> None:
        head, _, place = self.path.rpartition("/")
        data = None
        if head.startswith("/picture/") and place.isascii() and place.isdigit() and len(place) < 3:
            try:
                data = self.review.picture(unquote(head.removeprefix("/picture/")), int(place))
            except ImageError as error:
                return self._send(HTTPStatus.NOT_FOUND, str(error).encode("utf-8", "replace"))
        if data is None:
            return self._send(HTTPStatus.NOT_FOUND, b"not found")
        return self._send(HTTPStatus.OK, data, "image/jpeg")

    def _is_ours(self) -> bool:
        return f"http://{self.headers.get('Host')}" in self._origins()

    def _origins(self) -> tuple[str, str]:
        port = cast(ThreadingHTTPServer, self.server).server_port
        return f"http://127.0.0.1:{port}", f"http://localhost:{port}"

    def _send(self, status: HTTPStatus, body: bytes, kind: str = "text/plain") -> None:
        self.send_response(status)
        charset = "" if kind.startswith("image/") else "; charset=utf-8"
        headers = {
            "Content-Type": kind + charset,
            "Content-Length": str(len(body)),
            "Content-Security-Policy": _POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing: the page is the place to look at."""
