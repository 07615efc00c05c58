"""Measures what developers' make commands cost: the code that build time, run time and the reports share.

The modules beside this one import nothing from this project except each other.
``reporter`` (run time) and ``report`` (answers) build on them.
"""

from pathlib import Path

__version__ = "0.5.0"
# The program that watches makes: compiled when the package is built.
RECORDER = Path(__file__).resolve().parent / "recorder"
# What it and Makefile.instrumented agree on: its arguments, and the name that it is placed under.
INTERFACE = 1
