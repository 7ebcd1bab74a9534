"""Before and beside the product: interviews, needs, competitors, advertising lines, value at customers."""

from __future__ import annotations

import numpy as np

from helpers.simulate.core import Core, segment_names
from helpers.simulate.tables import Column, Table, codes, ids
from helpers.simulate.whole import NEVER, allot_codes, day, month_start, rounded


class Research:
    """Tables of what was learned before there was a product, and of what the market answered."""

    def __init__(self, core: Core) -> None:
        self.core, self.world, self.rule = core, core.world, core.world.p["research"]
        self._ask()

    def stream(self, table: str, purpose: str = "draw"):
        """Return a stream of this part."""
        return self.world.stream(table, purpose)

    def tables(self) -> list[Table]:
        """Return interviews, interview_needs, needs, competitors, hooks and value."""
        return [self._interviews(), self._needs_named(), self._needs(), self._competitors(), self._hooks(), self._value()]

    # ---------------------------------------------------------------- interviews

    def _ask(self) -> None:
        loops = self.rule["loops"]
        self.loop = np.repeat(np.arange(len(loops)), [loop["talks"] for loop in loops])
        n = len(self.loop)
        begin = np.array([day(loop["from"]) for loop in loops])[self.loop]
        length = np.array([loop["days"] for loop in loops])[self.loop]
        self.held = np.sort(begin + self.stream("interviews", "day").below(n, length))
        self.prompted = np.arange(n) % 2 == 1
        weights = self.world.of_industry("weight")
        self.industry = self.stream("interviews", "industry").choose(n, weights * weights)
        self.size = self.stream("interviews", "size").choose(n, self.rule["sizes"])
        self.holder = self.stream("interviews", "holder").chance(n, np.array([700, 450, 250])[self.size] * 1000)
        self.pays = self.stream("interviews", "pain").below(n, 100) < 42

    def _interviews(self) -> Table:
        n = len(self.loop)
        scale = np.array(self.rule["budget"])[self.size]
        pays = np.where(self.pays, scale * self.stream("interviews", "pays").between(n, 20, 120) // 100, 0)
        wish = scale * self.stream("interviews", "wish").between(n, 15, 160) // 100
        wish = wish * self.world.of_industry("price")[self.industry] // 100
        said = self.stream("interviews", "said").chance(n, 800_000)
        return Table(
            "interviews",
            {
                "interview_id": ids("E", np.arange(1, n + 1), 4),
                "loop": Column("int", self.loop + 1),
                "held_on": Column("date", self.held),
                "segment": codes(segment_names(self.world), self.industry * len(self.world.sizes) + self.size),
                "budget_holder": Column("flag", self.holder),
                "list_shown": Column("flag", self.prompted),
                "pays_today": Column("cents", rounded(pays, 100) * 100),
                "willing_to_pay": Column("cents", np.where(said, rounded(wish, 100) * 100, NEVER)),
            },
        )

    def named(self) -> tuple[np.ndarray, np.ndarray]:
        """Return (talk, need) for each need named: shown a list, people name more of them by the planted factor."""
        parts = []
        for place, need in enumerate(self.rule["needs"]):
            for style in (False, True):
                here = np.flatnonzero(self.prompted == style)
                chance = need["share"] * (self.rule["prompting"] if style else 100) // 100
                stream = self.stream("interview_needs", f"{place} {style}")
                named = allot_codes(stream, len(here), [1000 - chance, chance]) == 1
                parts.append((here[named], np.full(int(named.sum()), place)))
        who, need = (np.concatenate(p) for p in zip(*parts, strict=True))
        return who, need

    def urgency(self, who, need) -> np.ndarray:
        """Return how urgent each need named is, from 1 to 5; what is only picked from a list is less urgent."""
        usual = np.array([row["urgency"] for row in self.rule["needs"]])[need]
        found = np.clip(usual + self.stream("interview_needs", "urgency").below(len(who), 3) - 1, 1, 5)
        return np.where(self.prompted[who], np.maximum(found - 1, 1), found)

    def _needs_named(self) -> Table:
        who, need = self.named()
        urgency, order = self.urgency(who, need), np.lexsort((need, who))
        return Table(
            "interview_needs",
            {
                "interview_id": ids("E", who[order] + 1, 4),
                "need": codes([row["need"] for row in self.rule["needs"]], need[order]),
                "prompted": Column("flag", self.prompted[who[order]]),
                "urgency": Column("int", urgency[order]),
            },
        )

    def _needs(self) -> Table:
        needs = self.rule["needs"]
        return Table(
            "needs",
            {
                "need": Column("text", [row["need"] for row in needs]),
                "effort": Column("int", np.array([row["effort"] for row in needs])),
            },
        )

    def _competitors(self) -> Table:
        rows = self.rule["competitors"]
        return Table(
            "competitors",
            {
                "name": Column("text", [row[0] for row in rows]),
                "founded": Column("int", np.array([row[1] for row in rows])),
                "state": Column("text", [row[2] for row in rows]),
                "difficulty": Column("text", [row[3] for row in rows]),
                "avoidable": Column("flag", np.array([row[4] for row in rows])),
            },
        )

    # ---------------------------------------------------------------- the market's answers

    def _hooks(self) -> Table:
        """Return eight lines; one of them activates more of those who click, another only makes people click."""
        rows = self.rule["hooks"]
        shown = self.stream("hooks", "shown").between(len(rows), 2200, 2900)
        clicked = np.array(
            [
                int(self.stream("hooks", f"clicked {k}").chance(n, row[1] * 1000).sum())
                for k, (row, n) in enumerate(zip(rows, shown.tolist(), strict=True))
            ]
        )
        active = np.array(
            [
                int(self.stream("hooks", f"active {k}").chance(n, row[2] * 1000).sum())
                for k, (row, n) in enumerate(zip(rows, clicked.tolist(), strict=True))
            ]
        )
        return Table(
            "hooks",
            {
                "hook": Column("text", [row[0] for row in rows]),
                "shown": Column("int", shown),
                "clicked": Column("int", clicked),
                "activated": Column("int", active),
            },
        )

    def _value(self) -> Table:
        """Return hours saved and what an hour costs, for customers who have agreed to measure them in the last year."""
        world, rows = self.world, self.core.rows
        fits = np.flatnonzero((self.core.lives.active) & (rows["start"] <= world.as_of - 380) & (rows["size"] > 0))
        who = fits[self.stream("value", "who").shuffle(len(fits))[: max(len(fits) // 3, 1)]]
        who = np.repeat(np.sort(who), 12)
        month = np.tile(world.months[-12:], len(who) // 12)
        hours = (
            rows["employees"][who]
            * (rows["use"][who] + 2)
            * self.stream("value", "hours").between(len(who), 8, 14)
            // 100
        )
        wage = np.repeat(self.stream("value", "wage").between(len(who) // 12, *self.rule["wage"]), 12)
        added = hours * wage * self.rule["profit_added"] * self.stream("value", "profit").between(len(who), 60, 140) // 10_000
        return Table(
            "value",
            {
                "customer_id": ids("C", self.core.number[who]),
                "month": Column("month", month_start(month)),
                "hours_saved": Column("int", hours),
                "wage": Column("cents", wage * 100),
                "profit_added": Column("cents", np.where(rows["solution"][who], rounded(added, 10) * 100, NEVER)),
            },
        )
