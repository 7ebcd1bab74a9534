"""Random integers in named streams.

Only ``PCG64.random_raw`` and integer arithmetic are used: what ``numpy.random.Generator`` draws may
change between releases, and logarithms differ between processors. Each purpose has its own stream,
so a new table never changes an old one.
"""

from __future__ import annotations

import hashlib

import numpy as np

MILLION = 1_000_000


class Stream:
    """A stream of random integers, named by seed, table, purpose and block.

    Parameters
    ----------
    seed : int
        The company's seed.
    table, purpose : str
        What the numbers are for.
    block : int
        Block of entities; a company of ordinary size has block 0 only.

    Examples
    --------
    >>> Stream(1, "customers", "city", 0).below(3, 10).tolist()
    [3, 0, 7]
    """

    def __init__(self, seed: int, table: str, purpose: str, block: int = 0) -> None:
        name = f"{seed}/{table}/{purpose}/{block}".encode()
        self._bits = np.random.PCG64(int.from_bytes(hashlib.sha256(name).digest()[:16], "big"))

    def raw(self, n: int) -> np.ndarray:
        """Return `n` integers from 0 to 2**31 - 1."""
        return (self._bits.random_raw(int(n)) >> np.uint64(33)).astype(np.int64)

    def below(self, n: int, bound) -> np.ndarray:
        """Return `n` integers from 0 to `bound` - 1; `bound` is one number or one for each."""
        return (self.raw(n) * np.asarray(bound, dtype=np.int64)) >> 31

    def between(self, n: int, low, high) -> np.ndarray:
        """Return `n` integers from `low` to `high`, both allowed."""
        low = np.asarray(low, dtype=np.int64)
        return low + self.below(n, np.asarray(high, dtype=np.int64) - low + 1)

    def chance(self, n: int, millionths) -> np.ndarray:
        """Return `n` flags, each true in so many of a million cases."""
        return self.below(n, MILLION) < millionths

    def choose(self, n: int, weights) -> np.ndarray:
        """Return `n` positions in `weights`, each drawn as often as its weight says."""
        ends = np.cumsum(np.asarray(weights, dtype=np.int64))
        return np.searchsorted(ends, self.below(n, int(ends[-1])), side="right")

    def quantile(self, n: int, points) -> np.ndarray:
        """Return `n` integers from a distribution given by equally spaced quantiles."""
        points = np.asarray(points, dtype=np.int64)
        place = self.below(n, (len(points) - 1) << 16)
        left, rest = place >> 16, place & 0xFFFF
        return points[left] + (((points[left + 1] - points[left]) * rest) >> 16)

    def shuffle(self, n: int) -> np.ndarray:
        """Return the numbers from 0 to `n` - 1 in random order."""
        return np.argsort(self.raw(n), kind="stable")
