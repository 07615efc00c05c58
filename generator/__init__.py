"""Build time: reads a catalog of make targets and renders the files that measure them."""
