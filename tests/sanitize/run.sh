#!/bin/sh
# Builds the native core with AddressSanitizer and UndefinedBehaviorSanitizer, and runs the
# evaluator's tests, or the given ones. Needs gcc or clang with the sanitizer libraries.
#
#     sh tests/sanitize/run.sh [pytest arguments, default tests/benchmark]
#
# Set CC and PYTHON to use others. Restores the ordinary build at the end.
set -eu
cd "$(dirname "$0")/../.."
CC=${CC:-gcc}
PYTHON=${PYTHON:-.venv/bin/python}
suffix=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')
include=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
target=benchmark/_native$suffix
kept=$(mktemp)
if [ -e "$target" ]; then cp "$target" "$kept"; fi
restore() {
    if [ -s "$kept" ]; then cp "$kept" "$target"; else rm -f "$target"; fi
    rm -f "$kept"
}
trap restore EXIT
"$CC" -std=c99 -g -O1 -ffp-contract=off -fno-omit-frame-pointer -fPIC -pthread \
    -fsanitize=address,undefined -fno-sanitize-recover=all -I"$include" \
    -shared -o "$target" benchmark/native/*/*.c -lm
# Preload the C++ library: AddressSanitizer looks up its `throw` at the start, and a C++ module
# (matplotlib has one) that throws later would end the run without a message.
runtime="$("$CC" -print-file-name=libasan.so) $("$CC" -print-file-name=libstdc++.so)"
# Leaks are not checked, because Python never frees all its memory. Bus errors are not handled,
# because a test checks what they do. Browser tests are left out: they add nothing for the core.
[ $# -gt 0 ] || set -- tests/benchmark
LD_PRELOAD="$runtime" ASAN_OPTIONS=detect_leaks=0:handle_sigbus=0 PYTHONMALLOC=malloc \
    "$PYTHON" -m pytest -q -p no:cacheprovider -m "not browser" --timeout 3000 "$@"
