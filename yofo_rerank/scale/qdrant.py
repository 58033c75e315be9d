"""A judged catalogue in Qdrant (extra `qdrant`): a point for each document with a vector, its answers as the payload.

| field | what |
|---|---|
| `document` | its id; the id of the point is made from it, so that writing again replaces, and doubles nothing |
| `yes`, `no` | texts of requirements, by their verdict: `FieldCondition(key="yes", match=MatchValue(value="pink"))` |
| `p_yes` | a number for each requirement that was judged |
| `failure` | code of what went wrong, or null |
| `partition`, `judge`, `stamp` | as the Parquet files have them |
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yofo_rerank.errors import RetrievalError
from yofo_rerank.extras import require

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

BATCH = 256  # points of one request
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://qdrant.tech/yofo-rerank/document")
KEY = "QDRANT_API_KEY"


@dataclass(frozen=True)
class QdrantCollection:
    """A collection, which is made where it is not there; documents of the same id are one point.

    Args:
        name: of the collection.
        address: of a server (its key is read from the environment, `QDRANT_API_KEY`), or a folder: Qdrant's local mode.
    """

    name: str
    address: str = "http://localhost:6333"

    def write(self, folder: str, partition: str, rows: Sequence[dict[str, Any]], requirements: Sequence[str]) -> None:  # noqa: ARG002 - of every output
        """Put the points of a partition, and wait until they are there.

        Raises:
            MissingExtra: no qdrant-client.
            RetrievalError: codes `another_collection`: there is one of this name with other vectors; `unreachable`:
                Qdrant does not answer, or refuses, or another process has its folder.
        """
        found = [row for row in rows if row["vector"] is not None]
        if not found:
            return
        with self._reached(partition) as client:
            self._ready(client, len(found[0]["vector"]))
            points = [_point(partition, row, requirements) for row in found]
            for start in range(0, len(points), BATCH):
                client.upsert(self.name, points[start : start + BATCH], wait=True)

    def remove(self, folder: str, partition: str) -> None:  # noqa: ARG002 - of every output
        """Take away the points of a partition that are of no other by now, and wait until they are gone.

        Raises:
            MissingExtra: no qdrant-client. RetrievalError: code `unreachable`.
        """
        with self._reached(partition) as client:
            from qdrant_client.models import FieldCondition, Filter, FilterSelector, MatchValue

            condition = FieldCondition(key="partition", match=MatchValue(value=partition))
            if client.collection_exists(self.name):
                client.delete(self.name, FilterSelector(filter=Filter(must=[condition])), wait=True)

    def client(self) -> QdrantClient:
        """Connected; close it.

        Raises:
            MissingExtra: no qdrant-client.
        """
        require("qdrant_client", extra="qdrant")
        from qdrant_client import QdrantClient

        if "://" in self.address:
            return QdrantClient(url=self.address, api_key=os.environ.get(KEY))
        return QdrantClient(path=self.address)

    @contextmanager
    def _reached(self, partition: str) -> Iterator[QdrantClient]:
        require("qdrant_client", extra="qdrant")
        from qdrant_client.http.exceptions import ApiException

        try:
            with closing(self.client()) as client:
                yield client
        except (ApiException, OSError, RuntimeError) as error:  # RuntimeError: a folder that is in use
            message = f"{self.address} takes nothing of partition {partition}: {' '.join(str(error).split())[:300]}"
            raise RetrievalError(message, code="unreachable") from error

    def _ready(self, client: QdrantClient, dim: int) -> None:
        from qdrant_client.models import Distance, VectorParams

        wanted = VectorParams(size=dim, distance=Distance.COSINE)
        if not client.collection_exists(self.name):
            client.create_collection(self.name, vectors_config=wanted)
            return
        known = client.get_collection(self.name).config.params.vectors
        if not isinstance(known, VectorParams) or (known.size, known.distance) != (dim, Distance.COSINE):
            message = f"the collection {self.name!r} has {known!r:.120}, wanted cosines of vectors of length {dim}"
            raise RetrievalError(message, code="another_collection")


def point_id(document: str) -> str:
    """The id of a document's point.

    >>> point_id("tops/12.png") == point_id("tops/12.png") != point_id("tops/13.png")
    True
    """
    return str(uuid.uuid5(NAMESPACE, document))


def _point(partition: str, row: dict[str, Any], requirements: Sequence[str]) -> Any:
    from qdrant_client.models import PointStruct

    payload = {name: row[name] for name in ("document", "judge", "stamp")}
    payload |= {"partition": partition, "failure": row["code"], "yes": [], "no": [], "p_yes": {}}
    if row["code"] is None:
        for text, p_yes, verdict in zip(requirements, row["p_yes"], row["verdict"], strict=True):
            payload["p_yes"][text] = p_yes
            if verdict is not None:
                payload["yes" if verdict else "no"].append(text)
    return PointStruct(id=point_id(row["document"]), vector=list(row["vector"]), payload=payload)
