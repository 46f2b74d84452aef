"""Documents that are made for the tests: PDF with a text layer, and pictures of text."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageFont


def pdf_of(*pages: str) -> bytes:
    """A PDF document with a text layer, a line a page."""
    kids = " ".join(f"{4 + 2 * index} 0 R" for index in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for index, text in enumerate(pages):
        stream = f"BT /F1 24 Tf 72 700 Td ({text}) Tj ET"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {5 + 2 * index} 0 R /Resources << /Font << /F1 3 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    content, places = b"%PDF-1.4\n", list[int]()
    for number, one in enumerate(objects, 1):
        places.append(len(content))
        content += f"{number} 0 obj\n{one}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\n"
    return content + f"{end}startxref\n{len(content)}\n%%EOF\n".encode()


def picture_of(text: str, form: str = "PNG", size: int = 36) -> bytes:
    """A picture of a text, as it is scanned."""
    lines = text.splitlines() or [""]
    picture = Image.new("RGB", (40 + int(size * 0.62 * max(map(len, lines))), 40 + int(size * 1.5) * len(lines)), "white")
    drawing = ImageDraw.Draw(picture)
    for index, line in enumerate(lines):
        drawing.text((20, 20 + int(size * 1.5) * index), line, fill="black", font=ImageFont.load_default(size=size))
    content = io.BytesIO()
    picture.save(content, form)
    return content.getvalue()
