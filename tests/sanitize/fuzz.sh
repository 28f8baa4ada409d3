#!/bin/sh
# Damages small evaluations at random and feeds them to the native core, built with
# AddressSanitizer and UndefinedBehaviorSanitizer.
#
#     sh tests/sanitize/fuzz.sh [SECONDS of processor time, default 60] [seed]
#
# With clang: CC=clang LIBFUZZER=1 sh tests/sanitize/fuzz.sh uses libFuzzer instead.
set -eu
cd "$(dirname "$0")/../.."
CC=${CC:-gcc}
PYTHON=${PYTHON:-.venv/bin/python}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
sources=$(ls benchmark/native/*/*.c | grep -v '/python/')
PYTHONPATH=.:tests/helpers:tests/performance/benchmark "$PYTHON" tests/sanitize/write_seeds.py "$folder/seeds"
flags="-std=c99 -g -O1 -ffp-contract=off -fno-sanitize-recover=all -pthread"
if [ -n "${LIBFUZZER:-}" ]; then
    # shellcheck disable=SC2086
    "$CC" $flags -DLIBFUZZER -fsanitize=fuzzer,address,undefined -o "$folder/fuzz" \
        tests/sanitize/fuzz.c $sources -lm
    "$folder/fuzz" -max_total_time="${1:-60}" -seed="${2:-1}" "$folder/seeds"
else
    # shellcheck disable=SC2086
    "$CC" $flags -fsanitize=address,undefined -o "$folder/fuzz" tests/sanitize/fuzz.c $sources -lm
    "$folder/fuzz" "${1:-60}" "${2:-1}" "$folder"/seeds/*
fi
