#!/usr/bin/env bash
# hatchling 1.33.0: a source distribution holds what git itself leaves out, where the rule stands in a `.gitignore` below the top.
#
# Guess:   "files that git ignores are left out" means what `git status` does not name: all `.gitignore` files count, as in git.
# Seen:    the one at the top counts alone; a folder that its own `.gitignore` keeps out of git (built web pages, say) is in the archive,
#          and so is that `.gitignore`.
# Source:  the package as published (hatchling/builders/config.py), git's own answer beside it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check --quiet install hatchling==1.33.0
mkdir -p "$folder/tree/src/thing" "$folder/tree/pages/built"
cd "$folder/tree"
cat > pyproject.toml <<'TOML'
[build-system]
requires = ["hatchling==1.33.0"]
build-backend = "hatchling.build"

[project]
name = "thing"
version = "1"

[tool.hatch.build.targets.wheel]
packages = ["src/thing"]
TOML
touch src/thing/__init__.py made.txt pages/page.txt pages/built/page.html
echo "made.txt" > .gitignore
echo "built/" > pages/.gitignore
git init --quiet .
git add --all
"$folder/venv/bin/python" -P -m hatchling build -t sdist >/dev/null 2>&1
packed=$(tar tzf dist/thing-1.tar.gz)
found="git has       $(git ls-files made.txt pages | tr '\n' ' ')
the sdist has $(grep -E 'made|pages' <<<"$packed" | sed 's/^thing-1.//' | sort | tr '\n' ' ')"
expected="git has       pages/.gitignore pages/page.txt 
the sdist has pages/.gitignore pages/built/page.html pages/page.txt "
echo "$found"
[ "$found" = "$expected" ] || { echo "changed"; exit 1; }
echo "as described"
