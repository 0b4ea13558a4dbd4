#!/usr/bin/env bash
# Write the lock files anew: pinned requirements with hashes and without any address. Needs `uv` on the path.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() { uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate "$@"; }
compile pyproject.toml --extra dev requirements/build.in -o requirements/dev.txt
compile pyproject.toml --extra calibrate --extra data --extra pdf --extra report requirements/build.in --constraint requirements/dev.txt -o requirements/run.txt
compile pyproject.toml requirements/build.in --constraint requirements/dev.txt -o requirements/base.txt
