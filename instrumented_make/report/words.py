"""What the figures mean, in plain language: the same sentences on a page and on a terminal."""

from __future__ import annotations

import math

from instrumented_make.report.change import ENOUGH_PEOPLE, FALSE_ALARM, Comparison, Effect

FASTER, SLOWER = "faster", "slower"
LESS, MORE = "fails less", "fails more"
CANNOT_TELL = "cannot tell"
FITS = ", and not for those who had not pulled it yet in the same weeks"
COULD_BE_ELSE = ", though whatever else happened in those weeks could be the cause"


def of_duration(comparison: Comparison) -> str:
    """Whether a command got FASTER or SLOWER, or CANNOT_TELL."""
    return _verdict(comparison.duration, FASTER, SLOWER)


def of_failures(comparison: Comparison) -> str:
    """Whether it fails LESS or MORE, or CANNOT_TELL."""
    return _verdict(comparison.failures, LESS, MORE)


def _verdict(effect: Effect | None, lower: str, higher: str) -> str:
    if effect is None or not effect.changed:
        return CANNOT_TELL
    return lower if effect.high < 0 else higher


def _says_nothing(comparison: Comparison) -> bool:
    return of_duration(comparison) == of_failures(comparison) == CANNOT_TELL


def sentences(comparisons: list[Comparison]) -> list[str]:
    """The verdicts on all commands one by one, first those that say something."""
    ordered = sorted(
        comparisons, key=lambda comparison: of_duration(comparison) == of_failures(comparison) == CANNOT_TELL
    )
    return [sentence(comparison) for comparison in ordered]


def sentence(comparison: Comparison) -> str:
    """The verdict on one command, with its figures."""
    if not any(effect and effect.enough for effect in (comparison.duration, comparison.failures)):
        return f"{comparison.command}: {CANNOT_TELL}, {_too_few(comparison.failures)}."
    return f"{comparison.command}: {_about_duration(comparison)}; {_about_failures(comparison)}."


def verdict(comparisons: list[Comparison]) -> str:
    """The verdict on all of them."""
    if not comparisons:
        return "There is nothing to compare."
    if all(comparison.runs_before == 0 for comparison in comparisons):
        return f"{CANNOT_TELL.capitalize()}: no run is on a commit from before the change. Is its date right?"
    if all(comparison.runs_after == 0 for comparison in comparisons):
        return f"{CANNOT_TELL.capitalize()}: no run is on a commit since the change. Is its date right?"
    parts = []
    for comparison in comparisons:
        told = (
            (f"got {of_duration(comparison)}", _grade(fits=comparison.duration_fits)),
            (of_failures(comparison), _grade(fits=comparison.failures_fit)),
        )
        for grade in (FITS, COULD_BE_ELSE):
            words = [word for word, its in told if its == grade and not word.endswith(CANNOT_TELL)]
            if words:
                parts.append(f"{comparison.command} {listed(words)}{grade}")
    rest = f"Had nothing changed, the chance of saying so of any command would be {FALSE_ALARM:.0%} at most."
    if not parts:
        return f"{CANNOT_TELL.capitalize()}: of no command do the runs show a change. {rest}"
    all_told = all(CANNOT_TELL not in (of_duration(comparison), of_failures(comparison)) for comparison in comparisons)
    return f"{'; '.join(parts)}. {'' if all_told else f'Of everything else: {CANNOT_TELL}. '}{rest}"


def method(window_weeks: int) -> str:
    """What was compared with what."""
    return (
        f"Compared are runs on the main branch within {counted(window_weeks, 'week')} of the change, on commits before "
        "it and since. Each person is compared with themselves, and only people with runs on both sides count. Time is "
        "that of runs that succeeded. What is said of the same weeks compares people who had pulled the change with "
        "people who had not."
    )


def counted(number: int, one: str, many: str = "") -> str:
    """A number of things: ``1 command``, ``2 commands``."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def listed(names: list[str]) -> str:
    """Names as a sentence lists them."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _about_duration(comparison: Comparison) -> str:
    effect = comparison.duration
    if effect is None or not effect.enough:
        return f"{CANNOT_TELL} whether it got faster: {_too_few(effect)}"
    low, high = (math.exp(value) - 1 for value in (effect.low, effect.high))
    word = of_duration(comparison)
    if word == CANNOT_TELL:
        return f"{CANNOT_TELL} whether it got faster ({_time(low)} to {_time(high)})"
    grade = _grade(fits=comparison.duration_fits)
    return f"it got {word}, a run takes {_time(math.exp(effect.estimate) - 1)} ({_time(low)} to {_time(high)}){grade}"


def _about_failures(comparison: Comparison) -> str:
    effect = comparison.failures
    if effect is not None and effect.before == effect.after == 0:
        return "it failed neither before nor after"
    if effect is None or not effect.enough:
        return f"{CANNOT_TELL} whether it fails less: {_too_few(effect)}"
    word = of_failures(comparison)
    if word == CANNOT_TELL:
        return f"{CANNOT_TELL} whether it fails less ({_points(effect.low)} to {_points(effect.high)})"
    return (
        f"it {word}, {effect.after:.1%} of runs instead of {effect.before:.1%} "
        f"({_points(effect.low)} to {_points(effect.high)}){_grade(fits=comparison.failures_fit)}"
    )


def _grade(*, fits: bool) -> str:
    return FITS if fits else COULD_BE_ELSE


def _too_few(effect: Effect | None) -> str:
    if effect is None:
        return "too few people ran it both before and after"
    if effect.effective_people >= ENOUGH_PEOPLE:
        return "all runs are alike"
    if effect.people == 1:
        return f"a single person ran it both before and after; it takes {ENOUGH_PEOPLE}"
    return (
        f"{effect.people} people ran it both before and after, which counts like {effect.effective_people:.1f} who run "
        f"it equally often; it takes {ENOUGH_PEOPLE}"
    )


def _time(change: float) -> str:
    return f"{abs(change):.0%} {'less' if change < 0 else 'more'} time"


def _points(difference: float) -> str:
    return f"{abs(difference) * 100:.1f} points {'less' if difference < 0 else 'more'}"
