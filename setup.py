"""The one part of the build that pyproject.toml cannot say in a stable way: the C extension."""

import sys
import sysconfig
from binascii import crc32
from pathlib import Path

from setuptools import Extension, setup

SOURCES = Path("benchmark/native")
INTERFACE = Path("benchmark/_native.pyi")  # Python checks that the core was built from it
PRIVATE = ["-fvisibility=hidden"]  # calls between the core's files need no detour
# The stable ABI: one wheel for every Python from 3.11 on. Free-threaded builds do not have it.
STABLE = sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED")
if STABLE:  # a core that an earlier version built in place would be imported instead
    for old in Path("benchmark").glob("_native.cp*"):
        old.unlink()

setup(
    ext_modules=[
        Extension(
            "benchmark._native",
            sources=sorted(str(path) for path in SOURCES.glob("*/*.c")),
            depends=[str(INTERFACE), *sorted(str(path) for path in SOURCES.glob("*/*.h"))],
            # Fused multiply-adds would change last bits on some processors.
            extra_compile_args=["-std=c99", "-O3", "-ffp-contract=off", "-pthread", *PRIVATE],
            extra_link_args=["-pthread"],
            define_macros=[
                ("INTERFACE", f"{crc32(INTERFACE.read_bytes())}u"),
                *([("Py_LIMITED_API", "0x030B0000")] if STABLE else []),
            ],
            py_limited_api=STABLE,
            libraries=["m"],
            optional=True,  # without a compiler the evaluator runs on pycocotools
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if STABLE else {},
)
