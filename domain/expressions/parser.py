"""The parser: from words to the tree, by precedence climbing.

Only the source recurses, here and in what walks the tree: it may be nested `LEVELS_MAX` deep. A step of a path, a call in a
row of calls and a term of a sum are a level each, since what is made of them calls each other; `&&`, `||` and rows of signs
are not. Macros are told from methods here, by their names and the number of their arguments.
"""

from __future__ import annotations

import math
from typing import Final, NoReturn

from domain.expressions.faults import Unreadable
from domain.expressions.tokens import TOKEN, literal_value
from domain.expressions.tree import Binary, Bind, Call, Chain, Choice, Has, Index, ListOf, Literal, Macro, MapOf, Name, Node, Select, Unary
from domain.expressions.values import UINT_MAX, UInt

LEVELS_MAX: Final = 64
"""So deep an expression may be nested."""
MACROS: Final = {
    "all": (2, 3), "exists": (2, 3), "exists_one": (2, 3), "existsOne": (2, 3), "map": (2, 3), "filter": (2,), "sortBy": (2,),
    "transformList": (3, 4), "transformMap": (3, 4), "transformMapEntry": (3, 4), "optMap": (2,), "optFlatMap": (2,),
}  # fmt: skip
"""The macros, with the numbers of arguments by which they are told from methods."""

_QUANTIFIERS: Final = frozenset(("all", "exists", "exists_one", "existsOne"))
_RESERVED: Final = frozenset((
    "as", "break", "const", "continue", "else", "for", "function", "if", "import", "in",
    "let", "loop", "package", "namespace", "return", "var", "void", "while",
))  # fmt: skip
_CONSTANTS: Final = {"true": True, "false": False, "null": None}
_POWERS: Final = {
    "||": 1, "&&": 2, "<": 3, "<=": 3, ">": 3, ">=": 3, "==": 3, "!=": 3, "in": 3, "+": 4, "-": 4, "*": 5, "/": 5, "%": 5,
}  # fmt: skip
_DIGITS_MAX: Final = 1_200


def parse(source: str) -> Node:
    """The tree of an expression. Raises Unreadable."""
    return _Parser(source).whole()


class _Parser:
    """Reads the words of one source; each method takes what it names and leaves the rest."""

    __slots__ = ("_at", "_kinds", "_levels", "_starts", "_texts")

    def __init__(self, source: str) -> None:
        self._kinds: list[str] = []
        self._texts: list[str] = []
        self._starts: list[int] = []
        kinds, texts, starts = self._kinds, self._texts, self._starts
        for found in TOKEN.finditer(source):
            kind = found.lastgroup
            if kind == "blank":
                continue
            if kind is None or kind == "bad":
                raise Unreadable(_meaningless(found[0]), found.start())
            kinds.append(kind)
            texts.append(found[0])
            starts.append(found.start())
        kinds.append("end")
        texts.append("")
        starts.append(len(source))
        self._at = 0
        self._levels = 0

    def whole(self) -> Node:
        if self._kinds[0] == "end":
            self._fail("the expression is empty")
        node = self._expression()
        if self._kinds[self._at] != "end":
            self._unexpected()
        return node

    def _expression(self) -> Node:
        self._deeper()
        start = self._starts[self._at]
        node = self._binary(1)
        if self._is("?"):
            self._at += 1
            yes = self._binary(1)
            self._take(":")
            no = self._expression()
            node = Choice(start, self._end(), node, yes, no)
        self._levels -= 1
        return node

    def _binary(self, least: int) -> Node:
        start = self._starts[self._at]
        left = self._unary()
        levels = 0
        while True:
            operator = self._texts[self._at]
            power = _POWERS.get(operator, 0)
            if power < least:
                self._levels -= levels
                return left
            self._at += 1
            right = self._binary(power + 1)
            if power <= 2:
                joined = isinstance(left, Chain) and left.operator == operator and left.start == start
                operands = (*left.operands, right) if joined and isinstance(left, Chain) else (left, right)
                left = Chain(start, self._end(), operator, operands)
            else:
                levels += 1
                self._deeper()
                left = Binary(start, self._end(), operator, left, right)

    def _unary(self) -> Node:
        sign = self._texts[self._at]
        if sign != "!" and sign != "-":
            return self._member(False)
        start, count = self._starts[self._at], 0
        while self._is(sign):
            self._at += 1
            count += 1
        is_negative = sign == "-" and self._kinds[self._at] in ("int", "double")
        node = self._member(is_negative)
        count -= is_negative
        for _ in range(count if count < 3 else 2 - count % 2):  # two of a sign are none, but for asking what stands there
            node = Unary(start, self._end(), sign, node)
        return node

    def _member(self, is_negative: bool) -> Node:
        start = self._starts[self._at - is_negative]
        node = self._primary(is_negative)
        levels = self._levels
        while True:
            word = self._texts[self._at]
            if word == ".":
                self._deeper()
                node = self._step(start, node)
            elif word == "[":
                self._deeper()
                self._at += 1
                is_optional = self._skip("?")
                key = self._expression()
                self._take("]")
                node = Index(start, self._end(), node, key, is_optional)
            elif word == "{" and isinstance(node, Name | Select):
                self._fail("there are no messages here; write a map, `{'key': value}`")
            else:
                self._levels = levels
                return node

    def _step(self, start: int, owner: Node) -> Node:
        self._at += 1
        is_optional = self._skip("?")
        kind, name = self._kinds[self._at], self._texts[self._at]
        if kind not in ("name", "quoted") or name == "in" or name in _CONSTANTS:
            self._unexpected("a name")
        self._at += 1
        if kind == "name" and not is_optional and self._is("("):
            return self._method(start, owner, name, self._arguments())
        return Select(start, self._end(), owner, name.strip("`"), is_optional)

    def _method(self, start: int, owner: Node, name: str, arguments: tuple[Node, ...]) -> Node:
        end = self._end()
        space = owner.name if isinstance(owner, Name) else ""
        if name == "bind" and space == "cel" and len(arguments) == 3:
            return Bind(start, end, _variable(arguments[0], "cel.bind"), arguments[1], arguments[2])
        if name not in MACROS or len(arguments) not in MACROS[name] or space == "math":
            return Call(start, end, name, owner, arguments)
        has_two = name.startswith("transform") or (name in _QUANTIFIERS and len(arguments) == 3)
        variables = tuple(_variable(argument, name) for argument in arguments[: 1 + has_two])
        if len(set(variables)) < len(variables):
            raise Unreadable(f"both variables of `{name}` are called `{variables[0]}`", arguments[1].start)
        rest = arguments[len(variables) :]
        macro = "exists_one" if name == "existsOne" else name
        return Macro(start, end, macro, owner, variables, rest[0] if len(rest) == 2 else None, rest[-1])

    def _arguments(self) -> tuple[Node, ...]:
        self._take("(")
        found: list[Node] = []
        while not self._is(")"):
            found.append(self._expression())
            if not self._skip(","):
                break
            if self._is(")"):
                self._unexpected()
        self._take(")")
        return tuple(found)

    def _primary(self, is_negative: bool) -> Node:
        kind, text, start = self._kinds[self._at], self._texts[self._at], self._starts[self._at]
        if kind == "name":
            return self._name(start, False)
        if kind in ("int", "double"):
            value = self._number(kind, text, is_negative)
            self._at += 1
            return Literal(self._starts[self._at - 1 - is_negative], self._end(), value)
        if kind == "string":
            self._at += 1
            return Literal(start, self._end(), literal_value(text, start))
        if text == "(":
            self._at += 1
            node = self._expression()
            self._take(")")
            return Chain(start, self._end(), node.operator, node.operands) if isinstance(node, Chain) else node
        if text == "[":
            return self._list(start)
        if text == "{":
            return self._map(start)
        if text != "." or kind != "op":
            self._unexpected()
        self._at += 1
        return self._name(start, True)

    def _name(self, start: int, is_root: bool) -> Node:
        text = self._texts[self._at]
        if self._kinds[self._at] != "name":
            self._unexpected("a name")
        if text in _RESERVED:
            self._fail(f"`{text}` is reserved in CEL")
        self._at += 1
        if text in _CONSTANTS and not is_root:
            return Literal(start, self._end(), _CONSTANTS[text])
        if not self._is("("):
            return Name(start, self._end(), text, is_root)
        arguments = self._arguments()
        if text == "has" and not is_root:
            if len(arguments) != 1 or not isinstance(arguments[0], Select) or arguments[0].is_optional:
                raise Unreadable("`has` takes a path, like `has(input.a)`", start)
            return Has(start, self._end(), arguments[0].owner, arguments[0].name)
        return Call(start, self._end(), text, None, arguments)

    def _number(self, kind: str, text: str, is_negative: bool) -> int | float:
        sign = -1 if is_negative else 1
        if kind == "double":
            double = float(text)
            if not math.isfinite(double):
                self._fail(f"`{text}` is too large for a double")
            return sign * double
        digits = text.rstrip("uU")
        if len(digits) > _DIGITS_MAX:
            self._fail(f"the number has {len(digits):,} digits, the most is {_DIGITS_MAX:,}")
        value = int(digits, 16 if digits[:2] in ("0x", "0X") else 10)
        if digits == text:
            return sign * value
        if is_negative or value > UINT_MAX:
            self._fail(f"`{text}`: a uint is from 0 to 2^64-1")
        return UInt(value)

    def _list(self, start: int) -> Node:
        self._at += 1
        items: list[tuple[bool, Node]] = []
        while not self._is("]"):
            items.append((self._skip("?"), self._expression()))
            if not self._skip(","):
                break
        self._take("]")
        return ListOf(start, self._end(), tuple(items))

    def _map(self, start: int) -> Node:
        self._at += 1
        entries: list[tuple[bool, Node, Node]] = []
        while not self._is("}"):
            is_optional, key = self._skip("?"), self._expression()
            self._take(":")
            entries.append((is_optional, key, self._expression()))
            if not self._skip(","):
                break
        self._take("}")
        return MapOf(start, self._end(), tuple(entries))

    # Words.

    def _is(self, text: str) -> bool:
        """Whether this operator comes next: no other word reads like one, since texts stand in quotes."""
        return self._texts[self._at] == text

    def _skip(self, text: str) -> bool:
        if self._texts[self._at] != text:
            return False
        self._at += 1
        return True

    def _take(self, text: str) -> None:
        if not self._skip(text):
            self._unexpected(f"`{text}`")

    def _end(self) -> int:
        return self._starts[self._at - 1] + len(self._texts[self._at - 1])

    def _deeper(self) -> None:
        self._levels += 1
        if self._levels > LEVELS_MAX:
            raise Unreadable(f"nested deeper than {LEVELS_MAX} levels", self._starts[self._at], "deep")

    def _unexpected(self, expected: str = "") -> NoReturn:
        if self._kinds[self._at] == "end":
            self._fail(f"a {expected} is missing" if expected == "`)`" else "the expression ends too early")
        self._fail(f"unexpected `{self._texts[self._at]}`{f', expected {expected}' if expected else ''}")

    def _fail(self, said: str) -> NoReturn:
        raise Unreadable(said, self._starts[self._at])


def _variable(node: Node, macro: str) -> str:
    if not isinstance(node, Name) or node.is_root:
        raise Unreadable(f"`{macro}` begins with the name of a variable, like `x`", node.start)
    return node.name


def _meaningless(text: str) -> str:
    return "a string is not closed" if text in "\"'" else f"`{text}` has no meaning here"
