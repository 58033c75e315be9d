"""A program that judges a catalogue, to be killed: FOLDER TRACES OUT."""

import sys
from pathlib import Path

from tests.scale.judges import RedJudge
from yofo_rerank.scale import Pool, judge_catalogue
from yofo_rerank.scale.pool import connected

if __name__ == "__main__":
    folder, traces, out = map(Path, sys.argv[1:])
    with connected("local", num_cpus=2, object_store_memory=100_000_000):
        pool = Pool(min_size=2, max_size=2, num_cpus=0.5, batch_size=4)
        judge_catalogue(folder, RedJudge(traces, seconds=0.25), ["red"], out, pool=pool, size=4)
