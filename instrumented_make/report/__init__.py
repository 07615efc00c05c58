"""Analysis: from the events that arrived to answers; needs the extra ``report``."""
