"""Peak memory of a catalogue on Ray whose judge is slow, for N and for 4 N pictures: is what waits bounded?

python -m evals.bench.ray_memory
python -m evals.bench.ray_memory --pictures 64 --seconds 0.02 --out /tmp/ray_memory.json

Decoding is much faster than judging here, so that all decoded pictures would pile up if nothing held it back. Counted
are this process and everything it started: what belongs to each process alone, and the object store, which they share.
"""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer
from PIL import Image

from evals.bench.pacing import SleepingJudge
from evals.record import RESULTS, command, print_table, write_record
from yofo_rerank.scale.partitions import partitions_of
from yofo_rerank.scale.pool import Pool, connected
from yofo_rerank.scale.stream import whole_partitions

MB = 1_000_000
EVERY = 0.25  # seconds between two looks


def main(
    pictures: Annotated[int, typer.Option(help="N")] = 1000,
    side: Annotated[int, typer.Option(help="pixels of a picture's side")] = 512,
    seconds: Annotated[float, typer.Option(help="of the judge, a picture")] = 0.02,
    store: Annotated[int, typer.Option(help="MB of decoded pictures that may wait")] = 64,
    object_store: Annotated[int, typer.Option(help="MB of Ray's object store")] = 400,
    out: Annotated[Path, typer.Option()] = RESULTS / "ray_memory.json",
) -> None:
    """Measure, print and record."""
    settings = {"pictures": pictures, "side": side, "seconds": seconds, "store": store, "object_store": object_store}
    figures: dict[str, Any] = {"load_before": os.getloadavg()[0], "runs": []}
    for count in (pictures, 4 * pictures):
        with connected("local", num_cpus=2, object_store_memory=object_store * MB):
            figures["runs"].append(peak(count, side, seconds, store * MB))
    figures["load_after"] = os.getloadavg()[0]
    write_record(out, settings=settings, figures=figures)
    out.with_suffix(".md").write_text(markdown(figures["runs"]), encoding="utf-8")
    print_table("Peak memory, MB", list(figures["runs"][0]), [tuple(one.values()) for one in figures["runs"]])


def markdown(runs: list[dict[str, float]]) -> str:
    """The table as a document includes it."""
    lines = [f"| pictures (`{command()}`) | decoded, in all | peak of processes | peak of the object store |"]
    lines.append("|---|---|---|---|")
    for one in runs:
        sizes = (f"{one[name]:,.0f} MB" for name in ("decoded_mb", "processes_mb", "object_store_mb"))
        lines.append(f"| {one['pictures']:,} | {' | '.join(sizes)} |")
    return "\n".join(lines) + "\n"


def peak(count: int, side: int, seconds: float, store: int) -> dict[str, float]:
    """The largest sizes while so many pictures are judged, within `connected`."""
    pool = Pool(1, 1, num_cpus=0.9, batch_size=8, object_store_bytes=store)
    with tempfile.TemporaryDirectory() as folder:
        draw(Path(folder), count, side)
        watch = Watch()
        watch.start()
        try:
            parts = partitions_of(folder, 32)
            judged = sum(len(rows) for _, rows in whole_partitions(parts, SleepingJudge(seconds), ("x",), pool=pool))
        finally:
            watch.stop()
    if judged != count:
        raise RuntimeError(f"{judged} of {count} pictures were judged")
    if not watch.processes or not watch.store:
        raise RuntimeError("nothing was seen of the memory: the run was too short, or the look at it failed")
    decoded = count * side * side * 3 / MB
    return {
        "pictures": count,
        "decoded_mb": decoded,
        "processes_mb": watch.processes / MB,
        "object_store_mb": watch.store / MB,
    }


def draw(folder: Path, count: int, side: int) -> None:
    """Pictures that differ, small as files."""
    for place in range(count):
        Image.new("RGB", (side, side), (place % 256, place // 256 % 256, 0)).save(folder / f"{place:06}.png")


class Watch(threading.Thread):
    """Looks at this process and its descendants; `processes` is what is theirs alone, `store` what Ray counts."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.processes = self.store = 0
        self._done = threading.Event()

    def run(self) -> None:
        """Until it is stopped."""
        import ray
        from ray._private.internal_api import get_memory_info_reply, get_state_from_address  # nothing public has it

        state = get_state_from_address(ray.get_runtime_context().gcs_address)
        while not self._done.wait(EVERY):
            self.processes = max(self.processes, of_processes())
            used = get_memory_info_reply(state).store_stats.object_store_bytes_used
            self.store = max(self.store, used)

    def stop(self) -> None:
        """Wait until it has."""
        self._done.set()
        self.join()


def of_processes() -> int:
    """Bytes of this process and its descendants, without what they share."""
    me, found = psutil.Process(), 0
    for process in [me, *me.children(recursive=True)]:
        try:
            memory = process.memory_info()
        except psutil.Error:  # it has ended
            continue
        found += max(0, memory.rss - memory.shared)
    return found


if __name__ == "__main__":
    typer.run(main)
