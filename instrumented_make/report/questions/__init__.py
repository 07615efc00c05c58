"""The questions that a report answers, one module each: its query, its answer and its charts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from instrumented_make.report.history import History
from instrumented_make.report.options import FAILING, SLOWER
from instrumented_make.report.questions import ages, changed, endings, helped, used, waiting, weeks
from instrumented_make.report.section import Section

# In the order in which a page and a terminal show them.
QUESTIONS = (changed, helped, waiting, endings, used, ages, weeks)


def answer_all(history: History) -> Iterator[Section]:
    """Every question that has an answer."""
    for question in QUESTIONS:
        section = question.ask(history)
        if section is not None:
            yield section


def worse(history: History, kinds: Sequence[str]) -> bool:
    """Whether anything got worse in one of these ways, since a shift or since the change that was asked about."""
    if changed.are_any_of(changed.find_changes(history), kinds):
        return True
    return history.options.change_s is not None and helped.got_worse(
        helped.compare_all(history), slower=SLOWER in kinds, failing=FAILING in kinds
    )
