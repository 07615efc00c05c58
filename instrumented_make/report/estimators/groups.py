"""Do people work in different ways? Groups of people by which commands they run.

*Where people are.* Each is a point, the square roots of their shares of runs by command, so that chance spreads all
points alike (Hellinger's distance) and no command counts only because it is run often.

*Screen.* If what makes people differ in one half of their weeks does not in the other, it is chance. Most teams end
here, without SciPy's import, which alone would take a tenth of a report.

*Groups.* 2-means splits the people in two, then each part again, as long as the halves are closer, on the line through
their centres, than 2-means would make those of a single cloud with the same covariance (Liu et al. 2008,
doi:10.1198/016214508000000454; the tree is that of Kimes et al. 2017, doi:10.1111/biom.12647). The cloud's sides are
uniform, which are easier to split than any with a middle, so people who differ by degrees, however much, are no
groups. Each half has the least number of people; fewer that stand apart are left out, and the rest are looked at
again. Each part's chance of a false split is its share, by people, of FALSE_ALARM.

*Stability.* The groups are found again in each half of the weeks; both must put nearly the same people together, by
Hubert and Arabie's adjusted Rand index (1985, doi:10.1007/BF01908075).

``tests/report/test_workflows.py`` checks false groups, and how many people are in the right one, by simulation.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from instrumented_make.report.estimators.panel import Floats, Integers, Truths

FALSE_ALARM = 0.05
# With fewer runs, chance alone puts people far from each other.
LEAST_RUNS = 20
# How alike the groups of both halves of the weeks are, at least: 1 is equal, and 0 what chance gives.
STABLE = 0.7
NOWHERE = -1
# At most this share of people may be left out of a split.
_MOST_NOWHERE = 0.1
# Two halves of the weeks agree at least so much on one of the directions in which most people differ.
_PERSISTENT = 0.5
_DIRECTIONS = 3
_AXES = 10
_CLOUDS = 100
# A larger cloud is not split differently.
_CLOUD = 400
_ROUNDS = 10
# A variance as small as this is what rounding leaves: a single run more or less is far from it.
_ROUNDING = 1e-12


def find_groups(runs: Integers, least: int) -> Integers | None:
    """The group of each person, from 0, the largest first, or NOWHERE; None if there are not at least two.

    ``runs``: of each person, by command, in each of two halves of the weeks; each person has some in both.
    ``least``: how many people a group has.
    """
    if len(runs) < 2 * least or runs.shape[1] < 2:
        return None
    points = _points(runs.sum(axis=2))
    halves = [_points(runs[:, :, half]) for half in (0, 1)]
    if not _differ(*halves):
        return None
    parts = _split(points, np.arange(len(points)), least)
    if len(parts) < 2:
        return None
    group = np.full(len(points), NOWHERE)
    for number, part in enumerate(sorted(parts, key=lambda part: (-len(part), part[0]))):
        group[part] = number
    inside = group != NOWHERE
    found = [_again(half[inside], group[inside]) for half in halves]
    return group if adjusted_rand(*found) >= STABLE else None


def adjusted_rand(one: Integers, other: Integers) -> float:
    """How alike two partitions are: 1 if equal, 0 as chance makes them on average."""
    both = np.zeros((one.max() + 1, other.max() + 1), dtype=np.int64)
    np.add.at(both, (one, other), 1)
    pairs, ones, others, every = (
        float((number * (number - 1) // 2).sum())
        for number in (both, both.sum(axis=1), both.sum(axis=0), np.array([len(one)]))
    )
    expected = ones * others / every
    most = (ones + others) / 2
    return 1.0 if most == expected else (pairs - expected) / (most - expected)


def _points(runs: Integers) -> Floats:
    return np.asarray(np.sqrt(runs / runs.sum(axis=1, keepdims=True)), dtype=np.float64)


def _differ(one: Floats, other: Floats) -> bool:
    """Whether people differ in both halves in the same way, in one of the directions in which they do in the first."""
    one, other = one - one.mean(axis=0), other - other.mean(axis=0)
    _, axes = np.linalg.eigh(one.T @ one)
    for axis in axes.T[::-1][:_DIRECTIONS]:
        here, there = one @ axis, other @ axis
        if here @ there > max(_ROUNDING, _PERSISTENT * np.sqrt((here @ here) * (there @ there))):
            return True
    return False


def _split(points: Floats, people: Integers, least: int) -> list[Integers]:
    """The groups among these ``people``, each by their places."""
    everybody = people
    while len(people) >= 2 * least:
        inside, values = _main_axes(points[people])
        side, closeness = _two(inside)
        sizes = int((~side).sum()), int(side.sum())
        if min(sizes) >= least:
            level = FALSE_ALARM * len(everybody) / len(points)
            if not _is_split(closeness, values, len(people), level):
                return [everybody]
            return [part for half in (~side, side) for part in _split(points, people[half], least)]
        if not min(sizes):  # they are all alike
            break
        people = people[side if sizes[1] > sizes[0] else ~side]
        if len(everybody) - len(people) > _MOST_NOWHERE * len(points):
            break
    return [everybody]


def _main_axes(points: Floats) -> tuple[Floats, Floats]:
    """The points on the axes along which they differ most, with their variances."""
    centred = points - points.mean(axis=0)
    values, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    return centred @ axes[:, ::-1][:, :_AXES], np.maximum(values[::-1][:_AXES], 0)


def _two(points: Floats) -> tuple[Truths, float]:
    """The best of some splits of centred points in two, and how close its halves are.

    That is the share of the variance that is left in them, on the line through their centres: other directions would
    hide it.
    """
    from scipy.cluster.vq import kmeans2  # noqa: PLC0415  (hardly any report needs it)

    best, most = np.zeros(len(points), dtype=bool), _ROUNDING
    for direction in range(min(_DIRECTIONS, points.shape[1])):
        side = points[:, direction] > 0
        if side.all() or not side.any():
            continue
        _, number = kmeans2(points, _centres(points, side), iter=_ROUNDS, minit="matrix", missing="raise")
        side = number == 1
        low, high = _centres(points, side)
        between = float(side.mean() * (~side).mean() * ((high - low) ** 2).sum())
        if between > most:
            best, most = side, between
    if not best.any():
        return best, 1.0
    low, high = _centres(points, best)
    along = points @ (high - low)
    left = along - np.where(best, along[best].mean(), along[~best].mean())
    return best, float(left @ left / (along @ along))


def _centres(points: Floats, side: Truths) -> Floats:
    return np.array([points[half].mean(axis=0) for half in (~side, side)])


def _is_split(closeness: float, variances: Floats, people: int, level: float) -> bool:
    """Whether a single cloud with these ``variances`` would hardly ever leave so little in its halves."""
    rng = np.random.default_rng(0)
    sides = np.sqrt(12 * variances)
    clouds = []
    for _ in range(_CLOUDS):
        cloud, _values = _main_axes((rng.random((min(people, _CLOUD), len(sides))) - 0.5) * sides)
        clouds.append(_two(cloud)[1])
    mean, deviation = float(np.mean(clouds)), float(np.std(clouds, ddof=1))
    return closeness < mean and NormalDist(mean, max(deviation, 1e-9)).cdf(closeness) <= level


def _again(points: Floats, group: Integers) -> Integers:
    """The groups that k-means finds in these points, beginning with the known ones."""
    from scipy.cluster.vq import kmeans2  # noqa: PLC0415  (hardly any report needs it)

    centres = np.array([points[group == number].mean(axis=0) for number in range(group.max() + 1)])
    _, number = kmeans2(points, centres, iter=_ROUNDS, minit="matrix", missing="raise")
    return np.asarray(number, dtype=np.int64)
