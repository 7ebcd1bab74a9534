"""The product and its users: who signs up, whom they invite, what they do, how it feels, what experiments show."""

from __future__ import annotations

import numpy as np

from helpers.simulate.core import Core
from helpers.simulate.free import free_sign_ups
from helpers.simulate.success import Success
from helpers.simulate.tables import Column, Table, codes, ids
from helpers.simulate.whole import NEVER, allot, day, month_days, month_of, month_start

EVENTS = ["signed up", "logged in", "course created", "course finished", "invitation sent", "report opened"]
SIGNED_UP, LOGGED_IN, CREATED, FINISHED, INVITED, OPENED = range(6)
LAYERS = ["together", "social", "reward"]
DAY = 86400


class Product:
    """Users of paying customers and of free teams, and everything they did."""

    def __init__(self, core: Core, success: Success, limit: int | None = None) -> None:
        self.core, self.world, self.success, self.limit = core, core.world, success, limit
        self.rule = core.world.p["product"]
        self.end = (self.world.as_of + 1) * DAY
        self._users()
        self._invite()
        self._feel()
        self._act()

    def stream(self, table: str, purpose: str = "draw"):
        """Return a stream of this part."""
        return self.world.stream(table, purpose)

    # ---------------------------------------------------------------- users

    def _users(self) -> None:
        """Put administrators of customers and free users in one list, in order of sign-up."""
        admins, free = self._admins(), self._free()
        users = {key: np.concatenate([admins[key], free[key]]) for key in admins}
        order = np.argsort(users["at"], kind="stable")
        self.users = {key: values[order] for key, values in users.items()}
        n = len(order)
        roles = self.stream("users", "role").choose(n, [row[1] for row in self.rule["roles"]])
        self.users["role"] = np.where(self.users["role"] >= 0, self.users["role"], roles)
        early = self.users["at"] < (self.world.first_day + 400) * DAY
        self.users["friend"] = self.stream("users", "relation").chance(n, np.where(early, 520_000, 45_000))

    def _admins(self) -> dict[str, np.ndarray]:
        rows = self.core.rows
        count = np.array(self.rule["admins"])[rows["size"]]
        who = np.repeat(np.arange(len(count)), count)
        first = np.concatenate([[True], who[1:] != who[:-1]])
        led = rows["mode"][who] == self.world.modes.index("product")
        later = rows["start"][who] + self.stream("users", "admin after").quantile(len(who), [0, 1, 3, 8, 20, 60, 160])
        on = np.where(first & led, rows["created"][who], np.where(first, rows["start"][who], later))
        keep = np.flatnonzero(on <= self.success.until[who])
        at = self.world.at(on[keep], self.stream("users", "admin hour"))
        none = np.full(len(keep), -1)
        return {
            "customer": who[keep],
            "at": at,
            "campaign": none,
            "device": none,
            "role": none,
            "fake": none * 0,
            "bulk": none * 0,
        }

    def _free(self) -> dict[str, np.ndarray]:
        """Return users of free teams: ordinary ones, an agent's campaign with fakes, and one honest bulk sign-up."""
        on = free_sign_ups(self.world)
        campaign = self.stream("users", "campaign").choose(len(on["plain"]), [70, 16, 14]) - 1
        n, m = len(on["agent"]), len(on["bulk"])
        fakes = self.stream("users", "fake").shuffle(n) < n * self.rule["faked"]["share"] // 1000
        parts = [
            self._campaign(on["plain"], campaign, 0, 0),
            self._campaign(on["agent"], np.full(n, 2), fakes.astype(np.int64), 0),
            self._campaign(on["bulk"], np.full(m, 3), 0, 1),
        ]
        return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}

    def _campaign(self, on, campaign, fake, bulk) -> dict[str, np.ndarray]:
        n = len(on)
        none = np.full(n, -1)
        tag = f"{int(campaign[0]) if n else 0} {n}"
        device = np.where(np.full(n, fake) == 1, self.stream("users", f"device {tag}").below(n, 9), none)
        device = np.where(np.full(n, bulk) == 1, 9, device)
        return {
            "customer": none,
            "at": self.world.at(np.minimum(on, self.world.as_of), self.stream("users", f"free hour {tag}"), 7, 23),
            "campaign": campaign,
            "device": device,
            "role": none,
            "fake": np.full(n, fake),
            "bulk": np.full(n, bulk),
        }

    # ---------------------------------------------------------------- invitations

    def _invite(self) -> None:
        """Say which free users came through an invitation, from whom, and through which layer."""
        users, rule = self.users, self.rule
        free = np.flatnonzero(
            (users["customer"] < 0) & (users["fake"] == 0) & (users["bulk"] == 0) & (users["campaign"] < 0)
        )
        k = np.array(rule["k"])
        late = users["at"][free] >= day(rule["saturated"]) * DAY
        early = users["at"][free] >= day(rule["launch"]) * DAY
        base = int((users["customer"] < 0).sum() - (users["fake"]).sum())
        wanted = min(base * int(k.sum()) // 1000, len(free) - 50)
        weight = np.where(late, 60, np.where(early, 100, 0))
        weight[: min(60, len(weight))] = 0
        order = np.lexsort((self.stream("invitations", "order").raw(len(free)), -weight))
        self.invited = np.sort(free[order[:wanted]])
        inviters = np.flatnonzero((users["customer"] < 0) & (users["fake"] == 0))
        self.inviter = self._inviters(inviters, day(rule["saturated"]) * DAY)
        late = users["at"][self.inviter] >= users["at"][self.invited]
        self.inviter = np.where(late, inviters[0], self.inviter)
        self.layer = np.repeat(np.arange(3), allot(len(self.invited), k))[
            self.stream("invitations", "layer").shuffle(len(self.invited))
        ]
        same = self.stream("invitations", "same role").chance(len(self.invited), 700_000)
        users["role"][self.invited] = np.where(same, users["role"][self.inviter], users["role"][self.invited])

    def _inviters(self, inviters, saturated: int) -> np.ndarray:
        """Return who invited whom: somebody of the weeks before; at first mostly people of one role."""
        users = self.users
        at, when = users["at"][inviters], users["at"][self.invited]
        low = np.searchsorted(at, when - 40 * DAY)
        high = np.maximum(np.searchsorted(at, when - 4 * DAY), low + 1)
        stream, found = self.stream("invitations", "from"), np.full(len(when), -1)
        for tried in range(5):
            drawn = inviters[np.minimum(low + stream.below(len(when), high - low), len(inviters) - 1)]
            fits = (users["role"][drawn] == 0) | (when >= saturated) | (tried == 4)
            found = np.where((found < 0) & fits, drawn, found)
        return found

    def _invitations(self) -> Table:
        """Return accepted invitations, and as many that were not accepted as the rates of the layers say."""
        users, rule = self.users, self.rule
        accepted = users["at"][self.invited]
        gap = self.stream("invitations", "gap").quantile(len(self.invited), [600, 3600, 14000, 60000, 180000, 500000])
        sent = np.maximum(accepted - gap, users["at"][self.inviter] + 300)
        sent = np.minimum(sent, accepted)
        senders = np.flatnonzero((users["customer"] < 0) & (users["fake"] == 0))
        parts = [(self.inviter, self.invited, self.layer, sent, accepted)]
        for layer, rate in enumerate(rule["accepted"]):
            count = int((self.layer == layer).sum()) * (1000 - rate) // rate
            who = senders[self.stream("invitations", f"refused {layer}").below(count, len(senders))]
            when = users["at"][who] + self.stream("invitations", f"when {layer}").quantile(
                count, [900, 7200, 86400, 400000, 1500000]
            )
            keep = when < self.end
            none = np.full(int(keep.sum()), -1)
            parts.append((who[keep], none, none * 0 + layer, when[keep], none * 0 + NEVER))
        sender, to, layer, sent, accepted = (np.concatenate(p) for p in zip(*parts, strict=True))
        order = np.argsort(sent, kind="stable")
        self.sent = {"who": sender[order], "at": sent[order], "to": to[order]}
        reward = np.where((layer == 2) & (accepted != NEVER), rule["reward"] * 100, 0)
        return Table(
            "invitations",
            {
                "invitation_id": ids("N", np.arange(1, len(order) + 1)),
                "from_user_id": ids("U", sender[order] + 1),
                "to_user_id": ids("U", np.where(to[order] >= 0, to[order] + 1, -1)),
                "layer": codes(LAYERS, layer[order]),
                "sent_at": Column("instant", sent[order]),
                "accepted_at": Column("instant", accepted[order]),
                "reward": Column("cents", reward[order]),
            },
        )

    # ---------------------------------------------------------------- how it feels

    def _feel(self) -> None:
        """Walk a sample of free users through the steps of onboarding; two steps take most of their patience."""
        users, rule = self.users, self.rule
        free = np.flatnonzero((users["customer"] < 0) & (users["fake"] == 0) & (users["at"] + 5 * DAY < self.end))
        n = min(self.world.scaled(rule["felt"]), len(free))
        self.felt = np.sort(free[self.stream("touchpoints", "who").shuffle(len(free))[:n]])
        charge = np.array([row[2] for row in rule["roles"]])
        users["charge"] = charge[users["role"]] + self.stream("users", "charge").between(len(users["at"]), -3, 3)
        scale = np.array([-20, -10, -5, 0, 5, 10, 20])
        self.feeling = np.stack(
            [scale[self.stream("touchpoints", f"step {k}").choose(n, step[1])] for k, step in enumerate(rule["steps"])],
            axis=1,
        )
        running = users["charge"][self.felt][:, None] + np.cumsum(self.feeling, axis=1)
        stop = np.cumsum(running < -rule["patience"], axis=1) > 0
        self.seen = ~np.concatenate([np.zeros((n, 1), dtype=bool), stop[:, :-1]], axis=1)
        net = users["charge"][self.felt] + (self.feeling * self.seen).sum(axis=1)
        users["active"] = self.stream("users", "activated").chance(len(users["at"]), 520_000)
        users["active"][self.felt] = (net > 0) & ~stop.any(axis=1)
        users["active"] &= users["fake"] == 0

    def _touchpoints(self) -> Table:
        who, step = np.nonzero(self.seen)
        at = self.users["at"][self.felt[who]] + (step + 1) * 420 + self.stream("touchpoints", "at").below(len(who), 400)
        return Table(
            "touchpoints",
            {
                "user_id": ids("U", self.felt[who] + 1),
                "step_no": Column("int", step + 1),
                "step": codes([row[0] for row in self.rule["steps"]], step),
                "at": Column("instant", at),
                "feeling": Column("int", self.feeling[who, step]),
            },
        )

    # ---------------------------------------------------------------- what they do

    def _act(self) -> None:
        """Write down events: sign-ups, first steps of free users, and the months of customers."""
        users, n = self.users, len(self.users["at"])
        parts = [(np.arange(n), users["at"], np.full(n, SIGNED_UP))]
        parts += self._first_steps()
        self._invitation_table = self._invitations()
        invited = (self.sent["who"], self.sent["at"], np.full(len(self.sent["at"]), INVITED))
        parts += self._working_months(sum(len(part[0]) for part in [*parts, invited]))
        parts.append(invited)
        who, at, event = (np.concatenate(p) for p in zip(*parts, strict=True))
        idle = self._never_started()[who] & (event != SIGNED_UP)
        keep = np.flatnonzero((at < self.end) & ~idle)
        keep = keep[np.lexsort((event[keep], who[keep], at[keep]))]
        if self.limit is not None and len(keep) > self.limit:
            keep = keep[np.arange(self.limit) * len(keep) // self.limit]
        self.events = {"who": who[keep], "at": at[keep], "event": event[keep]}

    def _never_started(self) -> np.ndarray:
        """Return which users belong to a customer that signed and never went live."""
        customer = self.users["customer"]
        return (customer >= 0) & self.success.never_started[np.maximum(customer, 0)]

    def _first_steps(self) -> list:
        """Return what free users do: most who are active in the first days are gone after ninety."""
        users, rule = self.users, self.rule
        free = np.flatnonzero(users["customer"] < 0)
        active = free[users["active"][free]]
        n = len(active)
        delay = self.stream("events", "first").quantile(n, [900, 3600, 20000, 90000, 260000, 700000])
        parts = [(active, users["at"][active] + delay, np.full(n, CREATED))]
        done = self.stream("events", "done").chance(n, 640_000)
        parts.append(
            (
                active[done],
                (
                    users["at"][active]
                    + delay
                    + self.stream("events", "done after").quantile(n, [3600, 50000, 200000, 900000])
                )[done],
                np.full(int(done.sum()), FINISHED),
            )
        )
        stays = free[
            (users["fake"][free] == 0)
            & self.stream("events", "stays").chance(
                len(free), np.where(users["active"][free], rule["active_90"] * 1000, 12_000)
            )
        ]
        for k in range(6):
            when = (
                users["at"][stays]
                + (20 + 22 * k) * DAY
                + self.stream("events", f"back {k}").below(len(stays), 18 * DAY)
            )
            parts.append((stays, when, np.full(len(stays), FINISHED if k % 2 else LOGGED_IN)))
        fakes = free[users["fake"][free] == 1]
        parts.append(
            (
                fakes,
                users["at"][fakes] + 60 + self.stream("events", "fake").below(len(fakes), 1200),
                np.full(len(fakes), LOGGED_IN),
            )
        )
        return parts

    def _working_months(self, others: int) -> list:
        """Return the working months of customers: core actions fall two months before a loss, visits do not."""
        who, month = self.success.months_of_service()
        rows, rule = self.core.rows, self.rule
        left = month_of(self.success.gone[who]) - month
        lost = self.success.gone[who] <= self.world.as_of
        season = self.world.holiday_factor(month)
        core = (
            np.array(rule["core"])[rows["use"][who]] * np.array(rule["core_by_size"])[rows["size"][who]] * season // 100
        )
        core = np.where(lost & (left <= 2), core * rule["fading"] // 100, core)
        core = core * self.stream("events", "core").quantile(len(who), [40, 70, 90, 110, 135, 180]) + self.stream(
            "events", "part"
        ).below(len(who), 1_000_000)
        core = core // 1_000_000
        visits = (
            self.stream("events", "visits").quantile(len(who), [1, 2, 3, 4, 5, 7])
            * np.array([1, 1, 2])[rows["size"][who]]
        )
        reports = self.stream("events", "reports").chance(len(who), 260_000).astype(np.int64)
        if self.limit is not None:
            core, visits, reports = self._thinned(others, core, visits, reports)
        parts = []
        for event, count in ((FINISHED, core), (LOGGED_IN, visits), (OPENED, reports)):
            customer, place = np.repeat(who, count), np.repeat(month, count)
            stream = self.stream("events", f"at {event}")
            low = np.maximum(month_start(place), rows["start"][customer])
            high = np.minimum(month_start(place) + month_days(place) - 1, self.success.until[customer])
            at = self.world.at(low + stream.below(len(customer), high - low + 1), stream, 7, 22)
            user, there = self._someone(customer, at, stream)
            parts.append((user[there], at[there], np.full(int(there.sum()), event)))
        return parts

    def _thinned(self, others: int, *counts) -> list[np.ndarray]:
        """Leave out whole months of customers, by chance, so that about the wanted number of events remains."""
        total = int(sum(int(count.sum()) for count in counts))
        room = max(self.limit - others, 0) * 104 // 100
        kept = self.stream("events", "kept").chance(len(counts[0]), min(room * 1_000_000 // max(total, 1), 1_000_000))
        return [np.where(kept, count, 0) for count in counts]

    def _someone(self, customer, at, stream) -> tuple[np.ndarray, np.ndarray]:
        """Return an administrator of the customer who had signed up by then, and whether there was one."""
        users = self.users
        admins = np.flatnonzero(users["customer"] >= 0)
        admins = admins[np.lexsort((users["at"][admins], users["customer"][admins]))]
        owner = users["customer"][admins]
        first, last = np.searchsorted(owner, customer, side="left"), np.searchsorted(owner, customer, side="right")
        pick_ = np.minimum(first + stream.below(len(customer), np.maximum(last - first, 1)), len(admins) - 1)
        user = admins[pick_]
        user = np.where(users["at"][user] <= at, user, admins[np.minimum(first, len(admins) - 1)])
        return user, (last > first) & (users["at"][user] <= at)

    # ---------------------------------------------------------------- experiments

    def _experiments(self) -> Table:
        """Return four tests of the product and one of calling free teams."""
        parts = [self._experiment(place, row) for place, row in enumerate(self.rule["experiments"])]
        parts.append(self._calls(len(parts)))
        place, who, arm, exposed, observed, outcome = (np.concatenate(p) for p in zip(*parts, strict=True))
        seen = observed < self.end
        names = [row["name"] for row in self.rule["experiments"]] + ["sales call"]
        return Table(
            "experiments",
            {
                "experiment": codes(names, place),
                "user_id": ids("U", who + 1),
                "arm": codes(["control", "variant"], arm),
                "exposed_at": Column("instant", exposed),
                "observed_at": Column("instant", np.where(seen, observed, NEVER)),
                "outcome": Column("int", np.where(seen, outcome, NEVER)),
            },
        )

    def _experiment(self, place: int, row: dict) -> tuple:
        users = self.users
        begin = day(row["from"]) * DAY
        free = np.flatnonzero((users["customer"] < 0) & (users["fake"] == 0) & (users["at"] >= begin))
        who = free[: self.world.scaled(row["users"])]
        n = len(who)
        stream = self.stream("experiments", row["name"])
        arm = (stream.shuffle(n) % 2).astype(np.int64)
        early = np.arange(n) * 5 < n
        lift = np.where(early, row.get("early", row["lift"]), row["lift"])
        outcome = stream.chance(n, (row["base"] + np.where(arm == 1, lift, 0)) * 1000).astype(np.int64)
        exposed = users["at"][who] + 60
        return np.full(n, place), who, arm, exposed, exposed + 14 * DAY, outcome

    def _calls(self, place: int) -> tuple:
        """Call half of the free users who invite: it pays only where enough of those invited have come."""
        rule, users = self.rule["calls"], self.users
        came = np.bincount(self.inviter, minlength=len(users["at"]))
        who = np.flatnonzero(
            (users["customer"] < 0) & (users["fake"] == 0) & (came >= 1) & (users["at"] >= day(rule["from"]) * DAY)
        )
        exposed = users["at"][who] + 45 * DAY
        who, exposed = who[exposed < self.end], exposed[exposed < self.end]
        n, stream = len(who), self.stream("experiments", "sales call")
        arm = (stream.shuffle(n) % 2).astype(np.int64)
        lift = np.where((arm == 1) & (came[who] >= rule["signal"]), rule["lift"], 0)
        outcome = stream.chance(n, (rule["base"] + came[who] * 6 + lift) * 1000).astype(np.int64)
        return np.full(n, place), who, arm, exposed, exposed + 60 * DAY, outcome

    # ---------------------------------------------------------------- tables

    def tables(self) -> list[Table]:
        """Return the tables of the product."""
        return [
            self._web(),
            self._users_table(),
            self._invitation_table,
            self._touchpoints(),
            self._experiments(),
            self._surveys(),
            self._usage(),
            self._events_table(),
        ]

    def _web(self) -> Table:
        """Return visitors and sign-ups of each inbound channel; a broken form loses sign-ups and not visitors."""
        world, leads, users = self.world, self.core.leads, self.users
        channels, n = list(world.p["leads"]["channels"]["inbound"]), len(world.months)
        names = [name for group in world.p["leads"]["channels"].values() for name in group]
        own = np.ones(len(users["at"]), dtype=bool)
        own[self.invited] = False
        came = np.bincount(month_of(users["at"][own & (users["customer"] < 0)] // DAY) - world.first_month, minlength=n)
        count = np.stack(
            [
                np.bincount(leads["month"][leads["channel"] == names.index(c)] - world.first_month, minlength=n)
                for c in channels
            ],
            axis=1,
        )
        noise = self.stream("web_funnel", "visitors").between(n * len(channels), 500, 800).reshape(n, -1)
        visitors = (count * noise // world.inbound_left(world.months)[:, None]) + 20 + came[:, None] * 5
        sign_ups = np.stack([allot(int(came[m]), count[m] + 1) for m in range(n)])
        return Table(
            "web_funnel",
            {
                "month": Column("month", np.repeat(month_start(world.months), len(channels))),
                "channel": codes(channels, np.tile(np.arange(len(channels)), n)),
                "mode": codes(world.modes, np.full(n * len(channels), world.modes.index("inbound"))),
                "visitors": Column("int", visitors.ravel()),
                "sign_ups": Column("int", sign_ups.ravel()),
            },
        )

    def _users_table(self) -> Table:
        users, n = self.users, len(self.users["at"])
        own = np.arange(100, 100 + n)
        campaigns = [None, "search", "content", self.rule["faked"]["campaign"], self.rule["bulk"]["campaign"]]
        return Table(
            "users",
            {
                "user_id": ids("U", np.arange(1, n + 1)),
                "customer_id": ids(
                    "C", np.where(users["customer"] >= 0, self.core.number[np.maximum(users["customer"], 0)], -1)
                ),
                "signed_up_at": Column("instant", users["at"]),
                "role": codes([row[0] for row in self.rule["roles"]], users["role"]),
                "relation": codes(["stranger", "acquaintance"], users["friend"].astype(np.int64)),
                "campaign": codes(campaigns, users["campaign"] + 1),
                "device": ids("dev", np.where(users["device"] >= 0, users["device"], own)),
                "initial_charge": Column("int", users["charge"]),
            },
        )

    def _surveys(self) -> Table:
        """Return the answers to surveys, each given by an administrator of the customer."""
        rows = self.success.answers()
        n = len(rows["who"])
        at = self.world.at(rows["on"], self.stream("surveys", "hour"))
        user, there = self._someone(rows["who"], at, self.stream("surveys", "user"))
        return Table(
            "surveys",
            {
                "survey_id": ids("Y", np.arange(1, n + 1)),
                "customer_id": self.success.ids(rows["who"]),
                "user_id": ids("U", np.where(there, user + 1, -1)),
                "on": Column("date", rows["on"]),
                "kind": codes(["nps", "satisfaction", "pmf"], rows["kind"]),
                "score": Column("int", rows["score"]),
            },
        )

    def _events_table(self) -> Table:
        rows = self.events
        who = rows["who"]
        customer = self.users["customer"][who]
        return Table(
            "events",
            {
                "user_id": ids("U", who + 1),
                "customer_id": ids("C", np.where(customer >= 0, self.core.number[np.maximum(customer, 0)], -1)),
                "at": Column("instant", rows["at"]),
                "event": codes(EVENTS, rows["event"]),
                "object": codes([None, "course", "report"], np.array([0, 0, 1, 1, 0, 2])[rows["event"]]),
            },
        )

    def _usage(self) -> Table:
        """Return each customer's month, counted from the events, with the learners it reported."""
        rows = self.events
        customer = self.users["customer"][rows["who"]]
        here = np.flatnonzero(customer >= 0)
        customer, who = customer[here], rows["who"][here]
        month = month_of(rows["at"][here] // DAY)
        cell = customer * 10_000 + month
        keys, place = np.unique(cell, return_inverse=True)
        pairs = np.unique(place * 100_000_000 + who)
        active = np.bincount(pairs // 100_000_000, minlength=len(keys))
        sessions = np.bincount(place[rows["event"][here] == LOGGED_IN], minlength=len(keys))
        core = np.bincount(place[rows["event"][here] == FINISHED], minlength=len(keys))
        owner, month = keys // 10_000, keys % 10_000
        learners = (
            self.core.rows["employees"][owner]
            * (self.core.rows["use"][owner] + 2)
            * self.stream("usage_monthly", "learners").between(len(keys), 5, 13)
            // 100
        )
        order = np.lexsort((self.core.number[owner], month))
        return Table(
            "usage_monthly",
            {
                "customer_id": ids("C", self.core.number[owner][order]),
                "month": Column("month", month_start(month)[order]),
                "active_users": Column("int", active[order]),
                "learners": Column("int", learners[order]),
                "sessions": Column("int", sessions[order]),
                "core_actions": Column("int", core[order]),
            },
        )
