#!/usr/bin/env bash
# cel-expr-python 0.1.3: functions of its strings extension that give other results than the CEL specification's cases.
#
# Guess:   'abc'.substring(1, 3) is 'bc', as an end is exclusive; '%s' of 12345.678 shows 12345.678.
# Seen:    an end equal to the length is an error "greater than size"; '%s' shows six digits; '%d' of 2.5 shows 2.500000.
# Source:  cel-spec, tests/simple/testdata/string_ext.textproto: substring up to the end gives the rest of the text.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check --quiet install cel-expr-python==0.1.3
cat > "$folder/strings.py" <<'PY'
from cel_expr_python import cel
from cel_expr_python.ext import ext_strings

env = cel.NewEnv(variables={}, extensions=[ext_strings.ExtStrings()])


def said(source):
    result = env.compile(source).eval(data={})
    return "error" if result.type().name() == "ERROR" else result.plain_value()


for source in ("'abc'.substring(1)", "'abc'.substring(1, 2)", "'abc'.substring(1, 3)", "'%s'.format([12345.678])", "'%d'.format([2.5])"):
    print(source, "->", said(source))
PY
expected="'abc'.substring(1) -> bc
'abc'.substring(1, 2) -> b
'abc'.substring(1, 3) -> error
'%s'.format([12345.678]) -> 12345.7
'%d'.format([2.5]) -> 2.500000"
found=$("$folder/venv/bin/python" "$folder/strings.py")
echo "$found"
[ "$found" = "$expected" ] || { echo "changed"; exit 1; }
echo "as described"
