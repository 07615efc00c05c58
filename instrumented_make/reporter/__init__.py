"""Run time, on a developer's machine: a recorded run becomes an event, waits in the outbox, goes to Segment.

Only :mod:`instrumented_make.reporter.segment` imports anything beyond the standard library.
"""
