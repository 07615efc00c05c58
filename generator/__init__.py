"""Build time: reads a catalog of make targets and renders the include that measures them."""

__version__ = "0.1.0"
