"""Measures what developers' make commands cost: what build time, run time and the reports share.

``properties``, ``stats``, ``errors``, ``files`` and ``text`` import nothing of this project but each other.
``reporter`` (run time) and ``report`` (answers) build on them.
"""

__version__ = "0.4.0"
