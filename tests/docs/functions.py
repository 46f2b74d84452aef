"""The table of functions in the reference, as the table of signatures has it. `python -m tests.docs.functions` writes it anew."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from domain.expressions.signatures import signatures

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "expressions.md"
BEGIN, END = "<!-- functions: made of the table of signatures -->", "<!-- end of functions -->"


def table() -> str:
    """The functions and methods by group: how each is called, what it gives, what it says."""
    lines = []
    for group, rows in groupby(signatures(), lambda signature: signature.group):
        lines += [f"\n### {group.capitalize()}\n", "| call | gives | |", "|---|---|---|"]
        for row in rows:
            lines.append(f"| `{row.written.replace('|', chr(92) + '|')}` | {row.gives} | {row.says.replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"


def written() -> str:
    """The table as it stands in the page."""
    return PAGE.read_text().split(BEGIN, 1)[1].split(END, 1)[0].strip("\n")


def main() -> None:
    before, rest = PAGE.read_text().split(BEGIN, 1)
    PAGE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END, 1)[1]}")


if __name__ == "__main__":
    main()
