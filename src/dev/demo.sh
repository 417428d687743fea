#!/bin/sh
# Tunes a real addon from npm, builds it again from its lock, and shows that the objects are the tuned ones.
set -eu
cd "$(dirname "$0")/../.."
sh src/dev/setup.sh
sh src/dev/install.sh
addon="${1:-node-zopfli}"
work="${TMPDIR:-/tmp}/autopass-demo"
rm -rf "$work/$addon"
mkdir -p "$work"
echo
echo "── Fetching $addon from npm into $work"
node dist/dev/corpus.js "$addon" "$work"
autopass() { CI='' node dist/cli/main.js "$@"; }
status=0
autopass tune -C "$work/$addon" --minutes "${DEMO_MINUTES:-2}" || status=$?
# 2 means: measured, and no gain could be confirmed. That is an honest end, too.
[ "$status" = 0 ] || [ "$status" = 2 ] || exit "$status"
echo
echo "── Deleting build/ and building again: the lock is applied, nothing is tuned"
rm -rf "$work/$addon/build"
autopass build -C "$work/$addon" --frozen 2>"$work/build.log" || { cat "$work/build.log"; exit 1; }
autopass status -C "$work/$addon"
echo
echo "Look at $work/$addon/autopass.lock, and at what was tried: node dist/cli/main.js explain -C $work/$addon"
