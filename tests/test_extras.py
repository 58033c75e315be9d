import pytest

from yofo_rerank.errors import MissingExtra
from yofo_rerank.extras import require


def test_require():
    require("json", extra="x")
    with pytest.raises(MissingExtra, match=r'nowhere: pip install "yofo-rerank\[some\]"'):
        require("nowhere", extra="some")
    with pytest.raises(ImportError):
        require("nowhere.inside", extra="some")
