"""Verdicts on disk of a model that is known by its files: opened, and read, without loading it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from yofo_rerank.errors import VerdictsError
from yofo_rerank.models.config import Calibration
from yofo_rerank.models.digests import FileDigests
from yofo_rerank.models.sources import FileStamps, file_stamps, resolve
from yofo_rerank.models.verdicts.identity import known_model
from yofo_rerank.models.verdicts.opening import path_of
from yofo_rerank.models.verdicts.store import Verdicts, open_verdicts

if TYPE_CHECKING:
    from yofo_rerank.models.build import Source
    from yofo_rerank.prompts.format import Attention


@dataclass(frozen=True)
class Opened:
    """A store, and what turns its answers into probabilities."""

    verdicts: Verdicts
    calibration: Calibration
    folders: tuple[Path, Path | None]  # of the model
    stamps: FileStamps  # of the files in them when it was opened


class SourceVerdicts:
    """The verdicts of one model in a file; any number of threads may call it.

    Args:
        source: which model.
        max_pixels: the caller's, as for loading it.
        attention: of the judge; None = as the prompt format says.
        where: file or folder, see `open_verdicts`.

    Raises:
        VerdictsError: joint attention, where an answer depends on its neighbours.
    """

    def __init__(self, source: Source, max_pixels: int | None, attention: Attention | None, where: str | Path) -> None:
        if attention == "joint":
            raise _joint()
        self._source, self._max_pixels, self._attention = source, max_pixels, attention
        self.path = path_of(where)
        self._opened: Opened | None = None
        self._lock = threading.Lock()

    def open(self) -> Opened:
        """The store; the first time, the model's files are read and named, of which large ones are remembered.

        Raises:
            VerdictsError: joint attention, or a file that holds something else.
            ModelError: the model's files cannot be read.
        """
        with self._lock:
            if self._opened is None:
                folders = self._folders()
                stamps = file_stamps(*folders)
                digests = FileDigests(self.path.with_name(f"{self.path.name}.digests.json"))
                known = known_model(self._source, self._max_pixels, digests, folders)
                if (self._attention or known.layout.attention) == "joint":
                    raise _joint()
                verdicts = open_verdicts(self.path, known.verdict_identity(self._attention))
                self._opened = Opened(verdicts, known.calibration, folders, stamps)
            return self._opened

    def check(self, *, loaded: bool = False) -> None:
        """Forget what the model was called if a file of it has changed.

        Args:
            loaded: it has just been loaded, perhaps from a newer revision.
        """
        with self._lock:
            if (old := self._opened) is not None:
                folders = self._folders() if loaded else old.folders
                if (folders, file_stamps(*folders)) != (old.folders, old.stamps):
                    self._opened = None

    @property
    def hits_and_misses(self) -> tuple[int, int]:
        """Of the opened store."""
        stats = self._opened.verdicts.stats if self._opened is not None else None
        return (stats.hits, stats.misses) if stats else (0, 0)

    def __reduce__(self) -> tuple[type[SourceVerdicts], tuple[object, ...]]:
        return type(self), (self._source, self._max_pixels, self._attention, self.path)  # a copy opens it for itself

    def _folders(self) -> tuple[Path, Path | None]:
        return resolve(self._source.name, self._source.adapter, self._source.revision)


def _joint() -> VerdictsError:
    return VerdictsError(
        "in joint attention an answer depends on what else is asked, so none can be kept; wanted attention='isolated', "
        "or no verdicts="
    )
