"""The gates of the roadmap: when each turned green and stayed so, read off what was made."""

from __future__ import annotations

import numpy as np

from helpers.simulate import papers
from helpers.simulate.books import Books
from helpers.simulate.core import Core
from helpers.simulate.research import Research
from helpers.simulate.success import Success
from helpers.simulate.whole import month_start

NEVER_GREEN = "never"


class Gates:
    """Each gate as a rule on the tables; `dates` says when it turned green, `green` what was green on a day."""

    def __init__(self, core: Core, books: Books, success: Success) -> None:
        self.core, self.world, self.books, self.success = core, core.world, books, success
        self.rule = core.world.p["gates"]
        self.days = self._days()

    def _days(self) -> dict[str, int | None]:
        marks = {"strangers": self._strangers(), "ten customers": self._ten(), "use": self._use()}
        closed = None if None in marks.values() else max(marks.values())
        paid = self.books.executives.sum(axis=1).reshape(self.world.years, 12).any(axis=1)
        yearly = {f"margin {k}": self._since((self.books.margin(k) > 0) & paid) for k in (1, 2, 3)}
        return {
            "idea": self._idea(),
            **marks,
            "stable": closed,
            **yearly,
            "replication": self._since(self._replicates()),
            "operations": self._since(self._without_founder()),
            "leads": self._since(self._leads_per_seller() >= self.rule["leads_per_seller"] * 1000),
            "success": self._since(self._kept_in_thousandths() >= 1000),
        }

    def dates(self) -> dict[str, str]:
        """Return for each gate the day on which it turned green for good, or "never"."""
        return {
            gate: NEVER_GREEN if on is None else str(np.datetime64(on, "D")) for gate, on in self.days.items()
        }

    def green(self, on: int) -> str:
        """Return the gates that were green for good on a day, in the order of the roadmap."""
        return ", ".join(gate for gate, since in self.days.items() if since is not None and since <= on) or "none"

    def blocks(self) -> str:
        """Return the first gate of the roadmap that is not green on the last day."""
        shut = [gate for gate in self.rule["order"] if self.days[gate] is None]
        return shut[0] if shut else "none"

    def _since(self, good) -> int | None:
        """Return the last day of the year from which on a yearly figure is good and stays so."""
        bad = np.flatnonzero(~np.asarray(good, dtype=bool))
        first = int(bad[-1]) + 1 if len(bad) else 0
        return self.world.year_end(first) if first < self.world.years else None

    # ---------------------------------------------------------------- stage 1: the need is real

    def _idea(self) -> int | None:
        """Return the day from which on talks without a list prove one need that is urgent and paid for."""
        talks = Research(self.core)
        who, need = talks.named()
        urgent = talks.urgency(who, need) >= 4
        free = np.flatnonzero(~talks.prompted)
        last = None
        for count in range(len(free), self.rule["talks"] - 1, -1):
            asked = free[:count]
            here = np.isin(who, asked)
            names = np.bincount(need[here], minlength=1)
            top = int(names.argmax())
            pressing = int((urgent & here & (need == top)).sum()) * 2 >= int(names[top])
            paid = int(talks.pays[asked].sum()) * 3 >= count
            if not (self._more_than(int(names[top]), count) and pressing and paid):
                break
            last = int(talks.held[asked[-1]])
        return last

    def _more_than(self, k: int, n: int) -> bool:
        """Return whether the lower end of the 95% Wilson interval of k out of n lies above the pass mark."""
        z2 = 3.8416
        middle, spread = (k + z2 / 2) / (n + z2), np.sqrt(z2 * (k * (n - k) / n + z2 / 4)) / (n + z2)
        return bool(middle - spread > self.rule["named_by"] / 1000)

    # ---------------------------------------------------------------- stage 2: stable

    def _new(self) -> np.ndarray:
        return np.flatnonzero(self.core.contracts["sales_led"])

    def _strangers(self) -> int:
        """Return the end of the month from which nine in ten new sales-led contracts of three months are plain sales."""
        return int(month_start([np.datetime64(self.core.strangers_from(), "M").astype(int) + 1])[0]) - 1

    def _ten(self) -> int | None:
        """Return the day on which a rep signed the tenth stranger below the price of a quick order."""
        c, here = self.core.contracts, self._new()
        fits = ~(c["founder"][here] | c["friend"][here]) & (c["net"][here] < self.rule["quick_order"])
        days = np.sort(c["signed"][here[fits]])
        return int(days[9]) if len(days) >= 10 else None

    def _use(self) -> int | None:
        """Return the month end from which more than half of the year's customers had first value within 200 days."""
        start, soon = self.core.rows["start"], self.success.value - self.core.rows["start"] <= 200
        last = None
        for month in self.world.months[::-1].tolist():
            end = int(month_start([month + 1])[0]) - 1
            old = (start <= end - 200) & (start > end - 565)
            if int(old.sum()) < 10 or int((old & soon).sum()) * 2 <= int(old.sum()):
                break
            last = end
        return last

    # ---------------------------------------------------------------- stage 4: phases 4 to 7

    def _replicates(self) -> np.ndarray:
        """Return the years in which mature reps grew in number and sold at least nine tenths of what each sold before."""
        mature, sold = self.books.mature_months(), self.books.sales_led()
        good = np.zeros(self.world.years, dtype=bool)
        good[1:] = (sold[1:] * mature[:-1] * 10 >= 9 * sold[:-1] * mature[1:]) & (mature[1:] > mature[:-1])
        return good & (np.concatenate([[0], mature[:-1]]) > 0)

    def _without_founder(self) -> np.ndarray:
        """Return the years in which a founder signed fewer than one in a hundred new sales-led contracts."""
        c, here = self.core.contracts, self._new()
        year = self.world.year_of(c["signed"][here])
        all_ = np.bincount(year, minlength=self.world.years)
        return np.bincount(year[c["founder"][here]], minlength=self.world.years) * 100 < all_

    def _leads_per_seller(self) -> np.ndarray:
        """Return leads for each account executive and month, in thousandths, by year."""
        year = self.world.year_of(self.core.leads["created"] // 86400)
        heads = self.books.executives.sum(axis=1).reshape(self.world.years, 12).sum(axis=1)
        return np.bincount(year, minlength=self.world.years) * 1000 // np.maximum(heads, 1) * (heads > 0)

    def _kept_in_thousandths(self) -> np.ndarray:
        """Return NRR of each year in thousandths (0 in the first)."""
        found = np.zeros(self.world.years, dtype=np.int64)
        for year in range(1, self.world.years):
            before = papers.revenue_on(self.core.lives, self.world.year_end(year - 1))
            after = papers.revenue_on(self.core.lives, self.world.year_end(year))
            found[year] = int(after[before > 0].sum()) * 1000 // max(int(before.sum()), 1)
        return found
