"""The two other ways to run kernels bite: bounds checks raise, and no compilation means plain Python.

numba's cache ignores both settings, so each mode is run with a cache of its own (see CONTRIBUTING).
"""

from __future__ import annotations

import os

import numpy as np
import pytest
from numba import njit

CHECKED = os.environ.get("NUMBA_BOUNDSCHECK", "0") not in ("", "0")
PLAIN = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


@njit(nogil=True)  # not cached: compiled under the setting of this run
def _element(values: np.ndarray, index: int) -> float:
    return float(values[index])


def test_a_kernel_reads_what_is_there() -> None:
    assert _element(np.array([1.0, 2.0]), 1) == 2.0


@pytest.mark.skipif(not (CHECKED or PLAIN), reason="only with NUMBA_BOUNDSCHECK=1 or NUMBA_DISABLE_JIT=1")
def test_reading_past_the_end_raises() -> None:
    with pytest.raises(IndexError):
        _element(np.array([1.0, 2.0]), 1000)


@pytest.mark.skipif(not PLAIN, reason="only with NUMBA_DISABLE_JIT=1")
def test_without_compilation_a_kernel_is_a_plain_function() -> None:
    assert not hasattr(_element, "py_func")
