"""The questions that a report answers, one module each: its query, its answer and its charts.

A question that fails, by a mistake of ours, costs its own section, never the report.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from types import ModuleType

from instrumented_make.errors import UserError
from instrumented_make.report.history import History
from instrumented_make.report.options import FAILING, SLOWER
from instrumented_make.report.questions import (
    behaved,
    behind,
    changed,
    commands,
    debugging,
    endings,
    helped,
    paths,
    pulls,
    split,
    used,
    waiting,
    weeks,
    why,
    workflows,
)
from instrumented_make.report.section import Figure, Section

# In the order in which a page and a terminal show them.
QUESTIONS = (
    *(changed, helped, behaved, split, waiting, why, endings, debugging, used, paths, pulls, commands, workflows),
    *(behind, weeks),
)


def answer_all(history: History) -> Iterator[Section]:
    """Every question that has an answer."""
    for question in QUESTIONS:
        section = attempt(history, question, partial(question.ask, history))
        if section is not None:
            yield section


def draw(history: History, section: Section) -> tuple[Section, Sequence[Figure]]:
    """The section with its charts; without them, and with a sentence that says so, if they cannot be drawn."""
    figures: list[Sequence[Figure]] = []
    failed = attempt(history, section.question, lambda: figures.append(section.figures()))
    return (
        (section, figures[0]) if failed is None else (replace(section, details=[*section.details, failed.answer]), ())
    )


def attempt(history: History, question: ModuleType | str, act: Callable[[], Section | None]) -> Section | None:
    """What ``act`` returns, or a section that says why it failed. What is wrong for all questions is raised."""
    try:
        return act()
    except (UserError, ImportError):
        raise
    except Exception as error:
        if history.options.debug:
            traceback.print_exception(error, file=sys.stderr)
        where = traceback.extract_tb(error.__traceback__)[-1]
        name = question if isinstance(question, str) else (question.__doc__ or "").partition("?")[0] + "?"
        why = f"{type(error).__name__}, line {where.lineno} of {os.path.basename(where.filename)}"
        return Section(
            "failed", name, f"This could not be answered ({why}). Please report it, with what --debug prints."
        )


def worse(history: History, kinds: Sequence[str]) -> bool:
    """Whether anything got worse in one of these ways, since a shift or, if that fits, since the change asked about."""
    if changed.are_any_of(changed.find_changes(history), kinds):
        return True
    return history.options.change_s is not None and helped.got_worse(
        helped.compare_all(history), slower=SLOWER in kinds, failing=FAILING in kinds
    )
