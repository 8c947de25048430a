# `make check` and `make test` stay green at every commit.
PYTHON ?= python
ROOMS = omni_persona.py artifacts perception people build/omni_persona_build metrics runner report training cli

.PHONY: check format test slow constraints
check:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy $(ROOMS)
	lint-imports

format:
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

# The README's own command, so that nobody tests what it does not say.
test:
	$(PYTHON) -m pytest -n auto --dist loadfile

slow:
	$(PYTHON) -m pytest -n auto --dist loadfile -m slow

# Needs `uv`. One file for all platforms and Pythons, by environment markers.
constraints:
	uv pip compile --universal --python-version 3.10 --extra dev --no-header --no-annotate --no-emit-index-url \
		--no-emit-package omni-persona pyproject.toml constraints.in -o constraints.txt
	sed -i '1i # One known-good set of versions, used by both commands of the README. Made by `make constraints`; tried on Linux.' constraints.txt
