"""Deals and the way they went: opportunities, the steps they entered, visits and calls."""

from __future__ import annotations

import numpy as np

from helpers.simulate import papers
from helpers.simulate.core import Core, partner_ids
from helpers.simulate.prices import list_price
from helpers.simulate.tables import Column, Table, codes, ids
from helpers.simulate.whole import NEVER, allot_codes, day, month_of

OPEN, WON, LOST = -1, 0, 1


class Deals:
    """All opportunities as arrays: those behind contracts, and those that were lost or are open."""

    def __init__(self, core: Core) -> None:
        self.core, self.world = core, core.world
        self.rows = self._from_leads()
        self._offers()
        self.added = self._added()

    def _from_leads(self) -> dict[str, np.ndarray]:
        core, leads = self.core, self.core.leads
        here = np.flatnonzero(leads["deal"])
        who, n = leads["customer"][here], len(here)
        first = self._first_contract()
        won, contract = who >= 0, first[np.maximum(who, 0)]
        opened = leads["sql_on"][here]
        closed = np.where(won, core.contracts["signed"][contract], self._lost_on(opened, leads, here))
        outcome = np.where(won, WON, np.where(closed > self.world.as_of, OPEN, LOST))
        year = np.clip(self.world.year_of(opened), 0, self.world.years - 1)
        rows = {
            "lead": here,
            "customer": who,
            "organisation": leads["organisation"][here],
            "rep": leads["rep"][here],
            "opened": opened,
            "closed": np.where(outcome == OPEN, NEVER, closed),
            "outcome": outcome,
            "year": year,
            "size": leads["size"][here],
            "mode": leads["mode"][here],
            "industry": leads["industry"][here],
            "employees": leads["employees"][here],
            "contract": np.where(won, contract, -1),
        }
        self._prices(rows, won, contract)
        rows["partner"] = self._partners(rows, n)
        return rows

    def _first_contract(self) -> np.ndarray:
        contracts = self.core.contracts
        first = np.full(len(self.core.rows["start"]), -1)
        here = np.flatnonzero(contracts["sales_led"])
        first[contracts["customer"][here]] = here
        return first

    def _lost_on(self, opened, leads, here) -> np.ndarray:
        world, rule = self.world, self.world.p["leads"]
        days = np.zeros(len(here), dtype=np.int64)
        for code, name in enumerate(world.sizes):
            part = np.flatnonzero(leads["size"][here] == code)
            days[part] = world.stream("opportunities", f"lost after {name}").quantile(len(part), rule["cycle"][name])
        factor = np.array([rule["cycle_factor"].get(mode, 100) for mode in world.modes])[leads["mode"][here]]
        days = np.maximum(days * factor * world.p["deals"]["lost_cycle"] // 10_000, 3)
        return np.maximum(world.workday(opened + days, world.stream("opportunities", "workday")), opened)

    def _prices(self, rows: dict, won, contract) -> None:
        """Price lost deals as won ones of their year and size, by the same rule, a little dearer."""
        world, core, n = self.world, self.core, len(won)
        chance = np.array([world.p["traits"]["solution"][size] for size in world.sizes])[rows["size"]]
        lost_solution = world.stream("opportunities", "positioning").chance(n, chance * 1000)
        rows["solution"] = np.where(won, core.rows["solution"][np.maximum(rows["customer"], 0)], lost_solution)
        weight = self._weights(rows)
        noise = world.stream("opportunities", "noise").quantile(
            n, world.p.get("price_noise", [70, 82, 90, 96, 101, 108, 118, 138])
        )
        weight = weight * noise // 100 * world.p["deals"]["lost_price"] // 100
        net = np.where(won, core.contracts["net"][contract], weight * self._level(rows, won, contract) // 1_000_000)
        rule = world.p["discounts"]
        late = rows["opened"] >= day(world.p["signing"]["until"])
        steps = np.where(
            late,
            world.stream("opportunities", "discount after").choose(n, rule["after"]),
            world.stream("opportunities", "discount before").choose(n, rule["before"]),
        )
        discount = np.where(won, core.contracts["discount"][contract], np.array(rule["steps"])[steps])
        rows["listed"] = list_price(world, net, discount)
        rows["net"] = np.where(won, net, rows["listed"] * (100 - discount) // 100)

    def _weights(self, rows: dict) -> np.ndarray:
        root = np.sqrt(rows["employees"].astype(np.float64))
        weight = (root * np.sqrt(root) * 1000).astype(np.int64)
        weight = weight * self.world.of_industry("price")[rows["industry"]] // 100
        return weight * np.where(rows["solution"], self.world.p["traits"]["solution_price"], 100) // 100

    def _level(self, rows: dict, won, contract) -> np.ndarray:
        """Return millionths of price for each unit of weight, by year and size, from the deals that were won."""
        cell = rows["year"] * len(self.world.sizes) + rows["size"]
        cells = self.world.years * len(self.world.sizes)
        net, weight = np.zeros(cells, dtype=np.int64), np.zeros(cells, dtype=np.int64)
        np.add.at(net, cell[won], self.core.contracts["net"][contract[won]])
        np.add.at(weight, cell[won], self._weights(rows)[won])
        level = net * 1_000_000 // np.maximum(weight, 1)
        by_size = level.reshape(self.world.years, -1)
        for year in range(self.world.years - 1, -1, -1):
            later = by_size[min(year + 1, self.world.years - 1)]
            by_size[year] = np.where(by_size[year] == 0, later, by_size[year])
        return by_size.ravel()[cell]

    def _partners(self, rows: dict, n: int) -> np.ndarray:
        world, partner, offset = self.world, np.zeros(n, dtype=np.int64), 1
        for name, rule in world.p["partners"].items():
            shares = np.array([rule["share"].get(mode, 0) for mode in world.modes])[rows["mode"]]
            stream = world.stream("opportunities", f"partner {name}")
            took = stream.chance(n, shares * 1000) & (rows["opened"] >= day(rule["from"])) & (partner == 0)
            partner = np.where(took, offset + stream.choose(n, np.arange(rule["count"], 0, -1)), partner)
            offset += rule["count"]
        return np.where(rows["customer"] >= 0, self.core.rows["partner"][np.maximum(rows["customer"], 0)], partner)

    # ---------------------------------------------------------------- offers with a known effect on winning

    def _offers(self) -> None:
        rows, p = self.rows, self.world.p
        contract = np.maximum(rows["contract"], 0)
        rule = p["refund_clause"]
        fits = (rows["size"] == self.world.sizes.index(rule["size"])) & (rows["outcome"] != OPEN)
        fits &= (rows["closed"] >= day(rule["from"])) & (rows["closed"] < day(rule["to"]))
        had = (rows["contract"] >= 0) & self.core.contracts["refund"][contract]
        rows["refund"] = self._offered("refund", fits, had, p["deals"]["refund_lift"])
        rule = p["traits"]["co_creation"]
        fits = (
            (rows["industry"] == self.world.industries.index(rule["industry"]))
            & (rows["size"] > 0)
            & (rows["outcome"] != OPEN)
        )
        fits &= rows["closed"] >= day(rule["from"])
        had = (rows["customer"] >= 0) & self.core.rows["co_created"][np.maximum(rows["customer"], 0)]
        rows["co_created"] = self._offered("co-created", fits, had, p["deals"]["co_creation_lift"])

    def _offered(self, name: str, fits, had, lift: int) -> np.ndarray:
        """Spread an offer over lost deals so that those with it are won `lift` per cent as often as those without."""
        lost = np.flatnonzero(fits & (self.rows["outcome"] == LOST))
        won, with_it = int((fits & (self.rows["outcome"] == WON)).sum()), int((fits & had).sum())
        counts = np.arange(len(lost) + 1)
        share_with = with_it * 1_000_000 // np.maximum(with_it + counts, 1)
        share_without = (won - with_it) * 1_000_000 // np.maximum(won - with_it + len(lost) - counts, 1)
        best = int(np.argmin(np.abs(share_with * 100 - share_without * lift))) if len(lost) else 0
        offered = had.copy()
        offered[lost[self.world.stream("opportunities", name).shuffle(len(lost))[:best]]] = True
        return offered

    # ---------------------------------------------------------------- growth of customers

    def _added(self) -> dict[str, np.ndarray]:
        """Return the deals behind add-on contracts: sales sells early growth, customer success the later."""
        core, world, rule = self.core, self.world, self.world.p["deals"]
        here = np.flatnonzero(core.contracts["kind"] == papers.ADD_ON)
        who = core.contracts["customer"][here]
        young = core.contracts["signed"][here] - core.rows["start"][who] <= 90
        chance = np.where(young, rule["sales_early"], rule["sales_later"]) * 1000
        by_sales = world.stream("opportunities", "growth by").chance(len(here), chance)
        seller = core.rows["rep"][who]
        here_still = (seller >= 0) & (
            (core.reps["left"][np.maximum(seller, 0)] < 0)
            | (core.reps["left"][np.maximum(seller, 0)] > core.contracts["signed"][here])
        )
        someone = world.stream("opportunities", "growth rep").below(len(here), 1 << 30)
        rep = np.where(here_still, seller, self._anyone(core.contracts["signed"][here], someone))
        days = world.stream("opportunities", "growth days").quantile(len(here), [3, 7, 12, 18, 25, 35, 60])
        opened = np.maximum(core.contracts["signed"][here] - days, core.rows["start"][who])
        return {
            "contract": here,
            "customer": who,
            "rep": np.where(by_sales, rep, -1),
            "opened": np.minimum(opened, core.contracts["signed"][here]),
        }

    def _anyone(self, days, draw) -> np.ndarray:
        reps, found = self.core.reps, np.full(len(days), -1)
        for month in np.unique(month_of(days)).tolist():
            here = np.flatnonzero(month_of(days) == month)
            there = np.flatnonzero(
                (reps["hired"] <= days[here].min()) & ((reps["left"] < 0) | (reps["left"] > days[here].max()))
            )
            found[here] = there[draw[here] % len(there)] if len(there) else -1
        return found

    # ---------------------------------------------------------------- tables

    def tables(self) -> list[Table]:
        """Return opportunities, stage_history and activities."""
        steps = self._steps()
        return [self._opportunities(), self._stage_history(steps), self._activities(steps)]

    def _opportunities(self) -> Table:
        core, rows, added = self.core, self.rows, self.added
        number = core.deal_numbers()
        join = lambda a, b: np.concatenate([a, b])  # noqa: E731
        m, contracts = len(added["contract"]), core.contracts
        net = contracts["net"][added["contract"]]
        listed = list_price(self.world, net, contracts["discount"][added["contract"]])
        none = np.zeros(m, dtype=np.int64)
        table = Table(
            "opportunities",
            {
                "opportunity_id": ids("O", join(rows["lead"] + 1, number[added["contract"]])),
                "lead_id": ids("L", join(rows["lead"] + 1, none - 1)),
                "customer_id": ids("C", join(rows["organisation"], core.number[added["customer"]])),
                "rep_id": ids("R", join(rows["rep"], added["rep"]), 3),
                "partner_id": codes([None, *partner_ids(self.world)], join(rows["partner"], none)),
                "opened_on": Column("date", join(rows["opened"], added["opened"])),
                "closed_on": Column("date", join(rows["closed"], contracts["signed"][added["contract"]])),
                "outcome": codes(["won", "lost"], join(rows["outcome"], none)),
                "amount": Column("cents", join(rows["net"], net) * 100),
                "list_amount": Column("cents", join(rows["listed"], listed) * 100),
                "positioning": codes(
                    ["tool", "solution"],
                    join(rows["solution"], core.rows["solution"][added["customer"]]).astype(np.int64),
                ),
                "refund_offered": Column("flag", join(rows["refund"], none > 0)),
                "co_created": Column("flag", join(rows["co_created"], none > 0)),
            },
        )
        return table.take(np.argsort(join(rows["opened"], added["opened"]), kind="stable"))

    def _steps(self) -> dict[str, np.ndarray]:
        """Return for each deal and step of the play the day it was entered, or NEVER."""
        world, rows, rule = self.world, self.rows, self.world.p["deals"]
        names, n = list(rule["steps"]), len(rows["opened"])
        last = np.where(rows["outcome"] == WON, len(names) - 1, self._lost_at(n))
        end = np.where(rows["outcome"] == OPEN, self.world.as_of, rows["closed"])
        pace = world.stream("stage_history", "pace").quantile(n, [80, 92, 100, 106, 115, 130])
        share = np.cumsum([0, *list(rule["steps"].values())[1:]])
        total = share[np.minimum(last + (rows["outcome"] == LOST), len(names) - 1)]
        part = np.minimum(share[None, :] * pace[:, None] // 100 * 1000 // np.maximum(total, 1)[:, None], 1000)
        part[np.arange(n), 0] = 0
        days = rows["opened"][:, None] + (end - rows["opened"])[:, None] * part // 1000
        won = rows["outcome"] == WON
        days[won, -1] = rows["closed"][won]
        reached = np.arange(len(names))[None, :] <= last[:, None]
        return {"days": np.where(reached, days, NEVER), "last": last, "names": names}

    def _lost_at(self, n: int) -> np.ndarray:
        weights = self.world.p["deals"]["lost_at"]
        return allot_codes(self.world.stream("stage_history", "lost at"), n, weights)

    def _stage_history(self, steps: dict) -> Table:
        deal, step = np.nonzero(steps["days"] != NEVER)
        return Table(
            "stage_history",
            {
                "opportunity_id": ids("O", self.rows["lead"][deal] + 1),
                "step": codes(steps["names"], step),
                "entered_on": Column("date", steps["days"][deal, step]),
            },
        )

    def _activities(self, steps: dict) -> Table:
        """Return a call or visit for each step that was entered, and calls in between."""
        world, rule = self.world, self.world.p["deals"]
        deal, step = np.nonzero(steps["days"] != NEVER)
        on, n = steps["days"][deal, step], len(deal)
        kind = np.array(rule["kinds_of_step"])[step]
        minutes = world.stream("activities", "minutes").between(n, 4, 9) * np.array(rule["minutes"])[kind] // 6
        visit = np.where(step == rule["first_visit"], self._visit_steps(deal, steps), NEVER)
        extra = np.flatnonzero(world.stream("activities", "between").chance(n, 350_000) & (step > 0))
        later = np.minimum(on[extra] + 1 + world.stream("activities", "later").below(len(extra), 6), world.as_of)
        closed = self.rows["closed"][deal[extra]]
        later = np.where(closed != NEVER, np.minimum(later, closed), later)
        more = world.stream("activities", "call").between(len(extra), 3, 25)
        join = lambda a, b: np.concatenate([a, b])  # noqa: E731
        deal, on = join(deal, deal[extra]), join(on, later)
        table = Table(
            "activities",
            {
                "opportunity_id": ids("O", self.rows["lead"][deal] + 1),
                "rep_id": ids("R", self._there(self.rows["rep"][deal], on), 3),
                "on": Column("date", on),
                "kind": codes(["call", "visit", "demonstration"], join(kind, np.zeros(len(extra), dtype=np.int64))),
                "minutes": Column("int", join(minutes, more)),
                "visit_step": Column("int", join(visit, np.full(len(extra), NEVER))),
            },
        )
        table = table.take(np.lexsort((deal, on)))
        table.columns = {"activity_id": ids("V", np.arange(1, len(deal) + 1)), **table.columns}
        return table

    def _there(self, rep, on) -> np.ndarray:
        """Return who did it: the deal's salesperson, or somebody who was employed that day where that one was not yet, or no longer."""
        reps = self.core.reps
        who = np.maximum(rep, 0)
        employed = (rep >= 0) & (reps["hired"][who] <= on) & ((reps["left"][who] < 0) | (reps["left"][who] > on))
        someone = self.world.stream("activities", "stand-in").below(len(on), 1 << 30)
        stand_in = self._anyone(on, someone)
        return np.where(employed | (rep < 0) | (stand_in < 0), rep, stand_in)

    def _visit_steps(self, deal, steps: dict) -> np.ndarray:
        """Return how far the first visit got: all eight steps when the deal went on, fewer when it ended there."""
        rule, n = self.world.p["deals"], len(deal)
        ended = (self.rows["outcome"][deal] == LOST) & (steps["last"][deal] == rule["first_visit"])
        fell = 1 + self.world.stream("activities", "visit").choose(n, rule["visit_lost_at"])
        return np.where(ended, fell, 8 - (self.world.stream("activities", "visit end").below(n, 6) == 0))
