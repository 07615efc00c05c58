"""A team's own destination: one process takes events as Segment does, keeps them, and shows the report's page.

How an event flows: ``server`` (a request) -> ``intake`` (its events, as far as the ``agreement`` goes) -> ``writer``
(one commit for many requests) -> ``sqlite`` or ``postgres`` (what is kept) -> ``pages`` and ``making`` (the page, in a
process of its own) -> ``board`` (what was made last) -> ``server``, ``openmetrics``, ``notify``; or -> ``export``.
``service`` runs it.
"""
