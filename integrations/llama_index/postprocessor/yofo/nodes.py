"""LlamaIndex nodes as documents of the library; `resolve_image()` is never called, as it would fetch and open anything.

| node | its image is |
|---|---|
| `ImageNode` | `image` (base64), else `image_path`, else `image_url` |
| `Node`, `ImageDocument`, `Document` | `image_resource`: `data`, else `path`, else `url` |
| any | else, if asked for, the picture that a metadata field names; a list of paths there names several views |

A PDF is the page that the metadata tell (`page_number`, or what the PDF itself calls it: `page_label`), else all pages.
A `file:` address is the path that it names, confined as every path.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from llama_index.core.schema import BaseNode, ImageNode, MetadataMode, Node

from yofo_rerank.documents import Document
from yofo_rerank.errors import DocumentError, ImageError
from yofo_rerank.frameworks.fetch import fetch_image
from yofo_rerank.frameworks.paths import confined
from yofo_rerank.frameworks.pdfs import names_pdf, pages_of
from yofo_rerank.images import ImageSource, is_data_uri

_FETCHES_AT_ONCE = 8


@dataclass(frozen=True)
class NodeReader:
    """Where image and text of a node are found, and what may be opened for it."""

    image_root: str | None = None  # confines paths, and relative ones start there
    allow_remote_images: bool = False
    file_path_key: str | None = None  # metadata field that names an image
    metadata_mode: MetadataMode = MetadataMode.NONE

    def read(self, node: BaseNode, id_: str) -> Document:
        """The node as a document; an address is fetched only if that is allowed, and no file is opened, but a PDF whose
        page is not named.

        Raises:
            DocumentError: neither image nor text.
            ImageError: a path outside the root, or an address.
        """
        text = node.get_content(metadata_mode=self.metadata_mode)
        images: list[ImageSource] = []
        for file in self._files(node, has_text=bool(text.strip())):
            images += pages_of(file, node.metadata, self.image_root) if names_pdf(file) else [file]
        return Document(images=images, text=text, id=id_, root=self.image_root)

    def read_all(self, nodes: Sequence[BaseNode], ids: Sequence[str]) -> list[Document | DocumentError]:
        """Every node as a document, or the error that kept it from becoming one."""
        if not self.allow_remote_images:
            return list(map(self._document_or_error, nodes, ids))
        with ThreadPoolExecutor(_FETCHES_AT_ONCE) as pool:
            return list(pool.map(self._document_or_error, nodes, ids))

    def _document_or_error(self, node: BaseNode, id_: str) -> Document | DocumentError:
        try:
            return self.read(node, id_)
        except DocumentError as error:
            return error
        except Exception as error:  # noqa: BLE001  # what is wrong with one node stays with it
            return DocumentError(f"the node cannot be read: {type(error).__name__}: {str(error)[:200]}")

    def _files(self, node: BaseNode, *, has_text: bool) -> list[str | Path | bytes]:
        data, path, url = _image_fields(node)
        named = node.metadata.get(self.file_path_key) if self.file_path_key else None
        if isinstance(named, list | tuple) and named:
            return [confined(one, self.image_root) for one in named]
        if data:
            return [data if is_data_uri(data) else "data:;base64," + "".join(data.split())]
        if path:
            return [confined(path, self.image_root)]
        if url:
            return [self._remote(url)]
        if isinstance(named, str | Path) and (_is_picture(named) or not has_text):
            return [confined(named, self.image_root)]
        return []

    def _remote(self, url: str) -> str | Path | bytes:
        if is_data_uri(url):
            return url
        if url.lower().startswith("file:"):
            return confined(url, self.image_root)
        if self.allow_remote_images:
            return fetch_image(url)
        raise ImageError(
            f"got the address {url[:200]!r}, and nothing is fetched; wanted path or data, or allow_remote_images=True",
            code="url",
        )


def _image_fields(node: BaseNode) -> tuple[str | None, str | Path | None, str | None]:
    """Base64 data, path and address, as far as they are there."""
    if isinstance(node, ImageNode):
        return node.image, node.image_path, node.image_url
    resource = node.image_resource if isinstance(node, Node) else None
    if resource is None:
        return None, None, None
    data = None if resource.data is None else resource.data.decode("ascii")  # MediaResource keeps it as base64
    return data, resource.path, None if resource.url is None else str(resource.url)


def _is_picture(path: str | Path) -> bool:
    """By its name: text nodes, too, keep the path of their file."""
    return (mimetypes.guess_type(str(path))[0] or "").startswith("image/")
