"""The slow, obvious twin of every compiled kernel: plain loops that a reader can check by eye.

Each twin has its kernel's name and arguments. Twins are the definition: where the two differ, the kernel is
wrong.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

# --- conditioning_steps.py ----------------------------------------------------------------------------------


def cadence_jumps(time_s, cadence_rpm, turning_rpm, jump_rpm_per_s):
    jump = [False] * len(time_s)
    for i, rpm in enumerate(cadence_rpm):
        believed = [j for j in range(i) if not math.isnan(cadence_rpm[j]) and not jump[j]]
        if math.isnan(rpm) or not believed:
            continue
        j = believed[-1]
        if min(rpm, cadence_rpm[j]) >= turning_rpm:
            jump[i] = abs(rpm - cadence_rpm[j]) > jump_rpm_per_s * (time_s[i] - time_s[j])
    return np.array(jump, dtype=bool)


def fill_gaps(time_s, value, break_after, longest_s):
    out = np.array(value, dtype=float)
    filled = np.zeros(len(value), dtype=bool)
    for i in range(len(value)):
        if not math.isnan(value[i]):
            continue
        before = [j for j in range(i) if not math.isnan(value[j])]
        after = [j for j in range(i + 1, len(value)) if not math.isnan(value[j])]
        if not before or not after:
            continue
        a, b = before[-1], after[0]
        if any(break_after[a:b]) or time_s[b] - time_s[a] > longest_s:
            continue
        out[i] = value[a] + (value[b] - value[a]) / (time_s[b] - time_s[a]) * (time_s[i] - time_s[a])
        filled[i] = True
    return out, filled


def neighbours(time_s, break_after, i, half_width_s):
    """Indices within the window around sample i that no break separates from it."""
    return [
        j
        for j in range(len(time_s))
        if abs(time_s[j] - time_s[i]) <= half_width_s + 1e-6 and not any(break_after[min(i, j) : max(i, j)])
    ]


def pedalling_means(time_s, first, second, third, believed, break_after, half_width_s):
    out = [np.full(len(time_s), np.nan) for _ in range(3)]
    for i in range(len(time_s)):
        if believed[i]:
            use = [j for j in neighbours(time_s, break_after, i, half_width_s) if believed[j]]
            for mean, values in zip(out, (first, second, third), strict=True):
                mean[i] = sum(values[j] for j in use) / len(use)
    return tuple(out)


def observed_seconds(valid, step_s, dt_s, shortest_s, longest_s):
    observed = sum(dt for dt, ok in zip(dt_s, valid, strict=True) if ok)
    rows = [i for i, ok in enumerate(valid) if ok]
    scaled, gaps = 0.0, 0
    for a, b in pairwise(rows):
        span = sum(step_s[a:b])
        unseen = span - dt_s[a]
        if unseen > 0 and shortest_s + 1e-6 < span <= longest_s + 1e-6:
            scaled += unseen
            gaps += 1
    return observed, scaled, gaps


# --- torque_load.py -----------------------------------------------------------------------------------------


def load_sums(dt_s, power_w, cadence_rpm, torque_nm, pedalling, turning):
    known, push = ~np.isnan(torque_nm), pedalling & ~np.isnan(torque_nm)
    idle = turning & ~pedalling & ~np.isnan(power_w)
    return np.array(
        [
            np.nansum(torque_nm * dt_s),
            np.nansum(torque_nm**2 * dt_s),
            np.nansum(power_w * dt_s),
            np.sum((torque_nm * dt_s)[push]),
            np.sum((torque_nm**2 * dt_s)[push & known]),
            np.sum(dt_s[push]),
            np.sum((cadence_rpm * dt_s)[pedalling]),
            np.sum(dt_s[pedalling]),
            np.sum((cadence_rpm * dt_s)[idle]),
            np.sum((cadence_rpm * dt_s)[turning]),
            np.sum(dt_s[turning]),
        ]
    )


def accumulated(torque_nm, dt_s, inside, reference_nm):
    load = np.nan_to_num((torque_nm / reference_nm) ** 2 * dt_s * 100 / 3600)
    return np.cumsum(load), np.cumsum(np.where(inside, load, 0.0))


# --- mean_maximal.py ----------------------------------------------------------------------------------------


def stretches(break_after):
    """(start, stop) of the samples between breaks."""
    out, start = [], 0
    for i in range(len(break_after)):
        if break_after[i] or i == len(break_after) - 1:
            out.append((start, i + 1))
            start = i + 1
    return out


def second_grid(time_s, dt_s, value, break_after):
    integral, known, stretch = [], [], []
    for number, (start, stop) in enumerate(stretches(break_after)):
        begin = time_s[start]
        for cell in range(int(time_s[stop - 1] + dt_s[stop - 1] - begin + 1e-6)):
            area = seconds = 0.0
            for i in range(start, stop):
                low = max(time_s[i] - begin, cell)
                high = min(time_s[i] + dt_s[i] - begin, cell + 1)
                if high > low and not math.isnan(value[i]):
                    area += value[i] * (high - low)
                    seconds += high - low
            integral.append(area)
            known.append(seconds)
            stretch.append(number)
    return np.array(integral), np.array(known), np.array(stretch, dtype=np.int64)


def windows(integral, known_s, stretch, length, missing_share):
    """Mean of each full window within one stretch that knows enough."""
    out = []
    for i in range(len(integral) - length + 1):
        seconds = sum(known_s[i : i + length])
        same = stretch[i] == stretch[i + length - 1]
        if same and seconds > 0 and seconds >= (1 - missing_share) * length - 1e-6:
            out.append(sum(integral[i : i + length]) / seconds)
    return out


def largest_means(integral, known_s, stretch, durations_s, missing_share):
    return np.array(
        [max(windows(integral, known_s, stretch, d, missing_share), default=math.nan) for d in durations_s]
    )


def normalized(integral, known_s, stretch, window, missing_share):
    means = windows(integral, known_s, stretch, window, missing_share)
    return (sum(mean**4 for mean in means) / len(means)) ** 0.25 if means else math.nan


# --- effort.py ----------------------------------------------------------------------------------------------


def quadrant_seconds(dt_s, cadence_rpm, torque_nm, pedalling, reference_nm, reference_rpm, torque_max_nm):
    seconds = np.zeros(4)
    for dt, rpm, torque, pushes in zip(dt_s, cadence_rpm, torque_nm, pedalling, strict=True):
        if not pushes or math.isnan(torque) or torque > torque_max_nm:
            continue
        hard, fast = torque >= reference_nm, rpm >= reference_rpm
        quadrant = {(True, True): 1, (True, False): 2, (False, False): 3, (False, True): 4}[hard, fast]
        seconds[quadrant - 1] += dt
    return seconds


def plain_means(time_s, value, break_after, half_width_s):
    out = np.full(len(time_s), np.nan)
    for i in range(len(time_s)):
        near = [value[j] for j in neighbours(time_s, break_after, i, half_width_s)]
        near = [x for x in near if not math.isnan(x)]
        if near:
            out[i] = sum(near) / len(near)
    return out


def rainflow(value):
    """ASTM E1049-85 section 5.4.4, step by step: X is the newest range, Y the one before, S the start."""
    turning = []
    for x in value:
        if math.isnan(x) or (turning and x == turning[-1]):
            continue
        if len(turning) >= 2 and (turning[-1] - turning[-2]) * (x - turning[-1]) > 0:
            turning.pop()
        turning.append(x)
    counted, points = [], []
    for point in turning:
        points.append(point)
        while len(points) >= 3:
            x, y = abs(points[-1] - points[-2]), abs(points[-2] - points[-3])
            if x < y:
                break
            if len(points) == 3:
                counted.append((y, 0.5))
                points.pop(0)
            else:
                counted.append((y, 1.0))
                points[-3:-1] = []
    counted += [(abs(b - a), 0.5) for a, b in pairwise(points)]
    return np.array([r for r, _ in counted]), np.array([n for _, n in counted])


def unbroken(time_s, dt_s, pedalling, standing, pause_s, standing_s):
    n = len(time_s)
    stands = np.zeros(n, dtype=bool)
    for i in range(n):
        if standing[i] == 1.0:
            first, last = i, i
            while first > 0 and standing[first - 1] == 1.0:
                first -= 1
            while last < n - 1 and standing[last + 1] == 1.0:
                last += 1
            stands[i] = time_s[last] + dt_s[last] - time_s[first] >= standing_s - 1e-6
    longest = 0.0
    for i in range(n):
        end = None
        for j in range(i, n):
            if stands[j] or (end is not None and pedalling[j] and time_s[j] - end >= pause_s - 1e-6):
                break
            if pedalling[j]:
                end = time_s[j] + dt_s[j]
        if end is not None and pedalling[i]:
            longest = max(longest, end - time_s[i])
    return longest


# --- grinding.py --------------------------------------------------------------------------------------------


def slow_heavy_runs(time_s, dt_s, cadence_rpm, torque_nm, standing_still, break_after, thresholds):
    on_rpm, off_rpm, on_nm, off_nm, null_s, merge_s, shortest_s = thresholds
    found = []
    for start, stop in stretches(break_after):
        runs, run, unknown = [], [], 0.0
        for i in range(start, stop):
            rpm, torque = cadence_rpm[i], torque_nm[i]
            if math.isnan(rpm) or math.isnan(torque):
                unknown += dt_s[i]
                ends = standing_still[i] or unknown > null_s + 1e-6
                begins = goes_on = False
            else:
                begins = not run and rpm <= on_rpm and torque >= on_nm
                goes_on = bool(run) and rpm <= off_rpm and torque >= off_nm
                ends = not goes_on
                unknown = 0.0
            if begins or goes_on:
                run.append(i)
            elif run and ends:
                runs.append((run[0], run[-1] + 1))
                run = []
        if run:
            runs.append((run[0], run[-1] + 1))
        merged = []
        for a, b in runs:
            if merged and time_s[a] - time_s[merged[-1][1] - 1] - dt_s[merged[-1][1] - 1] <= merge_s + 1e-6:
                a = merged.pop()[0]
            merged.append((a, b))
        found += [(a, b) for a, b in merged if time_s[b - 1] + dt_s[b - 1] - time_s[a] >= shortest_s - 1e-6]
    return np.array([a for a, _ in found], dtype=int), np.array([b for _, b in found], dtype=int)


def bout_sums(dt_s, power_w, cadence_rpm, torque_nm, pedalling, start, stop):
    part = slice(start, stop)
    dt, power, rpm, torque, push = (x[part] for x in (dt_s, power_w, cadence_rpm, torque_nm, pedalling))
    mean = push & ~np.isnan(torque)
    return (
        np.sum((rpm * dt)[push]),
        np.nansum(power * dt),
        np.nansum(torque**2 * dt),
        np.sum((rpm * dt)[mean]),
        np.sum((torque * dt)[mean]),
        np.sum(dt[mean]),
    )
