#!/bin/sh
# Get what tests need beside Python packages: Debian's Chromium and PostgreSQL where we are root, else
# Playwright's own Chromium. Where they cannot be had the tests that need them skip and say why, so
# this never fails.
bin=$1
wanted=
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || wanted=chromium
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null \
    || wanted="$wanted postgresql"
[ -n "$wanted" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing for the tests, from Debian: $wanted"
    apt-get update -qq >/dev/null 2>&1
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted \
        >/dev/null 2>&1 && exit 0
fi
case $wanted in *chromium*)
    echo "installing Playwright's Chromium for the browser tests"
    "$bin/python" -m playwright install chromium >/dev/null 2>&1 \
        || echo "no browser could be installed; the browser tests will skip" ;;
esac
exit 0
