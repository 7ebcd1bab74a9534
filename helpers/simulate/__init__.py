"""Makes companies: the case, a second one, and very large ones, byte for byte from a seed.

``make_company`` is the only function that other rooms need. What a company is like (years,
prices, industries, truths) stands in a file of parameters beside this one.
"""

from __future__ import annotations

__all__ = ["make_company"]


def make_company(folder, **options):
    """Write a simulated company into `folder`; see :func:`helpers.simulate.make.make_company`."""
    from helpers.simulate.make import make_company as make

    return make(folder, **options)
