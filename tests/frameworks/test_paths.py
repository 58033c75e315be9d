"""What the components share: paths, extras."""

import pytest

from yofo_rerank.errors import ImageError, MissingExtra
from yofo_rerank.frameworks.extras import require
from yofo_rerank.frameworks.paths import confined


def test_confined(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    assert confined("a.png", None) == "a.png"
    assert confined("a.png", root) == root / "a.png"
    assert confined(root / "a" / ".." / "b.png", str(root)) == root / "b.png"
    for path in ("../x", "/etc/passwd", "link/x"):
        with pytest.raises(ImageError) as caught:
            confined(path, root)
        assert caught.value.code == "outside_root"
    for address in ("https://example.com/a.png", "file:///etc/passwd"):
        with pytest.raises(ImageError, match="nothing is fetched") as caught:
            confined(address, root)
        assert caught.value.code == "url"
    with pytest.raises(ImageError) as caught:
        confined("a\x00", root)
    assert caught.value.code == "bad_path"


def test_require():
    require("json", extra="x")
    with pytest.raises(MissingExtra, match=r'nowhere: pip install "yofo-rerank\[some\]"'):
        require("nowhere", extra="some")
    with pytest.raises(ImportError):
        require("nowhere.inside", extra="some")
