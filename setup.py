"""The one part of the build that pyproject.toml cannot say in a stable way: the C extension."""

from pathlib import Path

from setuptools import Extension, setup

SOURCES = Path("benchmark/native")
PRIVATE = ["-fvisibility=hidden"]  # calls between the core's files need no detour

setup(
    ext_modules=[
        Extension(
            "benchmark._native",
            sources=sorted(str(path) for path in SOURCES.glob("*/*.c")),
            depends=sorted(str(path) for path in SOURCES.glob("*/*.h")),
            # Fused multiply-adds would change last bits on some processors.
            extra_compile_args=["-std=c99", "-O3", "-ffp-contract=off", "-pthread", *PRIVATE],
            extra_link_args=["-pthread"],
            libraries=["m"],
            optional=True,  # without a compiler the evaluator runs on pycocotools
        )
    ]
)
