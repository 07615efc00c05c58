"""Run time, on a developer's machine: a recorded run becomes an event, waits in the outbox and is sent to Segment.

Only :mod:`instrumented_make.reporter.segment` imports anything beyond the standard library.
"""
