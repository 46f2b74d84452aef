"""The compiler: from the tree of a filter to the conditions under which it is true.

    workflow == 'order' && !(search.customer == 'A-1')
        true where   workflow = 'order', and there is a search value `customer` that is another
        false where  workflow <> 'order', or there is a search value `customer` that is this

Each part becomes two conditions: where it is true, and where it is false. What has no value (an error of our language) is in
neither, so `!` exchanges the two, and `&&` and `||` join them, errors and all. Parts that give no bool stay what they are until
something compares them; a choice between two is compared twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from contracts.ports.where import PARAMETERS_MAX, Field, Is, There, all_of, some_of
from domain.expressions.tree import Binary, Bind, Call, Chain, Choice, Has, Index, ListOf, Literal, Macro, Name, Node, Select, Unary
from domain.expressions.values import NUMBERS, bare, kind_of
from domain.expressions.words import Comparisons, a_kind, meant
from projections.filter.arithmetic import add, negated
from projections.filter.bounds import OPERATORS
from projections.filter.column import Column, Columns, Fields, Search, Texts, is_always_told
from projections.filter.comparison import compare, one_of, told
from projections.filter.found import among, has_text, is_there, truth_found
from projections.filter.operand import FALSE, TRUE, Both, Branch, Constant, Found, Operand, Term, choose, term_of
from projections.filter.refusal import refuse
from projections.filter.texts import CASES, TESTS, in_case, length_of, test_of
from projections.filter.tree import Constants, reads_row
from projections.filter.within import SIZE, TEXT, beside

STEPS_MAX: Final = 10_000
"""So many comparisons a filter may be taken apart into; choices within choices double them."""
_BOOLS: Final = frozenset((*OPERATORS, "in"))
_CONSTANTS_ONLY: Final = "the list has to be of constants and of columns that are there in each row"


class Compiler:
    """Compiles one filter over columns; `known` are names with a value."""

    def __init__(self, columns: Columns, known: Mapping[str, Any]) -> None:
        self._columns = columns
        self._roots = columns.keys() - known.keys()
        self._constants = Constants(known)
        self._variables: dict[str, Any] = {}
        """Those of the macros around, which hide a column or a name, but not one with a dot before it."""
        self._reading: dict[Node, bool] = {}
        self._steps = self._values = 0

    # Conditions.

    def truth(self, node: Node) -> Both:
        """Where a part is true, and where it is false. Raises Refusal."""
        match node:
            case Chain():
                parts = [self.truth(operand) for operand in node.operands]
                yes, no = [part.yes for part in parts], [part.no for part in parts]
                return Both(all_of(*yes), some_of(*no)) if node.operator == "&&" else Both(some_of(*yes), all_of(*no))
            case Unary(operator="!"):
                return Both(*reversed(self.truth(node.operand)))
            case Choice() if self._reads(node.condition):
                return choose(self.truth(node.condition), self.truth(node.yes), self.truth(node.no))
            case Binary() if node.operator in _BOOLS and self._reads(node):
                return self._binary(node)
            case Has() if self._reads(node):
                return self._has(node)
            case Macro() if node.name in ("exists", "all"):
                return self._quantified(node)
            case Call() if node.name in TESTS and self._reads(node):
                return self._test(node)
            case Call(name="hasValue", owner=Select(is_optional=True) | Index(is_optional=True) as owner) if self._reads(node):
                return is_there(self._found(owner))
        return self._lift(node, lambda operand: self._truth_of(node, operand), self.operand(node))

    def _truth_of(self, node: Node, operand: Constant | Term | Found) -> Both:
        if isinstance(operand, Found):
            return truth_found(operand)
        if isinstance(operand, Constant):
            if type(operand.value) is bool:
                return TRUE if operand.value else FALSE
            return refuse(node, "condition", f"is {a_kind(kind_of(operand.value))}, no condition", "compare it")
        if operand.kind != "bool":
            return refuse(node, "condition", f"is {a_kind(operand.kind)}, no condition", "compare it, like `… == …`")
        return told(operand, Is(operand.value, "=", 1), Is(operand.value, "=", 0))

    def _lift(self, node: Node, do: Callable[..., Both], *operands: Operand) -> Both:
        """Ask of operands that may be choices: of each that is taken, under its condition."""
        self._step(node)
        for index, operand in enumerate(operands):
            if isinstance(operand, Branch):
                yes = self._lift(node, do, *operands[:index], operand.yes, *operands[index + 1 :])
                no = self._lift(node, do, *operands[:index], operand.no, *operands[index + 1 :])
                return choose(operand.condition, yes, no)
        return do(*operands)

    def _make(self, node: Node, do: Callable[..., Operand], *operands: Operand) -> Operand:
        """The same for what gives no bool."""
        self._step(node)
        for index, operand in enumerate(operands):
            if isinstance(operand, Branch):
                yes = self._make(node, do, *operands[:index], operand.yes, *operands[index + 1 :])
                no = self._make(node, do, *operands[:index], operand.no, *operands[index + 1 :])
                return Branch(operand.condition, yes, no, node=node)
        return do(*operands)

    def _step(self, node: Node) -> None:
        self._steps += 1
        if self._steps > STEPS_MAX:
            refuse(node, "limit", f"the filter is taken apart into more than {STEPS_MAX:,} steps", "write fewer choices within each other")

    def _binary(self, node: Binary) -> Both:
        if node.operator == "in":
            return self._in(node)
        operator = OPERATORS[node.operator]
        return self._lift(node, lambda one, other: compare(node, operator, one, other), self.operand(node.left), self.operand(node.right))

    def _in(self, node: Binary) -> Both:
        left = self.operand(node.left)
        if not self._reads(node.right):
            values = self._items(node.right)
            return self._lift(node, lambda one: self._among(node, one, values), left)
        column = self._column(node.right)
        if isinstance(column, Texts):
            return self._lift(node, lambda one: has_text(node, one, column), left)
        if not isinstance(node.right, ListOf):
            if not isinstance(node.right, Select | Index) or not isinstance(self._column(node.right.owner), Search):
                refuse(node, "lists", "`in` looks into a list", "write one, like `['a', 'b']`")
            return refuse(
                node, "lists", "what is recorded of a list is only its size", "ask for one value of it, recorded under its own name"
            )
        items = [self._item(is_optional, item) for is_optional, item in node.right.items]
        found = [self._lift(node, lambda one, other: compare(node, "=", one, other), left, item) for item in items]
        return Both(some_of(*(each.yes for each in found)), all_of(*(each.no for each in found)))

    def _item(self, is_optional: bool, node: Node) -> Operand:
        found = self.operand(node)
        is_safe = isinstance(found, Constant) or (
            isinstance(found, Term) and found.search is None and is_always_told(found.there, found.missing)
        )
        return found if is_safe and not is_optional else refuse(node, "lists", _CONSTANTS_ONLY)

    def _items(self, node: Node) -> list[Any]:
        found = self._worth(node)
        values = [bare(key) for key in found] if type(found) is dict else found
        if type(values) is not list:
            return refuse(node, "lists", f"is {a_kind(kind_of(found))}, no list")
        self._values += len(values)
        if self._values > PARAMETERS_MAX:
            refuse(node, "limit", f"the lists of the filter have more than {PARAMETERS_MAX:,} values", "write shorter ones")
        return values

    def _among(self, node: Node, one: Constant | Term | Found, values: list[Any]) -> Both:
        if isinstance(one, Found):
            return among(node, one, values) if values else self._of_none(one)
        if isinstance(one, Term) and values:
            return one_of(node, one, values)
        if isinstance(one, Term):
            return Both(some_of(), beside(one, some_of(one.there, one.missing)))
        is_so = any(self._same(one.value, value) for value in values)
        return TRUE if is_so else FALSE

    def _of_none(self, found: Found) -> Both:
        return Both(some_of(), is_there(found).yes)

    def _same(self, one: Any, other: Any) -> bool:
        return one == other and (type(one) is type(other) or (type(one) in NUMBERS and type(other) in NUMBERS))

    def _has(self, node: Has) -> Both:
        owner = self._column(node.owner)
        if isinstance(owner, Search):
            return is_there(Found(node, owner.table, node.name))
        if isinstance(owner, Fields):
            self._field(node, owner, node.name)
            return Both(owner.there, owner.missing)
        return refuse(node, "has", "only search values, and the fields of a column, can be missing", "compare with null")

    def _quantified(self, node: Macro) -> Both:
        if self._reads(node.owner) or len(node.variables) != 1:
            refuse(node, "macro", f"`{node.name}` goes over a list of constants only, with one variable")
        (variable,) = node.variables
        before, found = dict(self._variables), list[Both]()
        for item in self._items(node.owner):
            self._step(node)
            self._variables[variable] = item
            found.append(self.truth(node.body))
        self._variables = before
        yes, no = [each.yes for each in found], [each.no for each in found]
        return Both(some_of(*yes), all_of(*no)) if node.name == "exists" else Both(all_of(*yes), some_of(*no))

    def _test(self, node: Call) -> Both:
        text, part = (node.owner, *node.arguments) if node.owner is not None else node.arguments
        if self._reads(part):
            refuse(node, "texts", f"what `{node.name}` looks for has to be a constant")
        wanted = self._worth(part)
        if type(wanted) is not str:
            refuse(node, "kinds", f"`{node.name}` looks for a string, not for {a_kind(kind_of(wanted))}")
        return self._lift(node, lambda found: test_of(node, node.name, self._text(node, found), wanted), self.operand(text))

    # Values.

    def operand(self, node: Node) -> Operand:
        """What a part is worth. Raises Refusal."""
        if not self._reads(node):
            return Constant(node, self._worth(node))
        match node:
            case Name() | Select(is_optional=False) | Index(is_optional=False):
                return self._value(node)
            case Choice():
                return Branch(self.truth(node.condition), self.operand(node.yes), self.operand(node.no), node=node)
            case Bind() if not self._reads(node.value):
                return self._bound(node)
            case Chain() | Unary(operator="!") | Has() | Macro() | Literal():
                return self._as_bool(node)
            case Binary() if node.operator in _BOOLS:
                return self._as_bool(node)
            case Binary(operator="+" | "-"):
                one, other = self.operand(node.left), self.operand(node.right)
                return self._make(node, lambda a, b: add(node, node.operator, a, b), one, other)
            case Unary():
                return self._make(node, lambda a: negated(node, a), self.operand(node.operand))
            case Call():
                return self._call(node)
        return refuse(node, "operator", "cannot be asked of a database", _way_out(node))

    def _as_bool(self, node: Node) -> Operand:
        if isinstance(node, Macro) and node.name not in ("exists", "all"):
            refuse(node, "macro", f"`{node.name}` cannot be asked of a database")
        return Branch(self.truth(node), Constant(node, True), Constant(node, False), node=node)

    def _bound(self, node: Bind) -> Operand:
        before = dict(self._variables)
        self._variables[node.variable] = self._worth(node.value)
        found = self.operand(node.body)
        self._variables = before
        return found

    def _call(self, node: Call) -> Operand:
        if node.name in TESTS or (node.name == "hasValue" and isinstance(node.owner, Select | Index) and node.owner.is_optional):
            return self._as_bool(node)
        if node.name == "dyn" and node.owner is None:
            return self.operand(node.arguments[0])
        if node.name == "orValue" and isinstance(node.owner, Select | Index) and node.owner.is_optional:
            return self._or_value(node, node.owner)
        subject = node.owner if node.owner is not None else node.arguments[0] if node.arguments else None
        if subject is not None and node.name == "size":
            return self._make(node, lambda found: self._size(node, found), self.operand(subject))
        if subject is not None and node.name in CASES:
            return self._make(node, lambda found: self._in_case(node, found), self.operand(subject))
        return refuse(node, "function", f"`{node.name}` cannot be asked of a database", _way_out(node))

    def _size(self, node: Call, found: Constant | Term | Found) -> Operand:
        if isinstance(found, Constant):
            return Constant(node, self._worth(Call(node.start, node.end, "size", None, (Literal(node.start, node.end, found.value),))))
        if isinstance(found, Found):
            return Term(node=node, kind="int", terms=((1, SIZE),), search=found, there=There("size"))
        if found.kind != "string":
            return refuse(node, "kinds", f"{a_kind(found.kind)} has no size")
        return length_of(found, node)

    def _in_case(self, node: Call, found: Constant | Term | Found) -> Operand:
        if isinstance(found, Constant):
            return Constant(node, self._worth(Call(node.start, node.end, node.name, Literal(node.start, node.end, found.value), ())))
        return in_case(self._text(node, found), node.name, node)

    def _text(self, node: Node, found: Constant | Term | Found) -> Term:
        """A text that is asked for more than its value."""
        if isinstance(found, Found):
            return Term(node=node, kind="string", terms=((1, TEXT),), search=found, there=Is(Field("kind", True), "=", "string"))
        if isinstance(found, Constant):
            return refuse(node, "texts", "a constant is looked through, and no value of the row")
        if found.kind != "string":
            return refuse(node, "kinds", f"takes a string, not {a_kind(found.kind)}")
        return found

    def _or_value(self, node: Call, owner: Select | Index) -> Operand:
        """`search.?name.orValue(other)` is `has(search.name) ? search.name : other`."""
        found = self._found(owner)
        return Branch(is_there(found), found, self.operand(node.arguments[0]), node=node)

    # Names.

    def _reads(self, node: Node) -> bool:
        """Whether it reads the row: that lies in where it stands, however often it is asked."""
        if node not in self._reading:
            self._reading[node] = reads_row(node, self._roots, frozenset(self._variables))
        return self._reading[node]

    def _worth(self, node: Node) -> Any:
        return self._constants.worth(node, self._variables)

    def _column(self, node: Node) -> Column | Fields | Search | Texts | None:
        return self._columns.get(node.name) if isinstance(node, Name) and self._reads(node) else None

    def _value(self, node: Node) -> Operand:
        if isinstance(node, Name):
            column = self._columns[node.name]
            if isinstance(column, Column):
                return term_of(node, column)
            return self._whole_map(node, column)
        assert isinstance(node, Select | Index)
        column_ = self._column(node.owner)
        name = self._key(node)
        if isinstance(column_, Search):
            return Found(node, column_.table, name)
        if isinstance(column_, Fields):
            return term_of(node, self._field(node, column_, name))
        if isinstance(node.owner, Select | Index):
            return refuse(
                node, "path", "what is inside of a value cannot be asked for", "record it in `settings.search` under a name of its own"
            )
        return refuse(node, "path", "the column has no fields")

    def _whole_map(self, node: Name, column: Fields | Search | Texts) -> Operand:
        if isinstance(column, Texts):
            return refuse(node, "lists", "is a list", f"ask whether one is in it: `'a' in {node.name}`")
        if isinstance(column, Search):
            return refuse(node, "search_value", "is all search values together", f"ask for one: `{node.name}.customer`")
        return Term(node=node, kind="map", terms=(), there=column.there, missing=column.missing)

    def _found(self, node: Select | Index) -> Found:
        owner = self._column(node.owner)
        if isinstance(owner, Search):
            return Found(node, owner.table, self._key(node))
        return refuse(node, "optional", "only search values can be optional", "compare with null")

    def _key(self, node: Select | Index) -> str:
        if isinstance(node, Select):
            return node.name
        key = None if self._reads(node.key) else self._worth(node.key)
        return key if type(key) is str else refuse(node, "path", "a key has to be a constant string")

    def _field(self, node: Node, column: Fields, name: str) -> Column:
        if name in column.fields:
            return column.fields[name]
        near = meant(name, column.fields, Comparisons())
        return refuse(
            node, "unknown_field", f"there is no `{name}`; known are {', '.join(column.fields)}", f"write `{near}`" if near else ""
        )


def _way_out(node: Node) -> str:
    if isinstance(node, Binary):
        return "only `+` and `-` of times, durations and whole numbers are; bring the others to the side of the constant"
    if isinstance(node, Call) and node.name.startswith("get"):
        return "compare the time with `timestamp('…')`"
    return "compare the column itself with a constant"
