#!/bin/sh
# Get what tests need beside Python packages: Debian's Chromium (its headless shell, which takes a third
# of the time) and PostgreSQL where we are root, else Playwright's own Chromium. Where they cannot be had
# the tests that need them skip and say why, so this never fails.
bin=$1
wanted=
command -v chromium-headless-shell >/dev/null || wanted=chromium-headless-shell
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null \
    || wanted="$wanted postgresql"
[ -n "$wanted" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing for the tests, from Debian: $wanted"
    apt-get update -qq >/dev/null 2>&1
    for package in $wanted; do  # one by one: a system without one of them may have the other
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" \
            >/dev/null 2>&1
    done
fi
for browser in chromium-headless-shell chromium chromium-browser; do
    command -v "$browser" >/dev/null && exit 0
done
echo "installing Playwright's Chromium for the browser tests"
"$bin/python" -m playwright install --only-shell chromium >/dev/null 2>&1 \
    || echo "no browser could be installed; the browser tests will skip"
exit 0
