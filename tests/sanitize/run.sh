#!/bin/sh
# Builds the native core with AddressSanitizer and UndefinedBehaviorSanitizer, and runs the
# evaluator's tests on it, or those named. Needs gcc or clang with the sanitizers' libraries.
#
#     sh tests/sanitize/run.sh [pytest arguments, default tests/benchmark]
#
# CC and PYTHON may be set. The ordinary build is put back at the end.
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
# The C++ library comes along: AddressSanitizer looks for its `throw` when it starts, and a module
# in C++ (matplotlib has one) that throws later would end the run without a word.
runtime="$("$CC" -print-file-name=libasan.so) $("$CC" -print-file-name=libstdc++.so)"
# Python itself never frees all it has, so leaks are looked for by memcheck-like tools, not here; and a
# test wants to see what a bus error does by itself.
# Left out are the tests in a browser: four, of the report's page, that use the core for nothing new.
[ $# -gt 0 ] || set -- tests/benchmark
LD_PRELOAD="$runtime" ASAN_OPTIONS=detect_leaks=0:handle_sigbus=0 PYTHONMALLOC=malloc \
    "$PYTHON" -m pytest -q -p no:cacheprovider -m "not browser" --timeout 3000 "$@"
