#!/usr/bin/env bash
# These tests on another version of Haystack, over everything else that is installed:
#   tests/integrations/haystack/with_version.sh 2.31.0 [arguments of pytest]
set -euo pipefail
cd "$(dirname "$0")/../../.."
version=$1
shift
python=${PYTHON:-.venv/bin/python}

target=$(mktemp -d)
trap 'rm -rf "$target"' EXIT
"$python" -m pip install --quiet --no-deps --target "$target" "haystack-ai==$version" haystack-experimental
PYTHONPATH=$target${PYTHONPATH:+:$PYTHONPATH} "$python" -m pytest tests/integrations/haystack "$@"
