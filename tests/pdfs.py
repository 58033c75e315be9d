"""PDF files made by hand, for tests."""

import io

from PIL import Image


def pictures_pdf(*pictures: Image.Image) -> bytes:
    """One page for each picture, as large as it is, in points."""
    buffer = io.BytesIO()
    pictures[0].save(buffer, "PDF", save_all=True, append_images=pictures[1:])
    return buffer.getvalue()


def plain_pdf(
    content: bytes = b"", *, pages: int = 1, box: str = "0 0 100 100", more: str = "", trailer: str = ""
) -> bytes:
    """The same page so many times over, with that content; `more` goes into its dictionary."""
    kids = "3 0 R " * pages
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode(),
        f"<< /Type /Page /Parent 2 0 R /MediaBox [{box}] /Contents 4 0 R {more} >>".encode(),
        b"<< /Length %d >> stream\n%s\nendstream" % (len(content), content),
    ]
    data, places = b"%PDF-1.7\n", []
    for number, one in enumerate(objects, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = f"trailer << /Size 5 /Root 1 0 R {trailer} >>\nstartxref\n{len(data)}\n%%EOF".encode()
    return data + b"xref\n0 5\n0000000000 65535 f \n" + table + end


def encrypted_pdf() -> bytes:
    """Asks for a password that is not empty."""
    secret = "00" * 32
    encryption = f"<< /Filter /Standard /V 1 /R 2 /Length 40 /O <{secret}> /U <{secret}> /P -4 >>"
    return plain_pdf(trailer=f"/Encrypt {encryption} /ID [<00112233> <00112233>]")
