"""The company's books by month: heads, costs, cash, rounds, and the work done for contracts."""

from __future__ import annotations

import numpy as np

from helpers.simulate.billing import Billing
from helpers.simulate.core import Core
from helpers.simulate.free import free_cost
from helpers.simulate.selling import FOUNDER, here_in, team_names
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

    def sales_led(self) -> np.ndarray:
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

    def _given(self, key: str) -> np.ndarray:
        """Return a yearly figure of the parameters, in cents at this scale."""
        return np.array([self.world.scaled(value * self.world.p["unit"] * 100) for value in self.world.p["money"][key]])

    def _costs(self) -> dict[str, np.ndarray]:
        """Return costs by month in cents; B, D and other close the gaps to the yearly figures."""
        leads, sellers, fees = sum(self.core.spend.values()) * 100, self._pay_of_sellers(), self._partner_fees()
        direct, paid = self._year_sums(leads), self._year_sums(sellers.sum(axis=1))
        desk, office = self._desk_and_office(direct, paid, self._year_sums(fees))
        revenue, service = self.billing.revenue(), self._given("first_year_service")
        running = self._year_sums(revenue) * (1000 - np.array(self.world.p["money"]["gross_margin"])) // 1000
        rest = self._rest(direct + paid + desk + office + service + running)
        free, heads = free_cost(self.world), self.heads
        return {
            "A": sellers,
            "B": fees + self._spread(desk - self._year_sums(fees), heads["desk"] + self.executives.sum(axis=1) // 4 + 1),
            "C": leads,
            "D": self._spread(office, heads["marketing"] + 1),
            "E": self._spread(service, self._new_by_month() + 2),
            "COGS": self._spread(running - self._year_sums(free), revenue // 10_000 + 1),
            "free": free,
            "other": self._spread(rest, heads["R&D"] + heads["admin"] + 1),
        }

    def _partner_fees(self) -> np.ndarray:
        """Return what partners took of the contracts signed in each month, in cents."""
        c, total = self.core.contracts, np.zeros(len(self.world.months), dtype=np.int64)
        np.add.at(total, month_of(c["signed"]) - self.world.first_month, c["partner_fee"])
        return total

    def _desk_and_office(self, direct, paid, fees) -> tuple[np.ndarray, np.ndarray]:
        """Return B and D by year: B so that the margin of level 2 comes out, D the rest of sales and marketing."""
        margin, both = self._given("margin_two"), self._given("sales_and_marketing")
        desk = np.maximum(self.sales_led() - margin - direct - paid, both // 50)
        desk[0] = max(int(both[0] - direct[0] - paid[0]) // 2, 0)
        desk = np.maximum(desk, fees)
        return desk, np.maximum(both - direct - paid - desk, both // 50)

    def _rest(self, spent) -> np.ndarray:
        """Return what is left by year for product and administration when free cash flow is as given."""
        receipts, flow = self._year_sums(self.billing.receipts()), self._given("free_cash_flow")
        rest = receipts - flow - spent
        if (rest < 0).any():
            raise ValueError(self._no_room(int(np.argmax(rest < 0)), receipts, flow, spent))
        return rest

    def _no_room(self, year: int, receipts, flow, spent) -> str:
        """Say which year's figures contradict each other, by how much, and what to change, in the parameters' own units."""
        given = lambda cents: int(cents) * 10_000 // (self.world.p["unit"] * self.world.millionths)  # noqa: E731
        room = receipts[year] - flow[year]
        return (
            f"business year {year + 1} (to {np.datetime64(self.world.year_end(year), 'D')}) leaves nothing for product and "
            f"administration. Receipts of {given(receipts[year]):,} less a free cash flow of {given(flow[year]):,} "
            f"(in units of {self.world.p['unit']:,}) allow costs of {given(room):,}; sales, marketing, first-year service "
            f"and running the product already take {given(spent[year]):,}. Under money, lower free_cash_flow[{year}] by "
            f"{given(spent[year] - room) + 1:,} or more, or raise gross_margin[{year}], or lower sales_and_marketing[{year}]."
        )

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

    def margin(self, level: int) -> np.ndarray:
        """Return the sales team's margin of this level by year, in cents: S less the kinds of cost that it counts."""
        kinds = {1: "A", 2: "ABC", 3: "ABCDE"}[level]
        cost = sum(self._year_sums(v.sum(axis=1) if v.ndim == 2 else v) for kind, v in self.costs.items() if kind in kinds)
        return self.sales_led() - cost

    def mature_months(self) -> np.ndarray:
        """Return months worked by reps past their ramp, by year, of those still there at the month's end."""
        reps, found = self.core.reps, np.zeros(len(self.world.months), dtype=np.int64)
        ramp = len(self.world.p["reps"]["ramp"]) - 1
        for place, month in enumerate(self.world.months.tolist()):
            found[place] = int((here_in(reps, month) & (month - month_of(reps["hired"]) >= ramp)).sum())
        return self._year_sums(found)

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
            (3, 0, 5, self.costs["free"]),
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
