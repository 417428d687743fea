#!/bin/sh
# What a change must pass, set-up included: type check, lint, unit and end-to-end tests.
set -eu
cd "$(dirname "$0")/../.."
sh src/dev/setup.sh --tests
sh src/dev/install.sh
npm run --silent check
# Tests tune; what CI forbids to users' builds must not switch them off.
CI='' npx vitest run --config test/vitest.config.ts
