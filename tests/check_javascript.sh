#!/bin/sh
# Checks the scripts that browsers run: types (tsc) and lint (Biome), at the versions that package.json pins.
# Without Node.js, or without a network for the first installation, says what is missing and succeeds.
set -eu
cd "$(dirname "$0")/.."

skip() {
    echo "JavaScript is not checked: $1" >&2
    exit 0
}

command -v node >/dev/null && command -v npm >/dev/null || skip "node and npm are missing (Debian: apt install nodejs npm)"

installed=node_modules/.installed
if ! cmp -s package.json "$installed"; then
    npm install --no-package-lock --no-audit --no-fund --silent >&2 || skip "npm cannot install the packages of package.json"
    cp package.json "$installed"
fi
node_modules/.bin/biome check --log-level=warn --error-on-warnings .
node_modules/.bin/tsc --project .
