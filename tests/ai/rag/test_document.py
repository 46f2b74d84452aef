"""`document`: the text of whatever a document is written in, with the real libraries."""

from __future__ import annotations

import base64
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.ai.rag.conftest import Run, failure
from tests.ai.rag.pictures import pdf_of

HTML = """<!doctype html><html lang="de"><head><title>Handbuch</title><style>p {}</style></head><body><h1>Rückgabe</h1>
<script>alert(1)</script><p>In <b>14</b> Tagen.</p><table><tr><th>Ware</th><th>Tage</th></tr>
<tr><td>Buch</td><td>30</td></tr></table></body></html>"""


def docx_of(*paragraphs: str) -> bytes:
    """A Word document, as small as one can be."""
    said = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
        "</Relationships>",
        "word/document.xml": '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
        f"{said}</w:body></w:document>",
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name, text in parts.items():
            file.writestr(name, text)
    return content.getvalue()


def packed(content: bytes) -> str:
    return base64.b64encode(content).decode()


@pytest.mark.parametrize(
    ("name", "content", "form", "text"),
    [
        ("a.txt", b"one\r\ntwo", "text", "one\ntwo"),
        ("a.md", "# Über\n\nText".encode("utf-16"), "markdown", "# Über\n\nText"),
        ("a.json", b'{"b":[1,2.50]}', "json", '{\n  "b": [\n    1,\n    2.5\n  ]\n}'),
        ("a.csv", b"name,age\nAda,36\nBob,\n", "csv", "name: Ada\nage: 36\n\nname: Bob"),
        ("a.docx", docx_of("First.", "Second."), "docx", "First.\n\nSecond."),
        ("a.pdf", pdf_of("Page one.", "Page two."), "pdf", "Page one.\fPage two."),
        ("noending", b"plain", "text", "plain"),
        ("a.html", b"", "html", ""),
    ],
)
def test_a_file_is_read_as_its_ending_says(run: Run, tmp_path: Path, name: str, content: bytes, form: str, text: str) -> None:
    (tmp_path / "files" / name).write_bytes(content)
    found = run("document", path=name)
    assert (found["text"], found["format"], found["source"]) == (text, form, name)


def test_a_page_of_the_web_is_read_as_markdown_without_what_nobody_sees(run: Run) -> None:
    found = run("document", {"body": HTML, "headers": {"content-type": "text/html; charset=utf-8"}}, source="handbook")
    assert found["text"] == "# Rückgabe\n\nIn **14** Tagen.\n\n| Ware | Tage |\n| --- | --- |\n| Buch | 30 |"
    assert (found["title"], found["metadata"], found["source"]) == ("Handbuch", {"language": "de"}, "handbook")


def test_a_pdf_says_its_pages_and_what_it_says_of_itself(run: Run) -> None:
    found = run("document", base64=packed(pdf_of("One.", "", "Three.")), metadata={"kind": "letter"})
    assert (found["pages"], found["text"], found["format"], found["metadata"]["kind"]) == (3, "One.\f\fThree.", "pdf", "letter")


@pytest.mark.parametrize(
    ("config", "type_", "said"),
    [
        ({"base64": packed(b"%PDF-1.4 torn")}, "document.unreadable", "as pdf"),
        ({"base64": packed(b"no zip"), "format": "docx"}, "document.unreadable", "as docx"),
        ({"base64": packed(b"\xff\xfe\xfd"), "format": "text"}, "document.unreadable", "utf-16"),
        ({"base64": packed(b"caf\xe9"), "format": "text"}, "document.unreadable", "`encoding` names another"),
        ({"content": "{", "format": "json"}, "document.unreadable", "as json"),
        ({"content": "<div>" * 20_000, "format": "html"}, "document.unreadable", "nested too deeply"),
        ({"content": "a" * 11, "bytes_max": 10}, "document.too_large", "larger than 10 bytes"),
        ({"base64": "*"}, "input.invalid", "config.base64"),
        ({"content": "a", "encoding": "no-such"}, "input.invalid", "config.encoding"),
        ({"path": "a", "content": "b"}, "input.invalid", "one of `path`, `content` and `base64`"),
        ({"path": "../../etc/passwd"}, "file.forbidden", "out of the allowed folder"),
        ({"path": "nowhere.pdf"}, "file.not_found", "nowhere.pdf"),
        ({}, "input.invalid", "expected a file"),
    ],
)
def test_what_is_no_document_is_said(run: Run, config: dict[str, Any], type_: str, said: str) -> None:
    error = failure(run, "document", **config)
    assert (error.error_type, said in str(error)) == (type_, True), error


def test_another_encoding_is_read_where_it_is_named(run: Run) -> None:
    assert run("document", base64=packed(b"caf\xe9"), format="text", encoding="latin-1")["text"] == "café"


def test_a_value_is_read_as_json(run: Run) -> None:
    assert run("document", content={"a": None})["text"] == '{\n  "a": null\n}'
