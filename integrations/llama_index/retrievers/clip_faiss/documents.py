"""Documents of the library as LlamaIndex nodes."""

from __future__ import annotations

import base64
import io
import logging
from pathlib import Path

from llama_index.core.schema import BaseNode, ImageNode, TextNode
from PIL import Image

from yofo_rerank.content import image_name
from yofo_rerank.documents import Document
from yofo_rerank.images import is_data_uri
from yofo_rerank.pdf import PdfPage

logger = logging.getLogger(__name__)

VIEWS = "images"  # metadata field: paths of several images


def to_node(document: Document) -> BaseNode:
    """An `ImageNode`, or a `TextNode` for a text alone; id, text and metadata are the document's.

    The node has room for one image: of several, the paths stand in the metadata field `images` too, which
    `YofoRerank(file_path_key="images")` reads. Of a PDF page the number is the field `page_number`.
    """
    text, source = document.text or "", document.image
    metadata = document.to_dict()["metadata"]  # a copy
    if isinstance(source, PdfPage):
        metadata["page_number"] = source.number
        source = source.file
    elif len(document.images) > 1:
        names = [image_name(one) for one in document.images]
        if None in names:
            logger.warning("document %r: a node has room for one image in memory; the others are left out", document.id)
        else:
            metadata[VIEWS] = names
    if source is None:
        return TextNode(id_=document.id, text=text, metadata=metadata)
    if isinstance(source, Path) or (isinstance(source, str) and not is_data_uri(source)):
        return ImageNode(id_=document.id, text=text, metadata=metadata, image_path=str(source))
    if isinstance(source, str):
        return ImageNode(id_=document.id, text=text, metadata=metadata, image=source.partition(",")[2])
    data = _as_png(source) if isinstance(source, Image.Image) else source
    return ImageNode(id_=document.id, text=text, metadata=metadata, image=base64.b64encode(data).decode("ascii"))


def _as_png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()
