"""What the components share: paths."""

import pytest

from yofo_rerank.errors import ImageError
from yofo_rerank.frameworks.paths import confined, file_named


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
    with pytest.raises(ImageError, match="nothing is fetched") as caught:
        confined("https://example.com/a.png", root)
    assert caught.value.code == "url"
    with pytest.raises(ImageError) as caught:
        confined("a\x00", root)
    assert caught.value.code == "bad_path"


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("file:///photos/1.jpg", "/photos/1.jpg"),
        ("FILE://localhost/photos/a%20%23b.jpg", "/photos/a #b.jpg"),
        ("file:/photos/1.jpg", "/photos/1.jpg"),
        ("file://photos/1.jpg", None),  # on a machine named photos
        ("https://example.com/1.jpg", None),
    ],
)
def test_the_path_that_a_file_address_names(address, path):
    assert file_named(address) == path


def test_a_file_address_is_opened_inside_a_root_alone(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    assert confined(f"file://{root}/a%20b.png", root) == root / "a b.png"
    for address in ("file:///etc/passwd", f"file://{root}/../x", f"file://{root}/link/x", "file://root/a.png"):
        with pytest.raises(ImageError, match="nothing is fetched") as caught:
            confined(address, root)
        assert caught.value.code == "url"
    with pytest.raises(ImageError, match=r"wanted the path '/photos/1\.jpg' alone, or a root folder") as caught:
        confined("file:///photos/1.jpg", None)
    assert caught.value.code == "url"
