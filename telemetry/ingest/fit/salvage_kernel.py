"""Finding the messages again after structural damage.

Comes in: the bytes of one chained file whose strict walk failed. Goes out: the index of what can be told to
be messages, a mark on each that stands beside damage, and the gaps. Leaves to others: deciding when to use
it (`sections.py`): an undamaged file never comes here.

Four things tell a message from a desynchronised reading: a well-formed definition, a timestamp close to
the last one, bytes like those of the last message of its kind, and that such messages follow. A message with
a close timestamp is taken at once; any other only when what follows it is in step; where nothing fits, the
next place that does is searched for, from just behind the last message, because a wrong size hides in the
message before the failure. Work is bounded by the size of the file.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from telemetry.ingest.fit.base_types import BASE_TYPES
from telemetry.ingest.fit.index import CLOSE_AHEAD_S, CLOSE_BACK_S, NEAR_AHEAD_S, NEAR_BACK_S, NO_TIME

ENOUGH = 4
"""Evidence of one close timestamp, or of one definition with two good fields."""
FAR = 13
"""Evidence asked of a timestamp that is nowhere near: three of its own kind must follow it, and advance."""
FAR_SEARCHED_BYTES = 4096
"""How far a nearer timestamp is looked for before a far one is believed."""
HISTORY = 16
"""Earlier definitions of a local type that are tried: the latest may be damage that looks like one."""
LOOK_AHEAD = 16
"""Messages looked at to find that evidence."""
ALIKE_STEP = 16
"""Bytes this close to those of an earlier message are alike: high bytes and slow values hardly move."""
MANY_ALIKE = 16
"""Messages of one kind after which likeness counts beside a clock; without a clock it counts at once."""
PHASE_LOOK = 4
"""Messages without a timestamp that are compared, and looked on for, before the likeliest place is taken."""
LEAST_COMPARED = 4
"""Fewer bytes than this are alike by chance."""
WORK_PER_BYTE = 24
TRIED = 16
"""Behind the sixteen local types in force come as many again: those that `in_step` supposes, looking on."""
WORK = 7
"""Behind the seven cells that `check_definition` fills `look` counts the work done. Few arrays, because each
that a function takes is counted in and out again: that was half of the time."""

SIZE_OF_CODE = np.zeros(256, np.int64)
"""Bytes of a base type, by its code exactly as the protocol writes it; 0 for every other code."""
for _type in BASE_TYPES:
    SIZE_OF_CODE[_type.code] = _type.size
SIZE_OF_CODE.flags.writeable = False


@njit(cache=True, nogil=True, boundscheck=True)
def check_definition(data: NDArray[np.uint8], p: int, stop: int, out: NDArray[np.int64]) -> int:
    """Evidence that a definition stands at `p`: -1 it does not fit, 1 odd, 2 one good field, 4 more of them.

    out: end, payload size, place of the timestamp, big-endian, fields, developer fields, message number.
    """
    header = np.int64(data[p])
    if p + 6 > stop:
        return -1
    n_fields = np.int64(data[p + 5])
    end = p + 6 + 3 * n_fields
    n_developer = np.int64(0)
    if header & 0x20:
        if end + 1 > stop:
            return -1
        n_developer = np.int64(data[end])
        end += 1 + 3 * n_developer
    if end > stop:
        return -1
    big = np.int64(data[p + 2]) & 1
    number = np.int64(data[p + 3]) | (np.int64(data[p + 4]) << 8)
    if big:
        number = (np.int64(data[p + 3]) << 8) | np.int64(data[p + 4])
    good = data[p + 1] == 0 and data[p + 2] <= 1 and header & 0x10 == 0 and n_fields > 0 and number != 0xFFFF
    size = np.int64(0)
    time_at = np.int64(-1)
    q = p + 6
    last = np.int64(-1)
    for _ in range(n_fields):
        field = np.int64(data[q])
        width = np.int64(data[q + 1])
        code = np.int64(data[q + 2])
        if good:
            whole = SIZE_OF_CODE[code]  # a power of two, or 0
            good = width > 0 and whole > 0 and width & (whole - 1) == 0 and field != last
        if field == 253 and width == 4 and code & 0x7F == 6:
            time_at = size + 1
        size += width
        last = field
        q += 3
    if header & 0x20:
        q += 1
        for _ in range(n_developer):
            size += np.int64(data[q + 1])
            q += 3
    out[0] = end
    out[1] = size
    out[2] = time_at
    out[3] = big
    out[4] = n_fields
    out[5] = n_developer
    out[6] = number
    if not good:
        return 1
    return 4 if n_fields > 1 else 2


@njit(cache=True, nogil=True, boundscheck=True, inline="always")
def _time(data: NDArray[np.uint8], q: int, big: int) -> int:
    v = np.int64(0)
    for k in range(4):
        v = (v << 8) | np.int64(data[q + k if big else q + 3 - k])
    return v


@njit(cache=True, nogil=True, boundscheck=True, inline="always")
def _close(time: int, base: int) -> bool:
    return base >= 0 and -CLOSE_BACK_S <= time - base <= CLOSE_AHEAD_S


@njit(cache=True, nogil=True, boundscheck=True)
def _likeness(
    data: NDArray[np.uint8],
    p: int,
    model: int,
    size: int,
    at: int,
    most: int,
    stop: int,
    look: NDArray[np.int64],
) -> int:
    """How many payload bytes of up to `most` messages of one kind, from `p` on, are like those of an earlier
    one at `model`, the timestamp apart. 0 where that is half of them or fewer, or all bytes are one: a fill
    looks like anything."""
    if model < 0 or size < LEAST_COMPARED:
        return 0
    near = 0
    all_bytes = 0
    varied = False
    header = np.int64(data[p])
    kind = header & 0xE0 if header & 0x80 else header
    while most > 0 and p + size < stop and np.int64(data[p]) & (0xE0 if header & 0x80 else 0xFF) == kind:
        look[WORK] += 1 + (size >> 3)
        for k in range(1, size + 1):
            if at <= k < at + 4 and at > 0:
                continue
            byte = np.int64(data[p + k])
            all_bytes += 1
            if -ALIKE_STEP <= byte - np.int64(data[model + k]) <= ALIKE_STEP:
                near += 1
            if byte != header:
                varied = True
        p += 1 + size
        most -= 1
    return near if varied and 2 * near > all_bytes and all_bytes >= LEAST_COMPARED else 0


@njit(cache=True, nogil=True, boundscheck=True)
def in_step(
    data: NDArray[np.uint8],
    p: int,
    stop: int,
    known: NDArray[np.int64],
    look: NDArray[np.int64],
    base: int,
    need: int,
    rolling: bool,
) -> bool:
    """True where messages from `p` on carry at least `need` evidence before one of them is wrong.

    known[local] = (payload size or -1, place of the timestamp, big-endian, an earlier message or -1); `base`
    is the last timestamp or -1; `rolling` : no full timestamp was seen so far, so that those in header bytes
    must do as evidence.
    """
    evidence = 0
    trusted = base >= 0
    copied = False
    last_five = np.int64(-1)
    before = np.int64(-1)  # the message before, and its header
    local_before = np.int64(-1)
    for _ in range(LOOK_AHEAD):
        look[WORK] += 1
        if p == stop:
            evidence += 2
            break
        header = np.int64(data[p])
        if header & 0xC0 == 0x40:
            told = check_definition(data, p, stop, look)
            if told < 0:
                break
            look[WORK] += look[4] + look[5]
            evidence += told if told > 1 else 0
            if not copied:
                # by loops: assigning whole arrays takes the compiler seconds
                for row in range(TRIED):
                    for cell in range(4):
                        known[TRIED + row, cell] = known[row, cell]
                copied = True
            known[TRIED + (header & 0x0F), 0] = look[1]
            known[TRIED + (header & 0x0F), 1] = look[2]
            known[TRIED + (header & 0x0F), 2] = look[3]
            known[TRIED + (header & 0x0F), 3] = -1
            local = np.int64(-1)
            q = look[0]
        else:
            local = (header >> 5) & 3 if header & 0x80 else header & 0x0F
            if header & 0x80 == 0 and header & 0x30:
                break
            row = local + TRIED if copied else local
            size, at, big, model = known[row, 0], known[row, 1], known[row, 2], known[row, 3]
            if size < 0 or p + 1 + size > stop:
                break
            q = p + 1 + size
            time = _time(data, p + at, big) if at >= 0 else np.int64(-1)
            if time >= 0 and (base < 0 or time == NO_TIME or _close(time, base)):
                if time != NO_TIME:
                    # a constant in the wrong place looks like a clock that stands still
                    if base < 0:
                        evidence += 1
                    elif trusted or time != base:
                        evidence += 4
                    base = time
            elif time >= 0 and not -NEAR_BACK_S <= time - base <= NEAR_AHEAD_S:
                break
            else:
                # a clock that went on after a pause, or none: only the other bytes can tell
                if time < 0 and local == local_before and (model >= 0 or base < 0):
                    model = before
                if _likeness(data, p, model, size, at, 1, stop, look):
                    evidence += 2
                elif time >= 0:
                    break
                elif rolling and header & 0x80 and last_five >= 0 and (header - last_five) & 0x1F <= 5:
                    evidence += 1
                if time >= 0:
                    base = time
                else:
                    last_five = header & 0x1F
            before = p
            local_before = local
        if evidence >= need:
            return True
        p = q
    return evidence >= need


@njit(cache=True, nogil=True, boundscheck=True)
def _swallows(
    data: NDArray[np.uint8],
    p: int,
    q: int,
    stop: int,
    known: NDArray[np.int64],
    look: NDArray[np.int64],
    base: int,
) -> bool:
    """True where a definition, or a message like those before it, in step, stands inside what claims
    data[p:q] for itself."""
    need = np.int64(2 * ENOUGH)
    rolling = np.bool_(False)
    look[WORK] += (q - p) >> 2
    for x in range(p + 1, q):
        header = np.int64(data[x])
        if header & 0xD0 == 0x40 and x + 6 <= stop and data[x + 1] == 0 and data[x + 2] <= 1:
            told = check_definition(data, x, stop, look)
            if told == 4 and look[2] >= 0 and look[4] > 2:
                return True
        if header & 0xF0:
            continue
        size, at = known[header, 0], known[header, 1]
        if size < 0 or at < 0 or x + 1 + size > stop:
            continue
        time = _time(data, x + at, known[header, 2])
        if (
            time != NO_TIME
            and _close(time, base)
            and _likeness(data, x, known[header, 3], size, at, 1, stop, look)
            and in_step(data, x, stop, known, look, base, need, rolling)
        ):
            return True
    return False


@njit(cache=True, nogil=True, boundscheck=True, inline="always")
def _use(
    definitions: NDArray[np.int32],
    d: int,
    models: NDArray[np.int32],
    base: int,
    known: NDArray[np.int64],
    local: int,
) -> None:
    known[local, 0] = definitions[d, 2]
    known[local, 1] = definitions[d, 6]
    known[local, 2] = definitions[d, 3]
    known[local, 3] = models[d, 0] if base < 0 or models[d, 1] >= MANY_ALIKE or definitions[d, 6] >= 0 else -1


@njit(cache=True, nogil=True, boundscheck=True)
def _remember(
    data: NDArray[np.uint8],
    definitions: NDArray[np.int32],
    current: NDArray[np.int64],
    models: NDArray[np.int32],
    local: int,
    m: int,
) -> None:
    """Put definition `m` in front of its local type's history; one with the same bytes is moved, not kept
    twice, and hands its model on."""
    last = HISTORY - 1
    for age in range(HISTORY):
        d = current[local, age]
        if d < 0:
            last = age
            break
        if definitions[d, 4] != definitions[m, 4] or definitions[d, 5] != definitions[m, 5]:
            continue
        same = True
        length = 5 + 3 * definitions[m, 4] + 3 * definitions[m, 5]
        for k in range(1, length):
            if data[definitions[d, 0] + k] != data[definitions[m, 0] + k]:
                same = False
                break
        if same:
            last = age
            models[m, 0] = models[d, 0]
            models[m, 1] = models[d, 1]
            break
    for k in range(last, 0, -1):
        current[local, k] = current[local, k - 1]
    current[local, 0] = m


@njit(cache=True, nogil=True, boundscheck=True)
def strength(
    data: NDArray[np.uint8],
    offset: NDArray[np.int32],
    definition: NDArray[np.int32],
    definitions: NDArray[np.int32],
    out: NDArray[np.int64],
) -> None:
    """How far an index can be believed. out: messages with a timestamp close to the one before, and nowhere
    near."""
    out[0] = 0
    out[1] = 0
    base = np.int64(-1)
    section = np.int64(-1)
    for i in range(offset.shape[0]):
        d = definition[i]
        if definitions[d, 7] != section:
            section = np.int64(definitions[d, 7])
            base = -1
        at = np.int64(definitions[d, 6])
        if at >= 0:
            time = _time(data, offset[i] + at, definitions[d, 3])
            if time != NO_TIME:
                if base < 0 or _close(time, base):
                    out[0] += 1
                elif not -NEAR_BACK_S <= time - base <= NEAR_AHEAD_S:
                    out[1] += 1
                base = time


@njit(cache=True, nogil=True, boundscheck=True)
def salvage(
    data: NDArray[np.uint8],
    first: int,
    stop: int,
    section: int,
    offset: NDArray[np.int32],
    definition: NDArray[np.int32],
    definitions: NDArray[np.int32],
    counts: NDArray[np.int64],
    doubt: NDArray[np.uint8],
    gaps: NDArray[np.int32],
) -> int:
    """Index what can be told to be messages in data[first:stop]; return 0 or a limit's status of `index.py`.

    counts: messages, definitions (both carried on), gaps. `doubt` : 1 for messages beside damage and
    all that were found after the first gap. `gaps` : from, to.
    """
    n = counts[0]
    m = counts[1]
    n_gaps = 0
    n_compressed = counts[3]
    known = np.full((2 * TRIED, 4), -1, np.int64)
    found = np.zeros(7, np.int64)
    look = np.zeros(WORK + 1, np.int64)
    current = np.full((16, HISTORY), -1, np.int64)  # the definition in force, then those before it
    models = np.full((definitions.shape[0], 2), -1, np.int32)  # last message of each definition, how many
    undo_local = np.int64(-1)
    undo_known = np.zeros(4, np.int64)
    were = np.zeros(4, np.int64)
    undo_current = np.zeros(HISTORY, np.int64)
    limit = WORK_PER_BYTE * (stop - first) + 100_000
    base = np.int64(-1)
    p = first
    previous = np.int64(-1)
    previous_is_data = False
    after_gap = False
    # neither may be a literal to the compiler: it would make `in_step` anew for each
    rolling = np.bool_(True)
    enough = np.int64(ENOUGH)
    last_used = np.int64(-1)  # definition of the last message with a timestamp
    while p < stop:
        if n + 2 >= offset.shape[0]:
            return 4
        if m + 2 >= definitions.shape[0]:
            return 5
        if look[WORK] > limit:
            break
        look[WORK] += 1
        header = np.int64(data[p])
        taken = False
        doubtful = after_gap or n_gaps > 0
        q = p
        if header & 0xC0 == 0x40:
            told = check_definition(data, p, stop, found)
            local = header & 0x0F
            if told > 0:
                q = found[0]
                look[WORK] += found[4] + found[5]
                for cell in range(4):
                    were[cell] = known[local, cell]
                known[local, 0] = found[1]
                known[local, 1] = found[2]
                known[local, 2] = found[3]
                known[local, 3] = -1
                taken = told == 4 or in_step(data, q, stop, known, look, base, enough, rolling)
                if told == 1 and taken:
                    taken = not _swallows(data, p, q, stop, known, look, base)
                if taken:
                    definitions[m, 0] = p
                    definitions[m, 1] = found[6]
                    definitions[m, 2] = found[1]
                    definitions[m, 3] = found[3]
                    definitions[m, 4] = found[4]
                    definitions[m, 5] = found[5]
                    definitions[m, 6] = found[2]
                    definitions[m, 7] = section
                    undo_local = local
                    for cell in range(4):
                        undo_known[cell] = were[cell]
                    for age in range(HISTORY):
                        undo_current[age] = current[local, age]
                    models[m, 0] = -1
                    models[m, 1] = 0
                    _remember(data, definitions, current, models, local, m)
                    _use(definitions, m, models, base, known, local)
                    m += 1
                    previous = p
                    previous_is_data = False
                else:
                    for cell in range(4):
                        known[local, cell] = were[cell]
        elif header & 0x80 or header & 0x30 == 0:
            local = (header >> 5) & 3 if header & 0x80 else header & 0x0F
            chosen = -1
            spare = -1
            moved = False
            sure = False
            for age in range(HISTORY):
                d = current[local, age]
                if d < 0:
                    break
                at = np.int64(definitions[d, 6])
                q = p + 1 + definitions[d, 2]
                if q > stop:
                    continue
                time = _time(data, p + at, definitions[d, 3]) if at >= 0 else np.int64(NO_TIME)
                if age and time == NO_TIME:
                    # an older definition is tried only where a timestamp can speak for it
                    continue
                close = time != NO_TIME and _close(time, base)
                if age and not close:
                    continue
                size = np.int64(definitions[d, 2])
                if chosen >= 0 and size == definitions[current[local, chosen], 2]:
                    continue
                alike = _likeness(data, p, models[d, 0], size, at, 1, stop, look) > 0
                believed = close or (
                    alike and time != NO_TIME and base >= 0 and -NEAR_BACK_S <= time - base <= NEAR_AHEAD_S
                )
                _use(definitions, d, models, base, known, local)
                for again in range(2):
                    # what follows must be in step; before any timestamp is known, the message may begin it
                    start = p if again else q
                    try_base = time if believed else base
                    if again:
                        if time == NO_TIME or base >= 0:
                            break
                        try_base = np.int64(-1)
                    if in_step(data, start, stop, known, look, try_base, enough + again, rolling):
                        # of layouts that all fit, the one whose messages look like this is likelier
                        if chosen < 0 or alike:
                            chosen = age
                            moved = believed
                            sure = alike
                        break
                if sure or (chosen >= 0 and models[current[local, chosen], 0] < 0):
                    break
                first_of_kind = previous >= 0 and not previous_is_data
                if spare < 0 and (close or (time == NO_TIME and (q == stop or alike or first_of_kind))):
                    spare = age
                    if alike and close:
                        break
            if chosen < 0 and spare >= 0:
                chosen = spare
                doubtful = True
            d = current[local, max(chosen, 0)]
            if chosen >= 0 and not (sure and definitions[d, 6] >= 0):
                # its kind may claim too many bytes: those of the messages behind it
                q = p + 1 + np.int64(definitions[d, 2])
                _use(definitions, current[local, 0], models, base, known, local)
                if _swallows(data, p, q, stop, known, look, base):
                    chosen = -1
            if chosen >= 0:
                d = current[local, chosen]
                for k in range(chosen, 0, -1):
                    current[local, k] = current[local, k - 1]
                current[local, 0] = d
                at = np.int64(definitions[d, 6])
                q = p + 1 + definitions[d, 2]
                time = _time(data, p + at, definitions[d, 3]) if at >= 0 else np.int64(NO_TIME)
                if time != NO_TIME:
                    if base < 0 or moved or _close(time, base):
                        base = time
                        rolling = np.bool_(False)
                    else:
                        doubtful = True
                models[d, 0] = p
                models[d, 1] += 1
                offset[n] = p
                definition[n] = d
                doubt[n] = doubtful or chosen > 0
                if header & 0x80:
                    n_compressed += 1
                n += 1
                previous = p
                previous_is_data = True
                taken = True
                if time != NO_TIME:
                    last_used = d
            if current[local, 0] >= 0:
                _use(definitions, current[local, 0], models, base, known, local)
        if taken:
            after_gap = False
            p = q
            continue

        # Nothing fits at p. Search on, from just behind the message before.
        x = previous + 1 if previous >= 0 else p + 1
        target = np.int64(-1)
        target_base = base
        target_end = np.int64(-1)
        target_like = np.int64(0)
        far = np.int64(-1)
        far_base = base
        while x < stop:
            look[WORK] += 1
            if look[WORK] > limit or (far >= 0 and x > far + FAR_SEARCHED_BYTES):
                break
            if target >= 0 and x >= target_end:
                break
            header = np.int64(data[x])
            more = ENOUGH if x < p else 0
            defines = header & 0xC0 == 0x40
            ages = 0
            local = header & 0x0F
            if defines:
                if header & 0x10 == 0 and x + 6 <= stop and data[x + 1] == 0 and data[x + 2] <= 1:
                    ages = 1
            elif header & 0x80 or header & 0x30 == 0:
                ages = HISTORY
                if header & 0x80:
                    local = (header >> 5) & 3
            for age in range(ages):
                d = np.int64(-1)
                time = base
                try_base = base
                need = ENOUGH + 1 + more
                distant = False
                like = np.int64(0)
                if defines:
                    told = check_definition(data, x, stop, found)
                    look[WORK] += found[4] + found[5]
                    if told < 2:
                        break
                    if told == 4 and found[4] > 3 and x >= p:
                        need = 0
                else:
                    d = current[local, age]
                    if d < 0:
                        break
                    at = np.int64(definitions[d, 6])
                    if x + 1 + definitions[d, 2] > stop:
                        continue
                    if at < 0:
                        if base < 0 or models[d, 1] >= MANY_ALIKE:
                            like = np.int64(
                                _likeness(
                                    data, x, models[d, 0], definitions[d, 2], at, PHASE_LOOK, stop, look
                                )
                            )
                        if like == 0 and (header & 0x80 == 0 or not rolling):
                            continue
                        need = ENOUGH + more
                    else:
                        time = _time(data, x + at, definitions[d, 3])
                        if time == NO_TIME:
                            continue
                        if _close(time, base):
                            need = 2 * more
                        else:
                            # 1 for the first timestamp, 4 for each close one after it
                            try_base = np.int64(-1)
                            need = 1 + ENOUGH + more
                            if base >= 0 and not -NEAR_BACK_S <= time - base <= NEAR_AHEAD_S:
                                distant = True
                                need = FAR + more
                                if far >= 0:
                                    continue
                    _use(definitions, d, models, base, known, local)
                if target >= 0 and d != last_used and like <= target_like:
                    continue
                if need == 0 or in_step(data, x, stop, known, look, try_base, need, rolling):
                    if distant:
                        far = x
                        far_base = time
                    else:
                        target = x
                        target_base = time
                        target_like = like
                        # a message laid out like the last one before the gap is likelier: look on for it
                        if defines or d == last_used:
                            target_end = x
                        elif target_end < 0:
                            target_end = x + (1 + definitions[d, 2]) * (PHASE_LOOK if like else 1)
                        break
            if not defines and current[local, 0] >= 0:
                _use(definitions, current[local, 0], models, base, known, local)
            if target >= 0 and x >= target_end:
                break
            x += 1
        if target < 0 and far >= 0:
            target = far
            target_base = far_base
        gap_from = p
        end = target if target >= 0 else stop
        if target >= 0 and target < p:
            # the message before was too long: it hid an intact one
            gap_from = previous
            if previous_is_data:
                n -= 1
            else:
                m -= 1
                for cell in range(4):
                    known[undo_local, cell] = undo_known[cell]
                for age in range(HISTORY):
                    current[undo_local, age] = undo_current[age]
        elif n > counts[0] and previous_is_data and doubt[n - 1] == 0:
            doubt[n - 1] = 1
        # Messages without a timestamp that fill the hole to its end exactly, or begin it.
        w = gap_from
        while w < end and w < gap_from + 512:
            chain = w
            steps = 0
            while chain < end:
                look[WORK] += 1
                header = np.int64(data[chain])
                if header & 0xC0 == 0x40 or (header & 0x80 == 0 and header & 0x30):
                    break
                local = (header >> 5) & 3 if header & 0x80 else header & 0x0F
                if known[local, 0] < 0 or known[local, 1] >= 0:
                    break
                steps += 1
                if w > gap_from and steps > 4:
                    break
                chain += 1 + known[local, 0]
            if chain == end and steps > 0:
                r = w
                while r < end and n + 2 < offset.shape[0]:
                    header = np.int64(data[r])
                    local = (header >> 5) & 3 if header & 0x80 else header & 0x0F
                    offset[n] = r
                    definition[n] = current[local, 0]
                    doubt[n] = 1
                    if header & 0x80:
                        n_compressed += 1
                    n += 1
                    r += 1 + known[local, 0]
                end = w
                break
            if look[WORK] > limit:
                break
            w += 1
        if end > gap_from:
            if n_gaps and gaps[n_gaps - 1, 1] == gap_from:
                gaps[n_gaps - 1, 1] = end
            elif n_gaps < gaps.shape[0]:
                gaps[n_gaps, 0] = gap_from
                gaps[n_gaps, 1] = end
                n_gaps += 1
            else:
                gaps[n_gaps - 1, 1] = end
        if target < 0:
            p = stop
            break
        p = target
        base = target_base
        previous = -1
        previous_is_data = False
        after_gap = True
    if p < stop:
        # the work allowed for this file is used up
        if n_gaps == gaps.shape[0]:
            gaps[n_gaps - 1, 1] = stop
        else:
            gaps[n_gaps, 0] = p
            gaps[n_gaps, 1] = stop
            n_gaps += 1
    counts[0] = n
    counts[1] = m
    counts[2] = n_gaps
    counts[3] = n_compressed
    return 0
