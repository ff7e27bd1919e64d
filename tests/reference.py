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


def repeats(time_s, step_s, break_after, power_w, cadence_rpm, shortest_s, at_zero_power_s):
    rows = [i for i in range(len(time_s)) if not math.isnan(cadence_rpm[i])]
    same = [cadence_rpm[a] == cadence_rpm[b] > 0.0 and not any(break_after[a:b]) for a, b in pairwise(rows)]
    both_idle = [power_w[a] == power_w[b] == 0.0 for a, b in pairwise(rows)]

    def long(joined, seconds):
        found, k = [], 0
        while k < len(joined):
            stop = k
            while stop < len(joined) and joined[stop]:
                stop += 1
            a, b = rows[k], rows[stop]
            if stop > k and time_s[b] + step_s[b] - time_s[a] >= seconds - 1e-6:
                found.append((a, b + 1))
            k = stop + 1
        return found

    idle = np.zeros(len(time_s), bool)
    for a, b in long([s and z for s, z in zip(same, both_idle, strict=True)], at_zero_power_s):
        idle[[i for i in rows if a <= i < b]] = True
    stretches = long(same, shortest_s)
    return idle, [a for a, _ in stretches], [b for _, b in stretches]


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


# --- running.py -------------------------------------------------------------------------------------------


def sums_so_far(at_s, time_s, dt_s, cadence_rpm, torque_nm, pedalling, inside, stands, reference_nm, pause_s):
    out = np.zeros((4, len(at_s)))
    for k, now in enumerate(at_s):
        ridden = []
        for i, begin in enumerate(time_s):
            if begin > now:
                break
            seconds = min(now - begin, dt_s[i])
            if not math.isnan(torque_nm[i]):
                out[0, k] += (torque_nm[i] / reference_nm) ** 2 * seconds / 36.0
            out[1, k] += seconds if inside[i] else 0.0
            out[2, k] += cadence_rpm[i] * seconds / 30.0 if pedalling[i] else 0.0
            if pedalling[i] or stands[i]:
                ridden.append(i)
        last = end = now
        for i in reversed(ridden):
            stop = time_s[i] + dt_s[i]
            if stands[i] or last - stop >= pause_s - 1e-6:
                break
            last = end = time_s[i]
        out[3, k] = now - end
    return out


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


# --- robust.py ----------------------------------------------------------------------------------------------


def select(values, k):
    return sorted(values)[k]


def median(values):
    ordered = sorted(values)
    n = len(ordered)
    if not n:
        return math.nan
    return ordered[n // 2] if n % 2 else (ordered[n // 2 - 1] + ordered[n // 2]) / 2.0


def pair_slopes(x, y, group):
    points = [row for row in zip(x, y, group, strict=True) if not (math.isnan(row[0]) or math.isnan(row[1]))]
    n = len(points)
    slopes = [
        (points[j][1] - points[i][1]) / (points[j][0] - points[i][0])
        for i in range(n)
        for j in range(i + 1, n)
        if points[i][2] == points[j][2] and points[i][0] != points[j][0]
    ]
    variance = 0.0
    for name in {g for _, _, g in points}:
        size = sum(g == name for _, _, g in points)
        variance += size * (size - 1) * (2 * size + 5) / 18.0
    return sorted(slopes), n, variance


def lag_one(residual):
    known = [value for value in residual if not math.isnan(value)]
    pairs = [(a, b) for a, b in pairwise(residual) if not (math.isnan(a) or math.isnan(b))]
    if not pairs or np.var(known) <= 1e-24:
        return 0.0
    mean = sum(known) / len(known)
    together = sum((a - mean) * (b - mean) for a, b in pairs) / len(pairs)
    return min(max(together / np.var(known), -0.95), 0.95)


def centred_by_bin(values, index):
    out = np.full(len(values), math.nan)
    for i in range(len(values)):
        if index[i] >= 0:
            same = [values[j] for j in range(len(values)) if index[j] == index[i]]
            out[i] = values[i] - median([value for value in same if not math.isnan(value)])
    return out


def quantile_index(values, shares):
    held = [value for value in values if not math.isnan(value)]
    edges = set(np.quantile(held, shares)) if held else set()
    return np.array([-1 if math.isnan(v) else sum(edge < v for edge in edges) for v in values])


def cell_sums(time_s, values, index, weights, seconds, width_s, start, cells, bins):
    out = np.zeros((4, cells))
    for t, value, k, weight, dt in zip(time_s, values, index, weights, seconds, strict=True):
        cell = (math.floor(t / width_s) - start) * bins + k
        if k >= 0 and weight > 0 and math.isfinite(value) and cell in range(cells):
            out[:, cell] += weight, weight * value, weight * t, dt
    return tuple(out)


# --- cadence_drift.py, fatigue_drift.py, blocks.py ----------------------------------------------------------


def swings_in_thirds(time_s, dt_s, cadence_rpm, smooth_rpm, index, reach, step_rpm, bins):
    seconds, variance = np.zeros((2, bins)), np.zeros((2, bins))
    start, span = time_s[0], time_s[-1] - time_s[0]
    early, late = time_s < start + span / 3, time_s >= start + 2 * span / 3
    swing = cadence_rpm - smooth_rpm
    near = [smooth_rpm[max(i - reach, 0) : i + reach + 1] - smooth_rpm[i] for i in range(len(time_s))]
    held = np.array([bool((np.abs(away) <= step_rpm).all()) for away in near])
    for third, inside in enumerate((early, late)):
        for k in range(bins):
            members = inside & held & (index == k) & np.isfinite(swing)
            seconds[third, k] = dt_s[members].sum()
            variance[third, k] = np.var(swing[members]) if members.any() else 0.0
    return seconds, variance


def seconds_in_band(time_s, dt_s, power_w, width_s, level_w, band_w):
    known = [i for i in range(len(time_s)) if math.isfinite(power_w[i]) and dt_s[i] > 0]
    steady = 0.0
    for i in known:
        window = [j for j in known if j <= i and time_s[j] >= time_s[i] - (width_s - 0.5)]
        mean = sum(power_w[j] * dt_s[j] for j in window) / sum(dt_s[j] for j in window)
        steady += dt_s[i] if abs(mean - level_w) <= band_w else 0.0
    return steady, sum(dt_s[i] for i in known)


def block_sums(
    starts, stops, time_s, dt_s, power, heart_rate, cadence, torque, pedalling, turned, inside
):  # fmt: skip
    sums = np.zeros((11, len(starts)))
    for i in range(len(time_s)):
        begun = [k for k in range(len(starts)) if starts[k] <= time_s[i] + 1e-6]
        if not begun or time_s[i] + 1e-6 >= stops[begun[-1]] or dt_s[i] <= 0:
            continue
        k = begun[-1]
        rows = ((power, True), (heart_rate, True), (cadence, turned[i]), (torque, pedalling[i]))
        for row, (values, counts) in enumerate(rows):
            if counts and math.isfinite(values[i]):
                sums[row, k] += values[i] * dt_s[i]
                sums[row + 4, k] += dt_s[i]
        if math.isfinite(torque[i]):
            sums[8, k] += torque[i] ** 2 * dt_s[i]
            sums[10, k] += 1
        sums[9, k] += dt_s[i] if inside[i] else 0.0
    return sums


# --- heart_rate_drift.py ------------------------------------------------------------------------------------


def seconds_joined(time_s, values, longest_s):
    valid = np.isfinite(values)
    t, v = time_s[valid], values[valid]
    grid = np.full(math.floor(time_s[-1]) + 1, math.nan)
    for second in range(len(grid)):
        inside = v[np.floor(t) == second]
        before, after = np.flatnonzero(t < second), np.flatnonzero(t > second)
        if len(inside):
            grid[second] = inside.mean()
        elif len(before) and len(after) and 1.0 < longest_s >= t[after[0]] - t[before[-1]]:
            grid[second] = np.interp(second, t, v)
    return grid


def exponential_filter(values, tau_s):
    out = []
    for i in range(len(values)):
        known = [j for j in range(i + 1) if not math.isnan(values[j])]
        if not known or i - known[-1] > 30:
            out.append(math.nan)
            continue
        start = known[-1]
        while True:  # back to the first value of this run: gaps of up to 30 s belong to it
            before = [j for j in known if j < start]
            if not before or start - before[-1] > 30:
                break
            start = before[-1]
        run = [j for j in known if j >= start]
        state = values[run[0]]
        for a, b in pairwise(run):
            state += (1.0 - math.exp(-(b - a) / tau_s)) * (values[b] - state)
        out.append(state)
    return np.array(out)


def settled(values, settle_s):
    out, start, last = [], None, None
    for i, value in enumerate(values):
        if math.isnan(value):
            out.append(False)
            continue
        if last is None or i - last > 30:
            start = i
        last = i
        out.append(i - start >= settle_s)
    return np.array(out, dtype=bool)


def moments(values):
    return float(np.mean(values)), float(np.std(values))


def standardised(picks, power, cadence, least_cv):
    """One filter's columns; those that hardly vary are zeros."""
    hours = picks / 3600
    columns, undo = [np.ones(len(picks)), hours - hours.mean()], [hours.mean()]
    for values, powers in ((power, (1, 2)), (cadence, (1,))):
        v = values if len(values) else np.zeros(len(picks))
        moves = np.std(v) > least_cv * abs(np.mean(v))
        undo += [np.mean(v), np.std(v)] if moves else [0, 0]
        z = (v - np.mean(v)) / np.std(v) if moves else np.zeros(len(picks))
        columns += [z**power_of for power_of in powers]
    return np.column_stack(columns), np.array(undo)


# --- prais_winsten.py ---------------------------------------------------------------------------------------


def solve(a, b):
    inverse = np.linalg.inv(a)
    return inverse @ b, np.diag(inverse)


def quadratic(matrix, weights):
    return weights @ matrix @ weights


def products(a, b):
    rows = range(1, len(a))
    return sum(a[i] * b[i] for i in rows), sum(a[i] * b[i - 1] + a[i - 1] * b[i] for i in rows)


def prais_winsten(design, y, follows):
    """Rows transformed one by one and solved by least squares, again and again until rho stands."""
    n, k = design.shape
    rho = 0.0
    for step in range(50):
        rows, targets = [], []
        for i in range(n):
            if follows[i]:
                rows.append(design[i] - rho * design[i - 1])
                targets.append(y[i] - rho * y[i - 1])
            else:
                rows.append(design[i] * math.sqrt(1.0 - rho * rho))
                targets.append(y[i] * math.sqrt(1.0 - rho * rho))
        rows, targets = np.array(rows), np.array(targets)
        beta = np.linalg.lstsq(rows, targets, rcond=None)[0]
        spread = math.sqrt(((targets - rows @ beta) ** 2).sum() / max(n - k, 1))
        error = spread * np.sqrt(np.diag(np.linalg.inv(rows.T @ rows)))
        if step == 0 and spread < 1e-6:
            break
        residual = y - design @ beta
        pairs = [i for i in range(n) if follows[i]]
        below = sum(residual[i - 1] ** 2 for i in pairs)
        fresh = sum(residual[i] * residual[i - 1] for i in pairs) / below if below > 0 else 0.0
        fresh = min(max(fresh, -0.95), 0.95)
        if step > 0 and abs(fresh - rho) < 1e-6:
            break
        rho = fresh
    return beta, error, rho, spread


# --- onset.py -----------------------------------------------------------------------------------------------


def stick_errors(t_min, y, margin_min):
    flat = sum((value - np.mean(y)) ** 2 for value in y)
    errors = []
    for knot in t_min:
        if knot - t_min[0] < margin_min or t_min[-1] - knot < margin_min:
            errors.append(math.inf)
            continue
        design = np.column_stack([np.ones(len(y)), np.maximum(0.0, np.asarray(t_min) - knot)])
        beta = np.linalg.lstsq(design, y, rcond=None)[0]
        errors.append(float(((y - design @ beta) ** 2).sum()) if beta[1] < 0.0 else flat)
    return np.array(errors), flat


def best_ratio(t_min, y, margin_min):
    errors, flat = stick_errors(t_min, y, margin_min)
    least = min(flat, *errors)
    if flat <= 1e-18:
        return 0.0
    return (flat - least) / (max(least, 1e-12 * flat) / (len(y) - 3))


def null_share(t_min, step_min, rho, ratio, draws, margin_min):
    hits = 0
    for draw in draws:
        y = [draw[0]]
        for i in range(1, len(t_min)):
            carried = rho ** max(round((t_min[i] - t_min[i - 1]) / step_min), 1)
            y.append(carried * y[-1] + math.sqrt(1.0 - carried**2) * draw[i])
        hits += best_ratio(t_min, np.array(y), margin_min) >= ratio
    return (1.0 + hits) / (1.0 + len(draws))


# --- w_balance.py -------------------------------------------------------------------------------------------


def w_balance(power_w, dt_s, cp_w, w_prime_j):
    balance, out = w_prime_j, []
    for watts, dt in zip(power_w, dt_s, strict=True):
        if watts > cp_w:
            balance = balance - (watts - cp_w) * dt
        elif not math.isnan(watts):
            balance = w_prime_j - (w_prime_j - balance) * math.exp(-(cp_w - watts) * dt / w_prime_j)
        out.append(balance)
    return np.array(out)


def w_balance_integral(power_w, dt_s, cp_w, w_prime_j, tau_s):
    """Every joule above CP on its own, each coming back by exp(-t/tau)."""
    out = []
    for i in range(len(power_w)):
        spent = 0.0
        for j in range(i + 1):
            if power_w[j] > cp_w:
                spent += (power_w[j] - cp_w) * dt_s[j] * math.exp(-sum(dt_s[j + 1 : i + 1]) / tau_s)
        out.append(w_prime_j - spent)
    return np.array(out)


# --- ingest/fit/crc_kernel.py -------------------------------------------------------------------------------


def crc(data, start, stop):
    value = 0
    for byte in bytes(data[start:stop]):
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value


# --- ingest/fit/scan_kernel.py ------------------------------------------------------------------------------


def walk(data, start, stop):
    """Messages [(offset, definition)], definitions [(offset, number, size, big)], how it ended."""
    messages, definitions, local, p = [], [], {}, start
    while p < stop:
        header = data[p]
        if header & 0xC0 == 0x40:
            if p + 6 > stop or p + 6 + 3 * data[p + 5] > stop:
                return messages, definitions, "definition cut"
            big = data[p + 2] & 1
            q = p + 6
            size = sum(data[q + 1 + 3 * i] for i in range(data[p + 5]))
            q += 3 * data[p + 5]
            if header & 0x20:
                if q + 1 > stop or q + 1 + 3 * data[q] > stop:
                    return messages, definitions, "definition cut"
                size += sum(data[q + 2 + 3 * i] for i in range(data[q]))
                q += 1 + 3 * data[q]
            number = int.from_bytes(data[p + 3 : p + 5], "big" if big else "little")
            local[header & 15] = len(definitions)
            definitions.append((p, number, size, big))
            p = q
            continue
        kind = local.get((header >> 5) & 3 if header & 0x80 else header & 15)
        if kind is None:
            return messages, definitions, "not defined"
        if p + 1 + definitions[kind][2] > stop:
            return messages, definitions, "message cut"
        messages.append((p, kind))
        p += 1 + definitions[kind][2]
    return messages, definitions, "reached the stop"


# --- ingest/fit/gather_kernel.py ----------------------------------------------------------------------------

_STRUCT = {
    0: ("B", 0xFF), 1: ("b", 0x7F), 2: ("B", 0xFF), 3: ("h", 0x7FFF), 4: ("H", 0xFFFF), 5: ("i", 0x7FFFFFFF),
    6: ("I", 0xFFFFFFFF), 8: ("f", None), 9: ("d", None), 10: ("B", 0), 11: ("H", 0), 12: ("I", 0),
    13: ("B", 0xFF), 14: ("q", 0x7FFFFFFFFFFFFFFF), 15: ("Q", 0xFFFFFFFFFFFFFFFF), 16: ("Q", 0),
}  # fmt: skip


def gather(data, offset, layout, at, kind, big, scale, shift, out):
    import struct

    for c in range(out.shape[0]):
        for r, (p, which) in enumerate(zip(offset, layout, strict=True)):
            out[c, r] = math.nan
            if at[which, c] < 0 or int(kind[which, c]) not in _STRUCT:
                continue
            letter, invalid = _STRUCT[int(kind[which, c])]
            order = ">" if big[which] else "<"
            value = struct.unpack_from(order + letter, data, int(p) + int(at[which, c]))[0]
            if value != invalid:
                out[c, r] = value / scale[c] - shift[c]


def lay_out(block, whole, kinds, bits, nulls):
    for c, kind in enumerate(kinds):
        if kind == 3:
            continue
        bits[c] = 0
        nulls[c] = 0
        for r, value in enumerate(block[c].tolist()):
            scaled = value * 1000.0 if kind == 2 else value
            there = not math.isnan(value) if kind == 0 else abs(scaled) < 2.0**63
            if kind != 0:
                whole[c, r] = int(scaled) if there else 0
            if there:
                bits[c, r // 8] |= 1 << (r % 8)
            else:
                nulls[c] += 1


# --- ingest/antplus/stretches.py ----------------------------------------------------------------------------


def bridge(times, paces, amount, at, within):
    """Moves the changes until the pace, added up in thousandths, gives the amount."""
    fastest = max(paces)
    pieces = list(zip(pairwise(times), pairwise(paces), strict=True))
    steps = [second - first for _, (first, second) in pieces]

    def one_change(i, j):
        known = 0 <= i < len(steps) and 0 <= j < len(steps)
        return known and steps[i] * steps[j] > 0 and min(abs(steps[i]), abs(steps[j])) >= 0.05 * fastest

    usual, lasting = [], []
    for i, ((start, stop), (_, second)) in enumerate(pieces):
        goes_on, went_on = one_change(i, i + 1), one_change(i - 1, i)
        whole = abs(steps[i]) + goes_on * abs(steps[min(i + 1, len(steps) - 1)])
        whole += went_on * abs(steps[i - 1])
        lasts = min(within * abs(steps[i]) / whole, stop - start) if whole else 0.0
        lasts = 0.0 if second == 0.0 else lasts
        centre = (start + stop) / 2
        if goes_on and not went_on:
            centre = stop - lasts / 2
        if went_on and not goes_on:
            centre = start + lasts / 2
        usual.append((centre - start) / (stop - start))
        lasting.append(lasts)

    def done(move, until):
        total = 0.0
        for i, ((start, stop), (first, second)) in enumerate(pieces):
            share = min(max(usual[i] + (move if second < first else -move if second > first else 0), 0), 1)
            centre = start + share * (stop - start)
            lasts = max(min(lasting[i], 2 * (centre - start), 2 * (stop - centre)), 1e-9)
            n = 4000
            each = (stop - start) / n
            for k in range(n):
                moment = start + (k + 0.5) * each
                if moment < until:
                    changed = min(max((moment - (centre - lasts / 2)) / lasts, 0), 1)
                    total += (first + (second - first) * changed) * each
        return total

    low, high = -1.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if done(middle, times[-1]) < amount else (low, middle)
    whole = done(low, times[-1])
    return np.array([done(low, moment) * amount / whole for moment in at])
