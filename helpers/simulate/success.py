"""What happens at customers after the sale: delivery, goals, people, contacts, cases, answers, tiers."""

from __future__ import annotations

import numpy as np

from helpers.simulate.core import Core, last_day
from helpers.simulate.tables import Column, Table, codes, ids
from helpers.simulate.whole import NEVER, month_days, month_of, month_start, pick

TOUCHES = ["call", "visit", "message", "review", "training"]
LEVELS = ["working", "manager", "executive"]
TIERS = ["reference", "growth", "ordinary"]


class Success:
    """The traits of customers, made visible in the tables of customer success."""

    def __init__(self, core: Core) -> None:
        self.core, self.world, self.rows = core, core.world, core.rows
        self.n = len(self.rows["start"])
        self.who = np.arange(self.n)
        self.gone = last_day(core.lives)
        self.until = np.minimum(self.gone - 1, self.world.as_of)
        self.sold = self.rows["mode"] != self.world.modes.index("product")
        self.rule = self.world.p["success"]
        self.live = self._go_live()
        self.never_started = self._never_started()
        self.live[self.never_started] = self.world.as_of + 999
        self.value = self._first_value()

    def stream(self, table: str, purpose: str = "draw"):
        """Return a stream of this part."""
        return self.world.stream(table, purpose)

    def ids(self, who):
        """Return the column of customer identifiers."""
        return ids("C", self.core.number[who])

    def upto(self, days):
        """Return the days that lie in the past, and NEVER for the others."""
        return np.where(days > self.world.as_of, NEVER, days)

    # ---------------------------------------------------------------- delivery and first value

    def _go_live(self) -> np.ndarray:
        stream = self.stream("implementations", "days")
        quick = stream.quantile(self.n, [6, 9, 13, 18, 24, 31, 40, 52])
        slow = stream.quantile(self.n, [62, 70, 80, 92, 105, 122])
        self.begun = self.rows["start"] + self.stream("implementations", "begin").below(self.n, 9)
        return self.begun + np.where(self.rows["slow"], slow, quick)

    def _never_started(self) -> np.ndarray:
        """Return which of the first customers signed and never went live; they have left since."""
        rule, flags = self.rule["never_started"], np.zeros(self.n, dtype=bool)
        fits = self.sold & (self.rows["year"] < rule["years"]) & ~self.rows["first_value"] & (self.rows["promise_gap"] > 0)
        fits = np.flatnonzero(fits & (self.core.lives.lost_in >= 0))
        count = min(self.world.scaled(rule["customers"]), len(fits))
        flags[fits[pick(self.stream("implementations", "never started"), np.ones(len(fits)), count)]] = True
        return flags

    def _first_value(self) -> np.ndarray:
        """Return the day of first value: within 200 days for those who have it, much later or never for others."""
        stream = self.stream("milestones", "first value")
        base = np.where(self.sold, self.live, self.rows["start"] + 2)
        soon = base + stream.quantile(self.n, [4, 9, 14, 20, 28, 38, 55])
        late = self.rows["start"] + stream.between(self.n, 215, 350)
        late = np.where(stream.chance(self.n, 450_000) & ~self.never_started, late, self.world.as_of + 999)
        value = np.where(self.rows["first_value"], soon, late)
        return np.where(value < self.gone, value, self.world.as_of + 999)

    def _implementations(self) -> Table:
        here = np.flatnonzero(self.sold & (self.begun <= self.world.as_of))
        order = here[np.argsort(self.begun[here], kind="stable")]
        first = np.full(self.n, -1)
        c = self.core.contracts
        mine = np.flatnonzero(c["sales_led"])
        first[c["customer"][mine]] = mine
        return Table(
            "implementations",
            {
                "implementation_id": ids("D", np.arange(1, len(order) + 1)),
                "customer_id": self.ids(order),
                "contract_id": ids("K", first[order] + 1),
                "started_on": Column("date", self.begun[order]),
                "live_on": Column("date", self.upto(self.live[order])),
                "promise_gap": Column("int", self.rows["promise_gap"][order]),
            },
        )

    def _milestones(self) -> Table:
        stream = self.stream("milestones", "later")
        second = np.where(
            self.rows["first_value"], self.value + stream.between(self.n, 45, 130), self.world.as_of + 999
        )
        third = np.where(self.rows["use"] >= 2, second + stream.between(self.n, 40, 110), self.world.as_of + 999)
        parts = []
        for place, reached in enumerate((self.value, second, third)):
            asked = self.rows["start"] + 60 + 90 * place
            here = np.flatnonzero(
                (self.rows["start"] + 90 * place <= self.until) & ((place == 0) | (self.value <= self.world.as_of))
            )
            day_ = np.where((reached < self.gone) & (reached <= self.world.as_of), reached, NEVER)
            parts.append((here, np.full(len(here), place), asked[here], day_[here]))
        who, place, asked, day_ = (np.concatenate(p) for p in zip(*parts, strict=True))
        order = np.lexsort((place, self.core.number[who]))
        return Table(
            "milestones",
            {
                "customer_id": self.ids(who[order]),
                "goal_no": Column("int", place[order] + 1),
                "goal": codes(self.rule["goals"], place[order]),
                "planned_on": Column("date", asked[order]),
                "reached_on": Column("date", day_[order]),
            },
        )

    # ---------------------------------------------------------------- people

    def _stakeholders(self) -> Table:
        """Return the champion of each customer, those who follow a champion that left, and colleagues."""
        terms, parts = self.core.lives.terms, []
        who, age = terms["customer"], terms["age"] + terms["months"] // 12
        leaves = self.rows["champion_left"][who, np.minimum(age, self.world.years)]
        spread = self.stream("stakeholders", "leaves").below(
            len(who), np.maximum(terms["end"] - terms["start"] - 70, 1)
        )
        when = terms["start"] + 35 + spread
        leaves &= when <= self.world.as_of
        joined, champion = self.rows["start"].copy(), self.who
        for place in np.argsort(terms["start"], kind="stable")[
            leaves[np.argsort(terms["start"], kind="stable")]
        ].tolist():
            i = int(who[place])
            parts.append((i, 1, 1, int(joined[i]), int(when[place])))
            joined[i] = min(int(when[place]) + 20, self.world.as_of)
        parts += zip(champion.tolist(), [1] * self.n, [1] * self.n, joined.tolist(), [NEVER] * self.n, strict=True)
        for level, sizes in ((0, (0, 1, 2)), (2, (1, 2))):
            here = np.flatnonzero(
                np.isin(self.rows["size"], sizes)
                & self.stream("stakeholders", f"level {level}").chance(self.n, 700_000)
            )
            parts += zip(
                here.tolist(),
                [level] * len(here),
                [0] * len(here),
                self.rows["start"][here].tolist(),
                [NEVER] * len(here),
                strict=True,
            )
        who, level, champion, joined, left = (np.array(values) for values in zip(*parts, strict=True))
        joined = np.minimum(joined, self.world.as_of)
        order = np.lexsort((level, who, joined))
        needs = self.stream("stakeholders", "needs").choose(len(who), [520, 320, 130, 30])
        return Table(
            "stakeholders",
            {
                "stakeholder_id": ids("H", np.arange(1, len(who) + 1)),
                "customer_id": self.ids(who[order]),
                "level": codes(LEVELS, level[order]),
                "needs": codes(["business", "organisation", "industry", "nation"], needs),
                "champion": Column("flag", champion[order]),
                "joined_on": Column("date", joined[order]),
                "left_on": Column(
                    "date", np.where((left[order] >= joined[order]) & (left[order] != NEVER), left[order], NEVER)
                ),
            },
        )

    # ---------------------------------------------------------------- contacts

    def months_of_service(self, lag: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Return (customer, month) for each month in which a customer was served to its end or to the last day."""
        first = month_of(self.rows["start"]) + lag
        last = month_of(self.until)
        count = np.maximum(last - first + 1, 0)
        who = np.repeat(self.who, count)
        return who, np.repeat(first, count) + np.arange(len(who)) - np.repeat(np.cumsum(count) - count, count)

    def _in_month(self, stream, who, month) -> np.ndarray:
        """Return a day of the month on which the customer was served."""
        low = np.maximum(month_start(month), self.rows["start"][who])
        high = np.minimum(month_start(month) + month_days(month) - 1, self.until[who])
        return low + stream.below(len(who), np.maximum(high - low + 1, 1))

    def _prepaid_in(self, who, month) -> np.ndarray:
        terms, start = self.core.lives.terms, month_start(month)
        long = np.flatnonzero(terms["months"] > 12)
        begin, finish = np.full(self.n, NEVER), np.full(self.n, NEVER)
        begin[terms["customer"][long]], finish[terms["customer"][long]] = terms["start"][long], terms["end"][long]
        return (begin[who] != NEVER) & (start >= begin[who]) & (start < finish[who])

    def _touches(self) -> Table:
        who, month = self.months_of_service()
        stream, n = self.stream("success_touches"), len(who)
        rate = np.array(self.rule["touches"])[self.rows["size"][who]] * 1000
        rate = np.where(self._prepaid_in(who, month), rate * self.rule["prepaid_touches"] // 100, rate)
        here = np.flatnonzero(stream.chance(n, rate % 1_000_000) | (rate >= 1_000_000))
        kind = self.stream("success_touches", "kind").choose(len(here), [420, 130, 330, 120])
        who, on = who[here], self._in_month(self.stream("success_touches", "day"), who[here], month[here])
        trained, when = self._trainings()
        who, on = np.concatenate([who, trained]), np.concatenate([on, when])
        kind = np.concatenate([kind, np.full(len(trained), TOUCHES.index("training"))])
        minutes = self.stream("success_touches", "minutes").between(len(who), 5, 12) * np.array([3, 9, 1, 7, 12])[kind]
        early = self.world.year_of(on) < 2
        founder = early & self.stream("success_touches", "founder").chance(len(who), 300_000)
        order = np.lexsort((who, on))
        return Table(
            "success_touches",
            {
                "touch_id": ids("T", np.arange(1, len(who) + 1)),
                "customer_id": self.ids(who[order]),
                "csm_id": ids("G", np.where(founder, -1, self._csm(who, on))[order], 3),
                "on": Column("date", on[order]),
                "kind": codes(TOUCHES, kind[order]),
                "minutes": Column("int", minutes[order]),
                "founder": Column("flag", founder[order]),
            },
        )

    def _trainings(self) -> tuple[np.ndarray, np.ndarray]:
        """Return trainings held: more of them some months before renewals go well, as five-star figures should."""
        rate, months = self.renewal_rate(), self.world.months
        lag, n = self.rule["star_lag"], len(months)
        ahead = np.full(n, 1000)
        ahead[: n - lag] = np.where(
            rate[lag:] >= 0, np.maximum(1000 + (rate[lag:] - 780) * self.rule["star_strength"], 150), 1000
        )
        who, month = self.months_of_service()
        served = np.bincount(month - months[0], minlength=n)
        parts = []
        for place in range(12, n):
            count = int(served[place]) * self.rule["trainings"] * int(ahead[place]) // 1_000_000
            here = np.flatnonzero(month == months[place])
            chosen = (
                here[self.stream("success_touches", f"training {place}").below(count, len(here))] if len(here) else here
            )
            parts.append((who[chosen], month[chosen]))
        who, month = (np.concatenate(p) for p in zip(*parts, strict=True))
        return who, self._in_month(self.stream("success_touches", "training day"), who, month)

    def renewal_rate(self) -> np.ndarray:
        """Return renewed over due by month, per mille, or -1 where fewer than eight came due."""
        terms, months = self.core.lives.terms, self.world.months
        due = terms["end"] <= self.world.as_of
        month = month_of(terms["end"][due]) - months[0]
        renewed = np.isin(np.flatnonzero(due), terms["before"])
        all_, kept = np.bincount(month, minlength=len(months)), np.bincount(month[renewed], minlength=len(months))
        return np.where(all_ >= 8, kept * 1000 // np.maximum(all_, 1), -1)

    def _csm(self, who, on) -> np.ndarray:
        """Return who looks after a customer: small ones by pool, others by one person, changed once by a few."""
        first = self.stream("csm_assignments", "first").below(self.n, self._csm_count(self.rows["start"]))
        changed = self._change_day()
        second = (first + 1) % np.maximum(self._csm_count(self.rows["start"]), 1)
        return np.where(np.asarray(on) >= changed[who], second[who], first[who])

    def _csm_count(self, days) -> np.ndarray:
        ends = [max(self.world.scaled(v), 1) for v in self.world.p["heads"]["success"]]
        year = np.clip(self.world.year_of(days), 0, self.world.years - 1)
        return np.maximum(np.array([1, *ends])[year] * 6 // 10, 1)

    def _change_day(self) -> np.ndarray:
        stream = self.stream("csm_assignments", "change")
        moves = stream.chance(self.n, 180_000)
        when = self.rows["start"] + stream.between(self.n, 150, 500)
        return np.where(moves & (when < self.until), when, self.world.as_of + 999)

    def _assignments(self) -> Table:
        changed = self._change_day()
        again = np.flatnonzero(changed <= self.world.as_of)
        who = np.concatenate([self.who, again])
        start = np.concatenate([self.rows["start"], changed[again]])
        end = np.where(self.gone > self.world.as_of, NEVER, self.gone)
        first_end = np.where(changed <= self.world.as_of, changed, end)
        order = np.lexsort((start, self.core.number[who]))
        return Table(
            "csm_assignments",
            {
                "customer_id": self.ids(who[order]),
                "csm_id": ids("G", self._csm(who, start)[order], 3),
                "from": Column("date", start[order]),
                "to": Column("date", np.concatenate([first_end, end[again]])[order]),
            },
        )

    def _plans(self) -> Table:
        chance = np.array([250, 700, 950])[self.rows["size"]] * 1000
        here = np.flatnonzero(self.stream("success_plans", "has").chance(self.n, chance))
        on = self.rows["start"][here] + self.stream("success_plans", "day").between(len(here), 5, 70)
        keep = on <= self.until[here]
        here, on = here[keep], on[keep]
        goal = self.stream("success_plans", "goal").below(len(here), len(self.rule["plans"]))
        order = np.lexsort((here, on))
        return Table(
            "success_plans",
            {
                "customer_id": self.ids(here[order]),
                "agreed_on": Column("date", on[order]),
                "goal": codes([row[0] for row in self.rule["plans"]], goal[order]),
                "measure": codes([row[1] for row in self.rule["plans"]], goal[order]),
            },
        )

    # ---------------------------------------------------------------- cases and answers

    def _tickets(self) -> Table:
        who, month = self.months_of_service()
        rate = np.array(self.rule["tickets"])[self.rows["size"][who]] * 1000
        fresh = month - month_of(self.rows["start"][who]) < 3
        rate = np.where(fresh, rate * 2, rate)
        here = np.flatnonzero(self.stream("tickets", "has").chance(len(who), np.minimum(rate, 950_000)))
        who, on = who[here], self._in_month(self.stream("tickets", "day"), who[here], month[here])
        opened = self.world.at(on, self.stream("tickets", "hour"), 8, 20)
        closed = (
            opened
            + self.stream("tickets", "open for").quantile(len(who), [20, 60, 150, 400, 1100, 2600, 7000, 20000]) * 60
        )
        kind = self.stream("tickets", "kind").choose(len(who), [430, 260, 190, 120])
        order = np.argsort(opened, kind="stable")
        end = (self.world.as_of + 1) * 86400
        return Table(
            "tickets",
            {
                "ticket_id": ids("Q", np.arange(1, len(who) + 1)),
                "customer_id": self.ids(who[order]),
                "opened_at": Column("instant", opened[order]),
                "closed_at": Column("instant", np.where(closed >= end, NEVER, closed)[order]),
                "kind": codes(["question", "fault", "set-up", "billing"], kind[order]),
                "minutes": Column(
                    "int", self.stream("tickets", "minutes").quantile(len(who), [3, 6, 10, 15, 22, 35, 60, 120])
                ),
            },
        )

    def answers(self) -> dict[str, np.ndarray]:
        """Return answers: twice a year about recommending, once about satisfaction, once about missing the product."""
        who, month = self.months_of_service(lag=4)
        age = month - month_of(self.rows["start"][who])
        parts = []
        for kind, (every, place) in enumerate(((6, 4), (12, 5), (12, 10))):
            asked = self.stream("surveys", f"answers {kind}").chance(len(who), self.rule["answers"] * 1000)
            here = np.flatnonzero((age % every == place) & asked)
            on = self._in_month(self.stream("surveys", f"day {kind}"), who[here], month[here])
            parts.append((who[here], on, np.full(len(here), kind), self._scores(kind, who[here])))
        who, on, kind, score = (np.concatenate(p) for p in zip(*parts, strict=True))
        order = np.lexsort((kind, who, on))
        return {"who": who[order], "on": on[order], "kind": kind[order], "score": score[order]}

    def _scores(self, kind: int, who) -> np.ndarray:
        level, stream = self.rows["satisfied"][who], self.stream("surveys", f"score {kind}")
        if kind == 2:
            rows = np.cumsum(np.array(self.rule["would_miss"]), axis=1)[np.array([0, 0, 1, 1, 2])[self.rows["use"][who]]]
            return 1 + (stream.below(len(who), 1000)[:, None] >= rows[:, :2]).sum(axis=1)
        luck = stream.below(len(who), 4)
        if kind == 0:
            return np.array(self.rule["nps"])[level, luck]
        return np.clip(level + np.array([0, 1, 1, 1])[luck], 1, 5)

    # ---------------------------------------------------------------- results made visible, tiers, programmes

    def _ladder(self) -> Table:
        who, month = self.months_of_service(lag=5)
        keen = self.rows["use"][who] * 14 + self.rows["size"][who] * 24 + 8
        here = np.flatnonzero(
            self.stream("ladder_evidence", "has").chance(len(who), keen * 1000) & self.rows["first_value"][who]
        )
        who, on = who[here], self._in_month(self.stream("ladder_evidence", "day"), who[here], month[here])
        whose = self.stream("ladder_evidence", "whose").choose(len(who), [620, 380])
        where = self.stream("ladder_evidence", "where").choose(len(who), [740, 260])
        kind = where * 2 + self.stream("ladder_evidence", "kind").below(len(who), 2)
        order = np.lexsort((who, on))
        return Table(
            "ladder_evidence",
            {
                "customer_id": self.ids(who[order]),
                "on": Column("date", on[order]),
                "whose": codes(["person", "organisation"], whose[order]),
                "where": codes(["inside", "outside"], where[order]),
                "kind": codes(["report", "meeting", "case", "interview"], kind[order]),
            },
        )

    def _tiers(self) -> Table:
        changes = self.core.lives.changes
        grown = np.full(self.n, self.world.as_of + 999)
        np.minimum.at(grown, changes["customer"], changes["on"])
        fits = self.rows["first_value"] & (self.rows["use"] >= 3) & (self.rows["size"] > 0)
        fits &= self.stream("tier_history", "reference").chance(self.n, 260_000)
        known = np.where(fits, self.rows["start"] + 300, self.world.as_of + 999)
        parts = [
            (self.who, np.full(self.n, 2), self.rows["start"]),
            (self.who, np.full(self.n, 1), grown),
            (self.who, np.full(self.n, 0), known),
        ]
        who, tier, start = (np.concatenate(p) for p in zip(*parts, strict=True))
        keep = np.flatnonzero((start <= self.until[who]) & ~((tier == 1) & (start >= known[who])))
        keep = keep[np.lexsort((start[keep], self.core.number[who[keep]]))]
        return Table(
            "tier_history",
            {"customer_id": self.ids(who[keep]), "tier": codes(TIERS, tier[keep]), "from": Column("date", start[keep])},
        )

    def _programmes(self) -> Table:
        """Return two programmes: one that makes customers stay, one that those who use much like to join."""
        stream = self.stream("cs_programmes")
        on = self.rows["start"] + stream.between(self.n, 40, 160)
        social = stream.chance(self.n, np.array(self.rule["community"])[self.rows["use"]] * 1000)
        parts = [
            (np.flatnonzero(flag & (on <= self.until)), place)
            for place, flag in enumerate((self.rows["practice"], social))
        ]
        who = np.concatenate([p[0] for p in parts])
        place = np.concatenate([np.full(len(p[0]), p[1]) for p in parts])
        order = np.lexsort((who, on[who]))
        return Table(
            "cs_programmes",
            {
                "programme": codes(self.rule["programmes"], place[order]),
                "customer_id": self.ids(who[order]),
                "on": Column("date", on[who][order]),
            },
        )

    def _brand(self) -> Table:
        n = len(self.world.months)
        steps = self.stream("brand_index", "steps").between(n, -80, 190)
        steps[0] = 0
        return Table(
            "brand_index",
            {
                "month": Column("month", month_start(self.world.months)),
                "index": Column("cents", 10_000 + np.cumsum(steps)),
            },
        )

    def tables(self) -> list[Table]:
        """Return the tables of customer success."""
        return [
            self._implementations(),
            self._milestones(),
            self._stakeholders(),
            self._touches(),
            self._assignments(),
            self._plans(),
            self._tickets(),
            self._ladder(),
            self._tiers(),
            self._programmes(),
            self._brand(),
        ]
