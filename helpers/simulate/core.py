"""The tables that everything else hangs on: customers, contracts, subscriptions, leads, money for marketing, market."""

from __future__ import annotations

import numpy as np

from helpers.simulate import papers
from helpers.simulate.founding import found
from helpers.simulate.leads import channel_names, make_leads, make_spend, market_rows
from helpers.simulate.lives import Lives
from helpers.simulate.names import organisation_names
from helpers.simulate.selling import give_deals, hire_reps
from helpers.simulate.tables import Column, Table, codes, ids
from helpers.simulate.traits import give_traits
from helpers.simulate.whole import NEVER, month_of, month_start, pick
from helpers.simulate.world import World


class Core:
    """Everything that happened to customers, reps and leads, as arrays; tables are written from it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rows = found(world)
        give_traits(world, self.rows)
        self.lives = Lives(world, self.rows)
        self.rows["created"] = papers.first_contact(self.lives)
        self.lives.run()
        self.contracts = papers.contract_details(self.lives, papers.write_contracts(self.lives))
        self.subscriptions = papers.write_subscriptions(self.lives, self.contracts)
        self.reps = hire_reps(world)
        self.spend = make_spend(world)
        self._deals()
        self.leads = make_leads(self.lives, self.reps, self.rows["rep"], self.spend)
        self._organisations()
        self._referrals()

    def _deals(self) -> None:
        rows, world = self.rows, self.world
        founder = rows["founder_signed"]
        rep = give_deals(world, self.reps, month_of(rows["signed"]), rows["size"], founder)
        rows["rep"] = np.where(rows["mode"] == world.modes.index("product"), -1, rep)

    def _organisations(self) -> None:
        """Number all organisations by first contact: customers, and those with a deal that was lost or is open."""
        leads, rows = self.leads, self.rows
        prospects = np.flatnonzero(leads["deal"] & (leads["customer"] < 0))
        created = np.concatenate([rows["created"], leads["created"][prospects] // 86400])
        order = np.argsort(created, kind="stable")
        number = np.empty(len(order), dtype=np.int64)
        number[order] = np.arange(1, len(order) + 1)
        self.number, n = number, len(rows["created"])
        leads["organisation"] = np.where(leads["customer"] >= 0, number[np.maximum(leads["customer"], 0)], -1)
        leads["organisation"][prospects] = number[n:]
        self.organisations = {
            "order": order,
            "created": created,
            "prospects": prospects,
            "industry": np.concatenate([rows["industry"], leads["industry"][prospects]]),
            "employees": np.concatenate([rows["employees"], leads["employees"][prospects]]),
            "mode": np.concatenate([rows["mode"], leads["mode"][prospects]]),
        }

    def _referrals(self) -> None:
        """Let a share of seeding customers be referred by a customer who was there at the time."""
        world, rows, n = self.world, self.rows, len(self.rows["start"])
        stream = world.stream("customers", "referred")
        wanted = np.flatnonzero(
            (rows["mode"] == world.modes.index("seeding")) & stream.chance(n, world.p["referred"] * 1000)
        )
        keen = (rows["satisfied"] == 4) & rows["first_value"]
        ends = np.cumsum(np.where(keen, world.p["keen_referrals"], 1))
        gone = last_day(self.lives)
        self.referrer = np.full(n, -1)
        for _ in range(25):
            open_ = wanted[self.referrer[wanted] < 0]
            known = np.searchsorted(rows["start"], rows["created"][open_], side="left")
            open_, known = open_[known > 0], known[known > 0]
            draw = stream.below(len(open_), ends[known - 1])
            who = np.searchsorted(ends, draw, side="right")
            ok = gone[who] > rows["created"][open_]
            self.referrer[open_[ok]] = who[ok]

    def strangers_from(self) -> str:
        """Return the month from which nine in ten new sales-led contracts of a quarter are signed by salespeople with strangers."""
        c = self.contracts
        here = np.flatnonzero(c["sales_led"])
        place = month_of(c["signed"][here]) - self.world.first_month
        plain = ~(c["founder"][here] | c["friend"][here])
        all_ = np.bincount(place, minlength=len(self.world.months))
        good = np.bincount(place[plain], minlength=len(all_))
        three = lambda counts: np.convolve(counts, [1, 1, 1])[: len(counts)]  # noqa: E731
        bad = np.flatnonzero(three(good) * 10 < three(all_) * 9)
        last = int(bad[-1]) + 1 if len(bad) else 0
        return str(np.datetime64(int(self.world.months[min(last, len(all_) - 1)]), "M"))

    # ---------------------------------------------------------------- tables

    def tables(self) -> list[Table]:
        """Return the core tables in the order in which they are listed."""
        return [
            self.customers_table(),
            self.contracts_table(),
            self.subscriptions_table(),
            self.leads_table(),
            self.spend_table(),
            self.market_table(),
        ]

    def customers_table(self) -> Table:
        """Return the organisations, first contact first."""
        o, world = self.organisations, self.world
        extra = len(o["prospects"])
        weights = [row["weight"] for row in world.p["cities"]]
        city = np.concatenate(
            [self.rows["city"], world.stream("customers", "city of prospects").choose(extra, weights)]
        )
        none = np.full(extra, -1)
        partner = np.concatenate([np.where(self.rows["partner"] > 0, self.rows["partner"], -1), none])
        referrer = np.where(self.referrer >= 0, self.number[np.maximum(self.referrer, 0)], -1)
        table = Table(
            "customers",
            {
                "customer_id": ids("C", self.number),
                "name": Column("text", organisation_names(world, o["industry"])),
                "industry": codes(world.industries, o["industry"]),
                "city": codes(world.cities, city),
                "employees": Column("int", o["employees"]),
                "created_on": Column("date", o["created"]),
                "acquired_by": codes(world.modes, o["mode"]),
                "partner_id": codes([None, *partner_ids(world)], partner),
                "referred_by": ids("C", np.concatenate([referrer, none])),
            },
        )
        return table.take(o["order"])

    def contracts_table(self) -> Table:
        """Return the contracts in order of signature."""
        c, rows = self.contracts, self.rows
        who = c["customer"]
        deal = self.deal_numbers()
        return Table(
            "contracts",
            {
                "contract_id": ids("K", np.arange(1, len(who) + 1)),
                "opportunity_id": ids("O", deal),
                "customer_id": ids("C", self.number[who]),
                "rep_id": ids("R", np.where(c["sales_led"], rows["rep"][who], -1), 3),
                "kind": codes(papers.KINDS, c["kind"]),
                "renews_contract_id": ids("K", np.where(c["renews"] >= 0, c["renews"] + 1, -1)),
                "signed_on": Column("date", c["signed"]),
                "starts_on": Column("date", c["starts"]),
                "ends_on": Column("date", c["ends"]),
                "recurring_amount": Column("cents", c["recurring"]),
                "one_off_amount": Column("cents", c["one_off"]),
                "billing": codes(papers.BILLINGS, c["billing"]),
                "discount": Column("share", c["discount"]),
                "refund_clause": Column("flag", c["refund"]),
                "promised_features": Column("int", c["promised"]),
                "founder_signed": Column("flag", c["founder"]),
                "relation": codes(["stranger", "friend"], c["friend"]),
            },
        )

    def deal_numbers(self) -> np.ndarray:
        """Return the number of the deal behind each contract: that of its lead, or one of its own for an add-on."""
        c, leads = self.contracts, self.leads
        lead_of = np.full(len(self.rows["start"]), -1)
        here = np.flatnonzero(leads["customer"] >= 0)
        lead_of[leads["customer"][here]] = here + 1
        added = c["kind"] == papers.ADD_ON
        own = len(leads["created"]) + np.cumsum(added)
        return np.where(c["sales_led"], lead_of[c["customer"]], np.where(added, own, -1))

    def subscriptions_table(self) -> Table:
        """Return the intervals in order of their first day, trials of lost organisations among them."""
        s, world = self.subscriptions, self.world
        trial = self._lost_trials()
        join = lambda key, other: np.concatenate([s[key], other])  # noqa: E731
        m = len(trial["start"])
        start = join("start", trial["start"])
        customer = np.concatenate([self.number[s["customer"]], trial["organisation"]])
        plan = np.concatenate([papers.plan_codes(world, s["listed"], s["line"] == 1), trial["plan"]])
        seats = np.maximum(join("listed", trial["listed"]) // world.p["seat_price"], 1)
        table = Table(
            "subscriptions",
            {
                "contract_id": ids(
                    "K", np.where(join("contract", np.full(m, -1)) >= 0, join("contract", np.full(m, -1)) + 1, -1)
                ),
                "customer_id": ids("C", customer),
                "starts_on": Column("date", start),
                "ends_on": Column("date", join("end", trial["end"])),
                "plan": codes(papers.plan_names(world), plan),
                "amount": Column("cents", join("amount", trial["listed"] // 12) * 100),
                "interval": codes(papers.INTERVALS, join("interval", np.zeros(m, dtype=np.int64))),
                "interval_count": Column("int", join("count", np.ones(m, dtype=np.int64))),
                "quantity": Column("int", seats),
                "discount": Column("share", join("discount", np.zeros(m, dtype=np.int64))),
                "status": codes(papers.STATUSES, join("status", np.ones(m, dtype=np.int64))),
                "recorded_at": Column("instant", join("recorded", trial["recorded"])),
            },
        )
        table = table.take(np.lexsort((customer, start)))
        table.columns = {"subscription_id": ids("S", np.arange(1, len(start) + 1)), **table.columns}
        return table

    def _lost_trials(self) -> dict[str, np.ndarray]:
        """Return trials of organisations that never paid."""
        world, leads = self.world, self.leads
        stream = world.stream("subscriptions", "lost trials")
        fits = self.organisations["prospects"]
        fits = fits[(leads["size"][fits] == 0) & (leads["sql_on"][fits] + 30 < world.as_of)]
        who = fits[pick(stream, np.ones(len(fits)), min(world.scaled(world.p["trials"]["others"]), len(fits)))]
        start = leads["sql_on"][who] + stream.below(len(who), 10)
        listed = np.array([world.p["price_step"]]) * stream.between(len(who), 10, 60)
        return {
            "organisation": leads["organisation"][who],
            "start": start,
            "end": start + 14,
            "listed": listed,
            "plan": papers.plan_codes(world, listed, False),
            "recorded": world.at(start, stream),
        }

    def leads_table(self) -> Table:
        """Return the leads, the earliest first."""
        x, world = self.leads, self.world
        flags = {
            name: Column("flag", x["bant"][:, k]) for k, name in enumerate(("budget", "authority", "need", "timing"))
        }
        segments = segment_names(world)
        return Table(
            "leads",
            {
                "lead_id": ids("L", np.arange(1, len(x["created"]) + 1)),
                "customer_id": ids("C", x["organisation"]),
                "created_at": Column("instant", x["created"]),
                "mode": codes(world.modes, x["mode"]),
                "channel": codes(channel_names(world), x["channel"]),
                "segment": codes(segments, x["industry"] * len(world.sizes) + x["size"]),
                "employees": Column("int", x["employees"]),
                "answered_at": Column("instant", x["answered"]),
                "mql_on": Column("date", x["mql_on"]),
                "sql_on": Column("date", x["sql_on"]),
                **flags,
                "rep_id": ids("R", x["rep"], 3),
            },
        )

    def spend_table(self) -> Table:
        """Return what was spent on each channel and month."""
        world, channels = self.world, self.world.p["spend_channels"]
        n = len(world.months)
        amount = np.stack([self.spend[channel] for channel in channels], axis=1).ravel()
        mode = [world.modes.index(mode) for _, mode in channels.values()]
        table = Table(
            "marketing_spend",
            {
                "month": Column("month", np.repeat(month_start(world.months), len(channels))),
                "channel": codes(channels, np.tile(np.arange(len(channels)), n)),
                "mode": codes(world.modes, np.tile(mode, n)),
                "amount": Column("cents", amount * 100),
            },
        )
        return table.take(np.flatnonzero(amount > 0))

    def market_table(self) -> Table:
        """Return the segments with how many organisations there are."""
        world = self.world
        rows = market_rows(world)
        return Table(
            "market",
            {
                "segment": codes(segment_names(world), np.arange(len(rows["industry"]))),
                "industry": codes(world.industries, rows["industry"]),
                "size": codes(world.sizes, rows["size"]),
                "accounts": Column("int", rows["accounts"]),
                "reach": Column("share", rows["reach"]),
            },
        )


def last_day(lives: Lives) -> np.ndarray:
    """Return the first day without service of each customer; of those in force it lies after the last day."""
    gone = np.full(lives.n, NEVER, dtype=np.int64)
    np.maximum.at(gone, lives.terms["customer"], lives.terms["end"])
    return gone


def partner_ids(world: World) -> list[str]:
    """Return the identifier of each partner: A for agents, M for marketplaces."""
    marks = {"agents": "A", "marketplace": "M"}
    return [f"{marks[kind]}{k + 1:02d}" for kind, rule in world.p["partners"].items() for k in range(rule["count"])]


def segment_names(world: World) -> list[str]:
    """Return the identifier of each segment: industry and size."""
    return [f"{industry.replace(' ', '-')}-{size}" for industry in world.industries for size in world.sizes]
