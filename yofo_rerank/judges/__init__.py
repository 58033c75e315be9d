"""Judges that are not local; they keep the protocol of `yofo_rerank.judging.Judge`."""

from yofo_rerank.judges.dialects import DIALECTS, Dialect, get_dialect
from yofo_rerank.judges.system_one import SystemOneJudge

__all__ = ["DIALECTS", "Dialect", "SystemOneJudge", "get_dialect"]
