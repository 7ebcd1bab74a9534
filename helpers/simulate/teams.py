"""The people who sell, and what steers them: reps, pay plans, schemes, training, owners of steps."""

from __future__ import annotations

import numpy as np

from helpers.simulate.core import Core
from helpers.simulate.names import people_names
from helpers.simulate.selling import _codes, team_names
from helpers.simulate.tables import Column, Table, codes, ids
from helpers.simulate.whole import NEVER, day, month_start

ROLES = ["AE", "SDR", "manager", "other"]


class Teams:
    """The roster: founder, account executives, then managers and SDRs."""

    def __init__(self, core: Core) -> None:
        self.core, self.world = core, core.world
        parts = [self._executives(), self._managers(), self._sdrs()]
        self.rows = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        self._report()

    def _executives(self) -> dict[str, np.ndarray]:
        reps, n = self.core.reps, len(self.core.reps["hired"])
        role = np.zeros(n, dtype=np.int64)
        role[0] = ROLES.index("other")
        return {
            "hired": reps["hired"],
            "left": reps["left"],
            "team": reps["team"],
            "role": role,
            "background": reps["background"],
            "pay": self._pay(n, "AE"),
        }

    def _pay(self, n: int, role: str) -> np.ndarray:
        points = self.world.p["reps"]["base_pay"][role]
        return self.world.stream("reps", f"pay {role}").quantile(n, points) // 50 * 50

    def _managers(self) -> dict[str, np.ndarray]:
        """Give each team a manager from its first hire; one of them is followed by another."""
        reps, teams = self.core.reps, np.arange(len(team_names(self.world)))
        first = np.array(
            [
                reps["hired"][reps["team"] == team].min() if (reps["team"] == team).any() else self.world.as_of
                for team in teams
            ]
        )
        left = np.full(len(teams), -1)
        left[1] = first[1] + 560 if first[1] + 600 < self.world.as_of else -1
        extra = np.flatnonzero(left > 0)
        hired = np.concatenate([np.maximum(first - 12, self.world.first_day), left[extra]])
        return {
            "hired": hired,
            "left": np.concatenate([left, np.full(len(extra), -1)]),
            "team": np.concatenate([teams, extra]),
            "role": np.full(len(hired), ROLES.index("manager")),
            "background": np.ones(len(hired), dtype=np.int64),
            "pay": self._pay(len(hired), "manager"),
        }

    def _sdrs(self) -> dict[str, np.ndarray]:
        hired = []
        for year, heads in enumerate(self.world.p["heads"]["SDR"]):
            before = self.world.p["heads"]["SDR"][year - 1] if year else 0
            new = max(self.world.scaled(heads) - self.world.scaled(before), 0)
            months = self.world.months[12 * year] + np.arange(new) * 10 // max(new, 1)
            hired.append(month_start(months) + self.world.stream("reps", f"SDR {year}").below(new, 20))
        hired = np.concatenate(hired)
        n = len(hired)
        return {
            "hired": hired,
            "left": np.full(n, -1),
            "team": np.full(n, -1),
            "role": np.full(n, ROLES.index("SDR")),
            "background": np.full(n, 2),
            "pay": self._pay(n, "AE") * 7 // 10 // 50 * 50,
        }

    def _report(self) -> None:
        """Write down who leads whom: the manager of the team on the last day of each person."""
        rows, n = self.rows, len(self.rows["hired"])
        manager, bosses = np.full(n, -1), np.flatnonzero(self.rows["role"] == ROLES.index("manager"))
        for boss in bosses.tolist():
            until = rows["left"][boss] if rows["left"][boss] > 0 else self.world.as_of + 1
            last = np.where(rows["left"] > 0, rows["left"], self.world.as_of)
            mine = (
                (rows["team"] == rows["team"][boss])
                & (rows["role"] == 0)
                & (last <= until)
                & (last >= rows["hired"][boss])
            )
            manager[mine & (manager < 0)] = boss
        manager[bosses] = 0
        rows["manager"] = manager

    def tables(self) -> list[Table]:
        """Return reps, commission_plans, incentives, training and step_owners."""
        return [self._reps(), self._plans(), self._incentives(), self._training(), self._owners()]

    def _reps(self) -> Table:
        rows, world, n = self.rows, self.world, len(self.rows["hired"])
        names = people_names(world, n)
        teams = team_names(world)
        regions = sorted({team.split(" ")[0] for team in teams})
        branch = np.array([regions.index(team.split(" ")[0]) for team in teams] + [-1])
        return Table(
            "reps",
            {
                "rep_id": ids("R", np.arange(n), 3),
                "name": Column("text", names),
                "team": codes(teams, rows["team"]),
                "branch": codes(regions, branch[rows["team"]]),
                "manager_id": ids("R", rows["manager"], 3),
                "role": codes(ROLES, rows["role"]),
                "hired_on": Column("date", rows["hired"]),
                "left_on": Column("date", np.where(rows["left"] < 0, NEVER, rows["left"])),
                "background": codes(list(world.p["reps"]["backgrounds"]), rows["background"]),
                "base_pay": Column("cents", rows["pay"] * 100),
            },
        )

    def _plans(self) -> Table:
        plans = self.world.p["commission"]
        return Table(
            "commission_plans",
            {
                "plan_id": Column("text", [plan["plan"] for plan in plans]),
                "from": Column("date", np.array([day(plan["from"]) for plan in plans])),
                "to": Column("date", np.array([day(plan["to"]) if plan["to"] else NEVER for plan in plans])),
                "rates": Column("text", [plan["rates"] for plan in plans]),
                "renewal_rate": Column("share", np.array([plan["renewal"] for plan in plans])),
                "first_year_only": Column("flag", np.array([plan["first_year_only"] for plan in plans])),
            },
        )

    def _incentives(self) -> Table:
        rows = [(scheme, team) for scheme in self.world.p["reps"]["incentives"] for team in scheme["teams"]]
        begin = np.array([day(f"{scheme['month']}-01") for scheme, _ in rows])
        cost = np.array([scheme["cost"] // len(scheme["teams"]) for scheme, _ in rows])
        months = begin.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        return Table(
            "incentives",
            {
                "scheme": Column("text", [scheme["scheme"] for scheme, _ in rows]),
                "team": Column("text", [team for _, team in rows]),
                "from": Column("date", begin),
                "to": Column("date", month_start(months + 1)),
                "cost": Column("cents", cost * 100),
            },
        )

    def _training(self) -> Table:
        rows, who, when = self.rows, [], []
        for session in self.world.p["reps"]["training"]:
            on = day(session["day"])
            there = (rows["hired"] <= on) & ((rows["left"] < 0) | (rows["left"] > on)) & (rows["role"] == 0)
            there = np.flatnonzero(there & np.isin(rows["team"], _codes(self.world, session["teams"])))
            who.append(there)
            when.append(np.full(len(there), on))
        who = np.concatenate(who)
        return Table(
            "training",
            {
                "rep_id": ids("R", who, 3),
                "on": Column("date", np.concatenate(when)),
                "topic": codes(["first visit"], np.zeros(len(who), dtype=np.int64)),
            },
        )

    def _owners(self) -> Table:
        rows = self.world.p["step_owners"]
        return Table(
            "step_owners",
            {
                "step": Column("text", [row[0] for row in rows]),
                "owner": Column("text", [row[1] for row in rows]),
                "kpi": Column("text", [row[2] for row in rows]),
            },
        )
