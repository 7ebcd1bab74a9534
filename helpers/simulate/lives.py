"""The years of every customer: renewals and losses, growth and shrinking, allotted year by year."""

from __future__ import annotations

import numpy as np

from helpers.simulate.founding import PRODUCT
from helpers.simulate.prices import arr_targets, first_discounts, first_prices, list_price, net_price, price_weight
from helpers.simulate.traits import early_factor, lasting_factor
from helpers.simulate.whole import add_months, allot, month_of, pick, within_groups
from helpers.simulate.world import World

TERM = ("customer", "start", "end", "months", "age", "listed", "discount", "before", "again")
CHANGE = ("customer", "term", "on", "listed", "extra", "add_on")


class Lives:
    """The state of all customers while the years pass, and what happened to them.

    `terms` holds one row for each contract term, `changes` one for each change of price within a
    term. `calibration` says by how much each year's chances were scaled to lose the allotted number.
    """

    def __init__(self, world: World, rows: dict) -> None:
        self.world, self.rows, self.n = world, rows, len(rows["size"])
        self.lasting, self.early = lasting_factor(world, rows), early_factor(world, rows)
        self.targets, self.weight = arr_targets(world), price_weight(world, rows)
        self.terms = {key: [] for key in TERM}
        self.changes = {key: [] for key in CHANGE}
        self.count, self.calibration, self.lost_in = 0, [], np.full(self.n, -1)
        self.listed, self.added = np.zeros(self.n, dtype=np.int64), np.zeros(self.n, dtype=np.int64)
        self.discount = first_discounts(world, rows)
        self.active = np.zeros(self.n, dtype=bool)
        self.term, self.age = np.full(self.n, -1), np.zeros(self.n, dtype=np.int64)
        self.start, self.end, self.months = (np.zeros(self.n, dtype=np.int64) for _ in range(3))
        self._sign_up()

    def net(self) -> np.ndarray:
        """Return the yearly net price of every customer as it stands."""
        return net_price(self.listed + self.added, self.discount)

    def _sign_up(self) -> None:
        self.first_terms = multi_year_terms(self)
        long = self.first_terms > 12
        self.discount = np.where(long, np.maximum(self.discount, self.world.p["multi_year"]["discount"]), self.discount)

    def run(self) -> Lives:
        """Let all years pass."""
        for year in range(self.world.years):
            self._year(year)
        self.terms = {key: np.concatenate(parts) for key, parts in self.terms.items()}
        self.changes = {key: np.concatenate(parts) for key, parts in self.changes.items()}
        return self

    def _year(self, year: int) -> None:
        opening = self.active.copy()
        before = self.net() * opening
        pending = self._renewals(year, before) if opening.any() else None
        if pending is not None:
            self._grow_old(year, opening, before, pending)
        self._welcome(year)

    # ---------------------------------------------------------------- renewals

    def _renewals(self, year: int, before) -> dict:
        due = np.flatnonzero(self.active & (self.world.year_of(self.end) == year))
        leaving = self._leaving(year, due)
        staying = np.setdiff1d(due, leaving)
        back = self._returning(year, staying)
        self.active[leaving] = False
        self.lost_in[leaving] = year
        starts = self.end[staying].copy()
        delay = self.world.stream("lives", f"gap {year}").between(len(staying), 2, 4)
        again = np.isin(staying, back)
        starts = np.where(again, add_months(starts, delay), starts)
        months = renewal_terms(self, year, staying)
        return {"who": staying, "start": starts, "months": months, "again": again}

    def _leaving(self, year: int, due) -> np.ndarray:
        chance = self._chances(year, due)
        count = min(self.world.scaled(self.world.p["lost"][year]), len(due))
        expected = int(chance.sum()) / 1_000_000
        self.calibration.append(count / expected if expected else 1.0)
        noise = self.world.stream("lives", f"order {year}").raw(len(due))
        kin = self.world.of_industry("leaving")[self.rows["industry"][due]] * 100 + self.rows["industry"][due]
        keys = (noise, kin, self.rows["mode"][due], self.age[due], self.months[due] > 12, self.rows["size"][due])
        order = np.lexsort(keys)
        return due[order[pick(self.world.stream("lives", f"leaving {year}"), chance[order], count)]]

    def _chances(self, year: int, due) -> np.ndarray:
        """Return the chance of leaving in millionths: by size and age as planned, within these by the traits."""
        sizes, long = self.rows["size"][due], self.months[due] > 12
        age = np.where(long, 1, np.maximum(self.age[due], 1))
        table = np.array([[hazard(self.world, size, t) for t in range(1, 9)] for size in range(len(self.world.sizes))])
        base = table[sizes, np.minimum(age, 8) - 1]
        factor = self.lasting[due]
        factor = np.where(self.age[due] == 1, factor * self.early[due] // 1_000_000, factor)
        left = self.rows["champion_left"][due, np.minimum(self.age[due], self.world.years)]
        factor = np.where(left, factor * self.world.p["leaving_times"]["champion_left"] // 100, factor)
        groups = (sizes * 20 + age) * 2 + long
        chance = within_groups(factor, groups, base) if len(due) else factor
        chance = np.where(long, chance * self.world.p["multi_year"]["leaving"] // 100, chance)
        return np.minimum(chance, 960_000)

    def _returning(self, year: int, staying) -> np.ndarray:
        early = (month_of(self.end[staying]) - self.world.first_month) % 12 <= 6
        fits = staying[
            early & (self.rows["size"][staying] < 2) & (self.months[staying] == 12) & (self.added[staying] == 0)
        ]
        count = min(self.world.scaled(self.world.p["returning"][year]), len(fits))
        chosen = pick(self.world.stream("lives", f"returning {year}"), np.ones(len(fits)), count) if count else []
        return fits[chosen] if count else np.zeros(0, dtype=np.int64)

    def _renew(self, pending: dict) -> None:
        who = pending["who"]
        self.added[who] = 0
        self.listed[who], self.discount[who] = pending["listed"], pending["discount"]
        self._open(who, pending["start"], pending["months"], self.term[who], pending["again"])

    def _open(self, who, start, months, before, again) -> None:
        self.start[who], self.months[who] = start, months
        self.end[who] = add_months(start, months)
        self.active[who] = True
        parts = (who, start, self.end[who], months, self.age[who], self.listed[who], self.discount[who], before, again)
        for key, values in zip(TERM, parts, strict=True):
            self.terms[key].append(np.array(values))
        self.term[who] = self.count + np.arange(len(who))
        self.count += len(who)
        self.age[who] += months // 12

    # ---------------------------------------------------------------- growth

    def _grow_old(self, year: int, opening, before, pending) -> None:
        """Allot each size's change of the year over the customers who stay, and renew them."""
        who = pending["who"]
        position = np.full(self.n, -1)
        position[who] = np.arange(len(who))
        plain = opening & self.active
        plain[who[pending["again"]]] = False
        net = np.where(opening & self.active, before, 0)
        shrink = self._shrink(year, plain, net, position)
        net = net - shrink
        wish = np.where(shrink > 0, net, 0)
        for size in range(len(self.world.sizes)):
            group = opening & (self.rows["size"] == size)
            target = int(before[group].sum()) * self.world.p["nrr"][self.world.sizes[size]][year] // 1000
            extra = max(target - int(net[group].sum()), 0)
            wish = np.maximum(wish, self._share_out(year, size, plain & group & (shrink == 0), net, extra))
        changed = wish > 0
        at_renewal, on = self._when(year, changed, shrink > 0, position)
        early = np.flatnonzero((on >= 0) & (on < self.end))
        late = np.flatnonzero((on >= 0) & (on >= self.end))
        self._change(early, on[early], wish[early], f"early {year}")
        self._price_renewals(year, pending, wish, at_renewal)
        self._renew(pending)
        self._change(late, on[late], wish[late], f"late {year}")

    def _shrink(self, year: int, plain, net, position) -> np.ndarray:
        rule, stream = self.world.p["growth"], self.world.stream("lives", f"shrink {year}")
        chance = np.array([rule["contracting"][size] for size in self.world.sizes])[self.rows["size"]] * 1000
        fits = plain & (position >= 0) & stream.chance(self.n, chance)
        part = self.world.stream("lives", f"shrink by {year}").quantile(self.n, rule["contraction"])
        return np.where(fits, net * part // 1000, 0)

    def _share_out(self, year: int, size: int, fits, net, extra: int) -> np.ndarray:
        rule, name = self.world.p["growth"], self.world.sizes[size]
        here = np.flatnonzero(fits)
        wish = np.zeros(self.n, dtype=np.int64)
        count = min(len(here), max(1, len(here) * rule["expanding"][name] // 1000))
        if not len(here) or extra <= 0:
            return wish
        chosen = here[pick(self.world.stream("lives", f"grow {year} {size}"), np.ones(len(here)), count)]
        weight = net[chosen] * self.world.stream("lives", f"grow by {year} {size}").between(count, 40, 160)
        wish[chosen] = net[chosen] + allot(extra, weight // 100 + 1)
        return wish

    def _when(self, year: int, changed, shrinks, position) -> tuple[np.ndarray, np.ndarray]:
        """Return who changes at renewal, and the day for those who change within a term (or -1)."""
        rule = self.world.p["growth"]
        middle = self.world.stream("lives", f"middle {year}").chance(self.n, rule["mid_term"] * 1000)
        at_renewal = changed & (position >= 0) & (shrinks | ~middle)
        month = self.world.months[12 * year] + self.world.stream("lives", f"month {year}").below(self.n, 12)
        steps = month - month_of(self.start)
        day = add_months(self.start, np.maximum(steps, 0))
        late = (position >= 0) & (month >= month_of(self.end))
        day = np.where(late, add_months(self.end, np.maximum(month - month_of(self.end), 0)), day)
        at_renewal |= changed & (position >= 0) & (month == month_of(self.end))
        mid = np.where(changed & ~at_renewal & ((steps > 0) | late), day, -1)
        return at_renewal, mid

    def _price_renewals(self, year: int, pending, wish, at_renewal) -> None:
        who = pending["who"]
        listed, discount = self.listed[who] + self.added[who], self.discount[who].copy()
        ends = self.world.stream("lives", f"discount ends {year}").chance(
            len(who), self.world.p["growth"]["discount_ends"] * 1000
        )
        here = at_renewal[who]
        grows = here & (wish[who] > net_price(listed, discount))
        discount = np.where(grows & ends & (wish[who] >= listed), 0, discount)
        fresh = list_price(self.world, wish[who], discount)
        rule = self.world.p["multi_year"]
        long = pending["months"] > 12
        deeper = long & (discount < rule["discount"])
        kept = net_price(listed, discount)
        discount = np.where(deeper, rule["discount"], discount)
        listed = np.where(deeper, list_price(self.world, kept, discount), listed)
        pending["listed"] = np.where(here & ~deeper, fresh, listed)
        pending["discount"] = discount

    def _change(self, who, on, wish, name: str) -> None:
        """Write down growth within a term: the main line at a new price, or a line added to it."""
        extra = list_price(self.world, wish, self.discount[who]) - self.listed[who] - self.added[who]
        keep = (extra > 0) & (on > self.start[who]) & (on < self.end[who])
        who, on, extra = who[keep], on[keep], extra[keep]
        chance = self.world.p["growth"]["add_on"] * 1000
        added = self.world.stream("lives", f"add-on {name}").chance(len(who), chance)
        self.listed[who] += np.where(added, 0, extra)
        self.added[who] += np.where(added, extra, 0)
        self._note(who, self.term[who], on, self.listed[who], extra, added)

    def _note(self, who, term, on, listed, extra, added) -> None:
        for key, values in zip(CHANGE, (who, term, on, listed, extra, added), strict=True):
            self.changes[key].append(np.array(values))

    # ---------------------------------------------------------------- new customers

    def _welcome(self, year: int) -> None:
        fresh = np.flatnonzero(self.rows["year"] == year)
        base = self._base(year)
        part = 0 if year == 0 else self.world.p["first_year_growth"]
        first = base * (1000 - part) // 1000
        price = first_prices(self.weight[fresh], self.rows["size"][fresh], first)
        self.listed[fresh] = list_price(self.world, price, self.discount[fresh])
        none = np.full(len(fresh), -1)
        self._open(fresh, self.rows["start"][fresh], self.first_terms[fresh], none, np.zeros(len(fresh), dtype=bool))
        self._grow_new(year, fresh, base - first)

    def _base(self, year: int) -> np.ndarray:
        """Return what a year's new customers must bring, by size, to meet the ARR of its end."""
        net = self.net() * self.active
        old = np.array([int(net[self.rows["size"] == size].sum()) for size in range(len(self.world.sizes))])
        missing = self.targets[year] - old
        if (missing < 0).any():
            raise ValueError(f"year {year}: the customers of earlier years already pay more than the target: {missing}")
        return missing

    def _grow_new(self, year: int, fresh, extra) -> None:
        steps = self.world.stream("lives", f"young month {year}").between(len(fresh), 1, 9)
        on = add_months(self.start[fresh], steps)
        for size in range(len(self.world.sizes)):
            fits = np.zeros(self.n, dtype=bool)
            fits[fresh[(on <= self.world.year_end(year)) & (self.rows["size"][fresh] == size)]] = True
            wish = self._young(year, size, fits, int(extra[size]))
            here = np.flatnonzero(wish[fresh] > 0)
            self._change(fresh[here], on[here], wish[fresh[here]], f"young {year} {size}")

    def _young(self, year: int, size: int, fits, extra: int) -> np.ndarray:
        net, here = self.net(), np.flatnonzero(fits)
        wish = np.zeros(self.n, dtype=np.int64)
        count = min(len(here), max(1, len(here) * 150 // 1000))
        if not count or extra <= 0:
            return wish
        chosen = here[pick(self.world.stream("lives", f"young {year} {size}"), np.ones(len(here)), count)]
        wish[chosen] = net[chosen] + np.minimum(allot(extra, net[chosen]), net[chosen])
        return wish


def hazard(world: World, size: int, age: int) -> int:
    """Return the planned chance of leaving at a renewal, in millionths.

    Formula: alpha / (alpha + beta + age - 1), the hazard of a shifted-beta-geometric.
    """
    rule = world.p["hazard"][world.sizes[size]]
    return rule["alpha"] * 1_000_000 // (rule["alpha"] + rule["beta"] + 100 * (age - 1))


def multi_year_terms(lives: Lives) -> np.ndarray:
    """Return the months of every first term: twelve, or more for the deals that rescued a quarter."""
    world, rows, rule = lives.world, lives.rows, lives.world.p["multi_year"]
    terms = np.full(lives.n, 12, dtype=np.int64)
    place = month_of(rows["start"]) - world.first_month - 12 * rule["period"]
    free = np.isin(place, rule["months"]) & (rows["mode"] != world.modes.index(PRODUCT))
    for months, count in rule["new"].items():
        here = np.flatnonzero(free & (terms == 12))
        count = min(world.scaled(count), len(here))
        terms[here[pick(world.stream("lives", f"multi-year {months}"), np.ones(len(here)), count)]] = months
    return terms


def renewal_terms(lives: Lives, year: int, staying) -> np.ndarray:
    """Return the months of every renewed term."""
    world, rule = lives.world, lives.world.p["multi_year"]
    terms = np.full(len(staying), 12, dtype=np.int64)
    if year != rule["period"]:
        return terms
    place = month_of(lives.end[staying]) - world.first_month - 12 * year
    for months, count in rule["renewals"].items():
        here = np.flatnonzero(np.isin(place, rule["months"]) & (terms == 12))
        count = min(world.scaled(count), len(here))
        chosen = pick(world.stream("lives", f"renewed for {months}"), np.ones(len(here)), count) if count else []
        terms[here[chosen] if count else []] = months
    return terms
