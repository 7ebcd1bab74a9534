"""The company's books by month: heads, costs, cash, rounds, and the work done for contracts."""

from __future__ import annotations

import numpy as np

from helpers.simulate.billing import Billing
from helpers.simulate.core import Core
from helpers.simulate.selling import FOUNDER, team_names
from helpers.simulate.tables import Column, Table, codes, ids
from helpers.simulate.whole import allot, day, month_of, month_start, rounded

DEPARTMENTS = ["sales", "marketing", "success", "R&D", "admin"]
COST_KINDS = ["A", "B", "C", "D", "E", "COGS", "other"]


class Books:
    """Heads and money by month; what the parameters fix by year is spread over the months."""

    def __init__(self, core: Core, billing: Billing) -> None:
        self.core, self.world, self.billing = core, core.world, billing
        self.branches = sorted({name.split(" ")[0] for name in team_names(core.world)})
        self.executives = self._executives()
        self.heads = self._heads()
        self.costs = self._costs()
        self.work = self._work()

    # ---------------------------------------------------------------- heads

    def _executives(self) -> np.ndarray:
        """Return account executives by month and branch at the end of each month."""
        reps, names = self.core.reps, team_names(self.world)
        branch = np.array([self.branches.index(name.split(" ")[0]) for name in names])[reps["team"]]
        found = np.zeros((len(self.world.months), len(self.branches)), dtype=np.int64)
        for place, month in enumerate(self.world.months.tolist()):
            last = int(month_start([month + 1])[0])
            here = (reps["hired"] < last) & ((reps["left"] < 0) | (reps["left"] >= last))
            here[FOUNDER] = False
            np.add.at(found[place], branch[here], 1)
        return found

    def _path(self, ends) -> np.ndarray:
        """Return monthly heads that reach the given figure at each year's end."""
        ends = [self.world.scaled(value) for value in ends]
        months = []
        for year, end in enumerate(ends):
            start = ends[year - 1] if year else min(end, 1)
            months.append(start + (end - start) * np.arange(1, 13) // 12)
        return np.concatenate(months)

    def _heads(self) -> dict[str, np.ndarray]:
        rule = self.world.p["heads"]
        found = {name: self._path(rule[name]) for name in DEPARTMENTS[1:]}
        found["desk"] = self._path(rule["SDR"]) + self._path(rule["sales_other"])
        return found

    # ---------------------------------------------------------------- costs

    def _year_sums(self, monthly) -> np.ndarray:
        return np.asarray(monthly).reshape(self.world.years, 12).sum(axis=1)

    def _sales_led(self) -> np.ndarray:
        """Return S by year in cents: one year of service of new sales-led contracts."""
        c = self.core.contracts
        here = np.flatnonzero(c["sales_led"])
        total = np.zeros(self.world.years, dtype=np.int64)
        np.add.at(total, self.world.year_of(c["starts"][here]), c["net"][here] * 100)
        return total

    def _pay_of_sellers(self) -> np.ndarray:
        """Return kind A by month and branch: base pay with social insurance, and commission on what was signed."""
        world, c, reps = self.world, self.core.contracts, self.core.reps
        rule = world.p["money"]
        branch = np.array([self.branches.index(name.split(" ")[0]) for name in team_names(world)] + [0])
        pay = self.executives * rule["seller_month"] * 100
        here = np.flatnonzero(c["sales_led"])
        rep = self.core.rows["rep"][c["customer"][here]]
        share = c["net"][here] * rule["commission"]
        np.add.at(
            pay,
            (month_of(c["signed"][here]) - world.first_month, branch[reps["team"][rep]]),
            np.where(rep > 0, share, 0),
        )
        return pay

    def _costs(self) -> dict[str, np.ndarray]:
        """Return costs by month in cents; B, D and other close the gaps to the yearly figures."""
        world, rule = self.world, self.world.p["money"]
        unit = world.p["unit"] * 100
        scaled = lambda key: np.array([world.scaled(value * unit) for value in rule[key]])  # noqa: E731
        leads = sum(self.core.spend.values()) * 100
        sellers = self._pay_of_sellers()
        margin, both = scaled("margin_two"), scaled("sales_and_marketing")
        direct, paid = self._year_sums(leads), self._year_sums(sellers.sum(axis=1))
        desk = np.maximum(self._sales_led() - margin - direct - paid, both // 50)
        desk[0] = max(int(both[0] - direct[0] - paid[0]) // 2, 0)
        office = np.maximum(both - direct - paid - desk, both // 50)
        revenue, service = self.billing.revenue(), scaled("first_year_service")
        running = self._year_sums(revenue) * (1000 - np.array(rule["gross_margin"])) // 1000
        rest = (
            self._year_sums(self.billing.receipts())
            - scaled("free_cash_flow")
            - both_total(direct, paid, desk, office)
            - service
            - running
        )
        if (rest < 0).any():
            raise ValueError(
                f"the yearly figures leave less than nothing for product and administration: {rest // unit}"
            )
        heads = self.heads
        return {
            "A": sellers,
            "B": self._spread(desk, heads["desk"] + self.executives.sum(axis=1) // 4 + 1),
            "C": leads,
            "D": self._spread(office, heads["marketing"] + 1),
            "E": self._spread(service, self._new_by_month() + 2),
            "COGS": self._spread(running, revenue // 10_000 + 1),
            "other": self._spread(rest, heads["R&D"] + heads["admin"] + 1),
        }

    def _new_by_month(self) -> np.ndarray:
        return np.bincount(month_of(self.core.rows["start"]) - self.world.first_month, minlength=len(self.world.months))

    def _spread(self, yearly, weights) -> np.ndarray:
        """Spread yearly sums over the months by weights, in whole tens of the currency."""
        months = np.zeros(len(self.world.months), dtype=np.int64)
        weights = np.where(self.world.months < self._first_round(), 0, weights)
        for year, total in enumerate(yearly.tolist()):
            part = slice(12 * year, 12 * year + 12)
            months[part] = allot(total // 1000, weights[part]) * 1000
        return months

    def _first_round(self) -> int:
        """Return the month of the first round: before it the founders work unpaid."""
        return int(month_of([day(self.world.p["money"]["rounds"][0]["day"])])[0])

    def _total(self) -> np.ndarray:
        return sum(values.sum(axis=1) if values.ndim == 2 else values for values in self.costs.values())

    def starved_year(self) -> str:
        """Return the year with the fewest leads for each account executive, of the years that had some all along."""
        leads = np.bincount(self.world.year_of(self.core.leads["created"] // 86400), minlength=self.world.years)
        heads = self._year_sums(self.executives.sum(axis=1))
        some = np.flatnonzero(heads >= 12 * 4)
        year = int(some[np.argmin(leads[some] * 1000 // heads[some])]) if len(some) else 0
        return str(np.datetime64(self.world.year_end(year), "D"))[:4]

    def level(self, level: int) -> str:
        """Return the year from which the sales team's margin of this level is positive and stays so, or "never"."""
        kinds = {2: "ABC", 3: "ABCDE"}[level]
        cost = sum(
            self._year_sums(v.sum(axis=1) if v.ndim == 2 else v) for kind, v in self.costs.items() if kind in kinds
        )
        good = self._sales_led() > cost
        bad = np.flatnonzero(~good[1:]) + 1
        first = int(bad[-1]) + 1 if len(bad) else 1
        return str(np.datetime64(self.world.year_end(first), "D"))[:4] if first < self.world.years else "never"

    # ---------------------------------------------------------------- work for contracts

    def _work(self) -> dict[str, np.ndarray]:
        """Return pieces of custom and configuration work; the larger the customer, the more the work costs for its fee."""
        world, c, rule = self.world, self.core.contracts, self.world.p["delivery"]
        here = np.flatnonzero(c["one_off"] > 0)
        size = self.core.rows["size"][c["customer"][here]]
        cost = c["one_off"][here] * np.array(rule["cost"])[size] // 100
        cost = (
            cost * world.stream("delivery_work", "noise").quantile(len(here), [70, 85, 95, 100, 106, 118, 145]) // 100
        )
        custom = cost * np.array(rule["custom"])[size] // 100
        contract = np.concatenate([here, here, here])
        amount = np.concatenate([custom * 6 // 10, custom - custom * 6 // 10, cost - custom])
        days = world.stream("delivery_work", "days").quantile(len(contract), [10, 20, 32, 46, 64, 90, 140])
        on = c["starts"][contract] + days * np.repeat([6, 10, 5], len(here)) // 10
        rate = rule["hour"] * 100
        hours = rounded(amount, rate) // rate
        kind = np.repeat([0, 0, 1], len(here))
        keep = np.flatnonzero((hours > 0) & (on <= world.as_of))
        keep = keep[np.lexsort((kind[keep], contract[keep], on[keep]))]
        return {
            "contract": contract[keep],
            "on": on[keep],
            "kind": kind[keep],
            "hours": hours[keep],
            "cost": hours[keep] * rate,
        }

    def platform_month(self) -> str:
        """Return the first month in which a platform would have saved more in a year than it costs in one."""
        rule, world = self.world.p["delivery"], self.world
        custom = np.zeros(len(world.months), dtype=np.int64)
        here = self.work["kind"] == 0
        np.add.at(custom, month_of(self.work["on"][here]) - world.first_month, self.work["cost"][here])
        year = np.cumsum(custom)
        year[12:] = year[12:] - np.cumsum(custom)[:-12]
        saved = year * rule["platform_saves"] // 100
        good = np.flatnonzero(saved > world.scaled(rule["platform_year"] * world.p["unit"]) * 100)
        return str(np.datetime64(int(world.months[good[0]]), "M")) if len(good) else "never"

    # ---------------------------------------------------------------- tables

    def tables(self) -> list[Table]:
        """Return headcount, costs, cash, funding_rounds and delivery_work."""
        return [self._heads_table(), self._costs_table(), self._cash_table(), self._rounds_table(), self._work_table()]

    def _heads_table(self) -> Table:
        parts = [(DEPARTMENTS.index(name), 0, self.heads[name]) for name in DEPARTMENTS[1:]]
        parts.append((0, 0, self.heads["desk"]))
        parts += [(0, 1 + place, self.executives[:, place]) for place in range(len(self.branches))]
        return self._monthly("headcount", parts, lambda values: {"heads": Column("int", values)})

    def _monthly(self, name: str, parts: list, last) -> Table:
        """Return a table of months from (department, branch, values) parts, without empty months."""
        months = self.world.months
        department = np.concatenate([np.full(len(months), part[0]) for part in parts])
        branch = np.concatenate([np.full(len(months), part[1]) for part in parts])
        values = np.concatenate([part[-1] for part in parts])
        month = np.tile(month_start(months), len(parts))
        kind = np.concatenate([np.full(len(months), part[2] if len(part) == 4 else 0) for part in parts])
        table = Table(
            name,
            {
                "month": Column("month", month),
                "department": codes(DEPARTMENTS, department),
                "branch": codes(["head office", *self.branches], branch),
                **({"kind": codes(COST_KINDS, kind)} if len(parts[0]) == 4 else {}),
                **last(values),
            },
        )
        keep = np.flatnonzero(values != 0)
        return table.take(keep[np.lexsort((branch[keep], kind[keep], department[keep], month[keep]))])

    def _costs_table(self) -> Table:
        heads = self.heads
        share = heads["R&D"] * 100 // np.maximum(heads["R&D"] + heads["admin"], 1)
        lab = self.costs["other"] // 100 * share
        parts = [(0, 1 + place, 0, self.costs["A"][:, place]) for place in range(len(self.branches))]
        parts += [
            (0, 0, 1, self.costs["B"]),
            (1, 0, 2, self.costs["C"]),
            (1, 0, 3, self.costs["D"]),
            (2, 0, 4, self.costs["E"]),
            (2, 0, 5, self.costs["COGS"]),
            (3, 0, 6, lab),
            (4, 0, 6, self.costs["other"] - lab),
        ]
        return self._monthly("costs", parts, lambda values: {"amount": Column("cents", values)})

    def cash(self) -> np.ndarray:
        """Return the balance at the end of each month in cents."""
        flow = self.billing.receipts() - self._total()
        for row in self.world.p["money"]["rounds"]:
            flow[int(month_of([day(row["day"])])[0]) - self.world.first_month] += (
                self.world.scaled(row["amount"] * self.world.p["unit"]) * 100
            )
        return np.cumsum(flow) + self.world.scaled(self.world.p["money"]["founders_cash"]) * 100

    def _cash_table(self) -> Table:
        return Table(
            "cash", {"month": Column("month", month_start(self.world.months)), "balance": Column("cents", self.cash())}
        )

    def _rounds_table(self) -> Table:
        rows, unit = self.world.p["money"]["rounds"], self.world.p["unit"]
        return Table(
            "funding_rounds",
            {
                "round": Column("text", [row["round"] for row in rows]),
                "on": Column("date", np.array([day(row["day"]) for row in rows])),
                "amount": Column("cents", np.array([self.world.scaled(row["amount"] * unit) * 100 for row in rows])),
                "pre_money": Column(
                    "cents", np.array([self.world.scaled(row["pre_money"] * unit) * 100 for row in rows])
                ),
            },
        )

    def _work_table(self) -> Table:
        rows = self.work
        return Table(
            "delivery_work",
            {
                "work_id": ids("W", np.arange(1, len(rows["on"]) + 1)),
                "contract_id": ids("K", rows["contract"] + 1),
                "on": Column("date", rows["on"]),
                "kind": codes(["custom", "configuration"], rows["kind"]),
                "hours": Column("int", rows["hours"]),
                "cost": Column("cents", rows["cost"]),
            },
        )


def both_total(*parts) -> np.ndarray:
    """Return the sum of yearly figures."""
    return sum(parts)
