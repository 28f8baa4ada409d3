#!/bin/sh
# Get a Chromium for the browser tests: Debian's where we are root, else Playwright's own.
# Where neither can be had the browser tests skip and say why, so this never fails.
bin=$1
if command -v chromium >/dev/null || command -v chromium-browser >/dev/null; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing Debian's chromium for the browser tests"
    apt-get update -qq >/dev/null 2>&1
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium \
        >/dev/null 2>&1 && exit 0
fi
echo "installing Playwright's Chromium for the browser tests"
"$bin/python" -m playwright install chromium >/dev/null 2>&1 \
    || echo "no browser could be installed; the browser tests will skip"
exit 0
