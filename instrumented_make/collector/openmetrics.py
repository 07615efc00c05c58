"""Figures for Prometheus and Grafana, as OpenMetrics text (https://prometheus.io/docs/specs/om/open_metrics_spec/)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from instrumented_make.collector.board import Board

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def text(board: Board, runs: Mapping[str, tuple[int, int, int]], left: Mapping[str, int]) -> str:
    """The figures of the commands on the ``board``; other commands have too few people.

    ``runs``: for each command how many people's runs there ever were, how many failed, how many were interrupted.
    ``left``: how often something was not kept, by reason. Counters never fall, also when events are deleted.
    """
    shown = [(command, runs[command]) for command in sorted(board.commands) if command in runs]
    lines = [
        *_family("make_runs", "counter", "Runs of a command by people"),
        *(_line("make_runs_total", {"command": command}, count[0]) for command, count in shown),
        *_family("make_runs_failed", "counter", "Runs with an exit status above 0"),
        *(_line("make_runs_failed_total", {"command": command}, count[1]) for command, count in shown),
        *_family("make_runs_interrupted", "counter", "Runs that a signal ended"),
        *(_line("make_runs_interrupted_total", {"command": command}, count[2]) for command, count in shown),
        *_family("make_run_duration_seconds", "summary", "How long runs took in the last four weeks", unit="seconds"),
        *_durations(board),
        *_family("collector_left", "counter", "What was sent and not kept"),
        *(_line("collector_left_total", {"reason": reason}, count) for reason, count in sorted(left.items())),
        "# EOF",
    ]
    return "\n".join(lines) + "\n"


def _durations(board: Board) -> Iterator[str]:
    for command, percentiles in sorted(board.durations.items()):
        for quantile, milliseconds in zip(("0.5", "0.9"), percentiles, strict=True):
            labels = {"command": command, "quantile": quantile}
            yield _line("make_run_duration_seconds", labels, round(milliseconds / 1000, 3))


def _family(name: str, kind: str, meaning: str, *, unit: str = "") -> Iterable[str]:
    yield f"# TYPE {name} {kind}"
    if unit:
        yield f"# UNIT {name} {unit}"
    yield f"# HELP {name} {meaning}."


def _line(name: str, labels: Mapping[str, str], value: float) -> str:
    inside = ",".join(f'{label}="{_escaped(content)}"' for label, content in labels.items())
    return f"{name}{{{inside}}} {value}"


def _escaped(content: str) -> str:
    return content.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
