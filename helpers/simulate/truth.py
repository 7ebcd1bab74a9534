"""What is true about a simulated company, with the tolerance within which a sound method finds it."""

from __future__ import annotations

import numpy as np

from helpers.simulate.whole import day, month_of
from helpers.simulate.world import World


def truths(world: World, known: dict) -> dict[str, dict]:
    """Return every truth planted: value, tolerance, unit, how it is to be found, and the chapters that can."""
    found: dict[str, dict] = {}
    for part in (
        _ages,
        _sources,
        _niche,
        _prepaid,
        _survivors,
        _price,
        _answers,
        _plan,
        _people,
        _causes,
        _offers,
        _growth,
        _work,
        _partners,
        _research,
        _product,
        _missing,
        _holiday,
        _odd_months,
        _years,
    ):
        found.update(part(world))
    if known:
        found.update(_known(world, known))
    return {key: truth for key, truth in found.items() if key not in world.p["tolerance"]["untold"]}


def _known(world: World, known: dict) -> dict:
    """Return the truths that depend on what was made: single people, dates, gates, rates with many causes."""
    return {**_people_known(world, known), **_months_known(world, known), **_gates(world, known), **_rates_known(world, known)}


def _people_known(world: World, known: dict) -> dict:
    rule = world.p["reps"]
    return {
        "weak_rep": _truth(
            known["weak_rep"], 0, "rep", f"sells {rule['weak']['output']}% of what others with the same leads sell, always", [32]
        ),
        "unlucky_rep": _truth(
            known["unlucky_rep"],
            0,
            "rep",
            f"sells as others do, except in business year {rule['unlucky']['period'] + 1}, a year of bad luck",
            [32],
        ),
        "never_started": _truth(
            known["never_started"],
            0,
            "customers",
            f"signed by sales in the first {world.p['success']['never_started']['years']} business years and never went live",
            [29],
        ),
    }


def _months_known(world: World, known: dict) -> dict:
    rule, unit, gates = world.p["delivery"], world.p["unit"], world.p["gates"]
    return {
        "platform_pays_from": _truth(
            known["platform_pays_from"],
            0,
            "month",
            f"first month in which {rule['platform_saves']}% of the custom cost of the last twelve months is more than "
            f"{rule['platform_year'] * unit:,}, what a platform costs in a year",
            [53],
        ),
        "starved_year": _truth(
            known["starved_year"], 0, "year", "business year with the fewest leads for each account executive", [31, 41]
        ),
        "starved_months": _truth(
            known["starved_months"],
            0,
            "months",
            "longest run of months in which the leads of three months, over the account executives at their ends, are fewer "
            f"than {gates['starved']} (four executives at least in each)",
            [2, 31, 41],
        ),
    }


def _gates(world: World, known: dict) -> dict:
    """Return the day or year on which each gate turned green for good, what was green at each year's end, and what blocks."""
    rule, dates = world.p["gates"], known["gates"]
    how = {
        "idea": "day of the talk from which on, of all talks so far without a list "
        f"({rule['talks']} or more), the lower end of the 95% Wilson interval of those naming the commonest need is above "
        f"{rule['named_by'] / 1000:.0%}, half of them rate it at 4 or 5, and a third of the talks pay for a way out today",
        "ten customers": "day on which a rep (not a founder) signed the tenth new contract with a stranger at less than "
        f"{rule['quick_order']:,} a year",
        "use": "month end from which on more than half of the customers that started 200 to 564 days before (ten or more) "
        "reached first value within 200 days",
        "stable": "day on which the last of three is green: gate_strangers, gate_ten_customers, gate_use",
        "margin 1": "S - A is positive, in years with account executives",
        "margin 2": "S - A - B - C is positive",
        "margin 3": "S - A - B - C - D - E is positive: where it says never, it is not so to this day",
        "replication": "S for each month of a mature rep is at least nine tenths of the year before, while such months grew in number",
        "operations": "a founder signed fewer than one in a hundred new sales-led contracts",
        "leads": f"{rule['leads_per_seller']} leads or more for each account executive and month",
        "success": "NRR, point to point, is 100% or more",
    }
    chapters = {"idea": [1, 12, 19], "ten customers": [1, 29], "use": [1, 29], "stable": [1, 29]}
    chapters |= {f"margin {k}": [1, 39, 49] for k in (1, 2, 3)}
    found = {"gate_strangers": _strangers(known)}
    for gate, text in how.items():
        days = gate in ("idea", "ten customers", "use", "stable")
        value = dates[gate] if days or dates[gate] == "never" else dates[gate][:4]
        text = text if days else f"business year from which on, for good: {text}"
        key = "gate_" + gate.replace("margin ", "margin_").replace("_1", "_one").replace("_2", "_two").replace("_3", "_three")
        found[key.replace(" ", "_")] = _truth(value, 0, "day" if days else "year", text, chapters.get(gate, [1, 49]))
    return found | _green(world, known)


def _strangers(known: dict) -> dict:
    return _truth(
        known["strangers"],
        1,
        "month",
        "month from which nine in ten new sales-led contracts of three months are signed by salespeople with strangers",
        [1, 29],
    )


def _green(world: World, known: dict) -> dict:
    found = {
        f"gates_{year_name(world, year)}": _truth(
            green, 0, "gates", "gates that had turned green for good by the end of the business year", [1, 19, 29, 39, 49]
        )
        for year, green in known["green"].items()
    }
    found["blocks_today"] = _truth(
        known["blocks"], 0, "gate", f"first of {', '.join(world.p['gates']['order'])} that is not green on the last day", [1, 49, 55]
    )
    return found


def _rates_known(world: World, known: dict) -> dict:
    found = {
        f"win_{one}_over_{other}": _truth(
            value,
            round(value * 0.1, 3),
            "ratio",
            f"share of {one} leads that were won over that of {other} leads, at equal size (Mantel-Haenszel), a year old or older",
            [32],
        )
        for (one, other), value in known["win"].items()
    }
    found["bookings_of_long_deals"] = _truth(
        known["bookings"],
        0.01,
        "ratio",
        f"{_long_months(world)}: whole amount of new and add-on contracts signed over their amount for a year",
        [11, 36],
    )
    for kind, value in known["partner_margin"].items():
        found[f"partner_margin_{kind}"] = _truth(
            value, 0.005, "share", f"of all recurring amounts of customers of {kind}, what is left after the partner's fee", [44]
        )
    found["refunded"] = _truth(known["refunded"], 0.0001, "share", "refunds over payments, all years", [22])
    return found


def _long_months(world: World) -> str:
    rule = world.p["multi_year"]
    first, last = (world.months[12 * rule["period"] + k] for k in (min(rule["months"]), max(rule["months"])))
    return " to ".join(str(np.datetime64(int(month), "M")) for month in (first, last))


def _truth(value, tolerance, unit: str, how: str, chapter: list) -> dict:
    return {"value": value, "tolerance": tolerance, "unit": unit, "how": how, "chapter": chapter}


def _wide(world: World, tolerance: float) -> float:
    """Return a tolerance of the case, wider where a company has fewer losses or deals to learn from."""
    return round(tolerance * world.p["tolerance"]["width"] / 100, 3)


def _ages(world: World) -> dict:
    found, wide = {}, world.p["tolerance"]["first_renewal"]
    for size in world.sizes:
        rule = world.p["hazard"][size]
        alpha, beta = rule["alpha"] / 100, rule["beta"] / 100
        found[f"sbg_alpha_{size}"] = _truth(
            alpha,
            round(alpha * (0.9 if size == world.sizes[-1] else 0.6), 3),
            "number",
            "alpha of a shifted-beta-geometric, yearly ages, fitted to customers of this size",
            [37],
        )
        found[f"sbg_beta_{size}"] = _truth(
            beta,
            round(beta * (0.9 if size == world.sizes[-1] else 0.7), 3),
            "number",
            "beta of a shifted-beta-geometric, yearly ages, fitted to customers of this size",
            [37],
        )
        for age in (1, 2):
            hazard = round(alpha / (alpha + beta + age - 1), 4)
            found[f"hazard_{size}_{age}"] = _truth(
                hazard,
                wide[size],
                "share",
                f"of customers of this size with a yearly contract who come to renewal {age}, those who leave",
                [37],
            )
    return found


def _sources(world: World) -> dict:
    rule = world.p["leaving_times"]["mode"]
    found = {}
    for a, b in (("seeding", "outbound"), ("seeding", "inbound"), ("inbound", "outbound")):
        found[f"leaving_{a}_over_{b}"] = _truth(
            round(rule[a] / rule[b], 3),
            round(0.16 * max(1, rule[a] / rule[b]), 3),
            "ratio",
            f"share of {a} customers who leave at a renewal over that of {b} customers, at equal size and age (Mantel-Haenszel)",
            [32, 37],
        )
    cycle = world.p["leads"]["cycle_factor"]
    for a, b in (("seeding", "inbound"), ("outbound", "inbound")):
        found[f"cycle_{a}_over_{b}"] = _truth(
            round(cycle[a] / cycle[b], 3),
            0.12,
            "ratio",
            f"days from lead to signature of {a} customers over those of {b} customers, at equal size",
            [32, 34],
        )
    return found


def _niche(world: World) -> dict:
    found = {}
    for row in world.p["industries"]:
        if row["name"] in [*world.p["niche"], world.p["disloyal"]]:
            key = row["name"].replace(" ", "_")
            found[f"leaving_{key}"] = _truth(
                round(row["leaving"] / 100, 2),
                0.22 * max(1, row["leaving"] / 100),
                "ratio",
                "chance of leaving at a renewal over that of an ordinary industry, at equal size and age",
                [33, 37],
            )
            found[f"price_{key}"] = _truth(
                round(row["price"] / 100, 2),
                0.1,
                "ratio",
                "first yearly price over that of an ordinary industry, at equal size, year and positioning",
                [33],
            )
    tiny = next(row for row in world.p["industries"] if row["name"] == world.p["tiny"])
    found["tiny_industry_accounts"] = _truth(
        tiny["accounts"], 0, "organisations", f"accounts of {tiny['name']} in the market, all sizes", [33]
    )
    found[f"price_{tiny['name'].replace(' ', '_')}"] = _truth(
        round(tiny["price"] / 100, 2),
        0.25,
        "ratio",
        "first yearly price over that of an ordinary industry, at equal size, year and positioning",
        [33],
    )
    return found


def _prepaid(world: World) -> dict:
    times = world.p["multi_year"]["leaving"] / 100
    return {
        "leaving_prepaid": _truth(
            round(times, 2),
            0.4,
            "ratio",
            "share of multi-year prepaid customers who leave at expiry over what the first-renewal chance of their sizes gives",
            [11, 36, 37],
        ),
        "long_deals": _truth(
            sum(world.scaled(count) for kind in ("new", "renewals") for count in world.p["multi_year"][kind].values()),
            0,
            "contracts",
            f"prepaid for two or three years, begun in {_long_months(world)}",
            [11, 36],
        ),
    }


def _survivors(world: World) -> dict:
    shares = world.p["arr"]
    found = {}
    for year in range(2, world.years):
        opening = [shares[size][year - 1] for size in world.sizes]
        rates = [world.p["nrr"][size][year] for size in world.sizes]
        value = sum(a * b for a, b in zip(opening, rates, strict=True)) / sum(opening) / 1000
        found[f"nrr_{year_name(world, year)}"] = _truth(
            round(value, 4), 0.02, "share", "NRR, point to point, over the business year that ends in this year", [37]
        )
    found["survivors_only_above"] = _truth(
        world.p["tolerance"]["survivors_above"],
        0,
        "share",
        "growth of those who stayed, the lost left out: every year from the third on reads above this",
        [37],
    )
    return found


def _price(world: World) -> dict:
    return {
        "solution_premium": _truth(
            world.p["traits"]["solution_price"] / 100,
            0.05,
            "ratio",
            "first yearly price of a deal sold as a solution over one sold as a tool, at equal employees, industry and year",
            [35],
        )
    }


def _answers(world: World) -> dict:
    rule = world.p["leads"]
    return {
        "answer_half_life": _truth(
            rule["half_life"], 10, "hours", "hours after which a lead qualifies half as often, inbound leads", [32]
        ),
        "content_lag": _truth(
            rule["lag"],
            0,
            "months",
            "months between spending on search and content and their leads (largest correlation)",
            [43],
        ),
    }


def _plan(world: World) -> dict:
    rule, found = world.p["discounts"], {}
    for when in ("before", "after"):
        mean = sum(a * b for a, b in zip(rule["steps"], rule[when], strict=True)) / sum(rule[when]) / 100
        found[f"discount_{when}"] = _truth(
            round(mean, 4),
            0.015,
            "share",
            f"mean discount of new sales-led contracts {when} the change of the commission plan, prepaid ones left out",
            [35, 38],
        )
        found[f"month_end_{when}"] = _truth(
            world.p["signing"][when] / 1000,
            0.06,
            "share",
            f"share of new sales-led contracts signed in the last five days of a month, {when} the change of the plan",
            [38, 42],
        )
    return found


def _people(world: World) -> dict:
    rule = world.p["reps"]
    large, lift, scheme = rule["large_output"], rule["training_lift"], rule["incentives"][0]
    return {
        "small_ticket_on_large_deals": _truth(
            large["small-ticket"] / large["solution"],
            0.25,
            "ratio",
            "large deals won for each other deal, reps from small-ticket selling over reps from solution selling",
            [34],
        ),
        "kept_of_a_class": _truth(
            rule["kept"] / 1000, 0.07, "share", "of the salespeople hired, those still there after four months", [41]
        ),
        "ramp_months": _truth(
            len(rule["ramp"]) - 1,
            1,
            "months",
            "months after the month of hiring until a rep sells nine tenths of what those sell who came half a year ago or earlier",
            [41],
        ),
        "training_lift_young": _truth(
            lift["young"] / 100,
            0.35,
            "ratio",
            f"output of the young teams that trained first ({_teams(rule, 'young', 0)}) over that of the others "
            f"({_teams(rule, 'young', 1)}), between the two sessions, over the same ratio before",
            [42],
        ),
        "training_lift_old": _truth(
            lift["old"] / 100,
            0.35,
            "ratio",
            f"the same for old teams: {_teams(rule, 'old', 0)} over {_teams(rule, 'old', 1)}",
            [42],
        ),
        "incentive_moved": _truth(
            round(scheme["moved"] / 100, 2),
            _wide(world, 0.2),
            "share",
            "of a usual month's deals of the teams in the scheme, those that came a month earlier: what the month after lacks, "
            "against the other teams and the months around",
            [42],
        ),
        "incentive_lift": _truth(
            round(scheme["lift"] / 100 - 1, 2),
            _wide(world, 0.25),
            "share",
            "what the scheme added in its month beyond the deals that it only moved, of a usual month's deals",
            [42],
        ),
    }


def _teams(rule: dict, age: str, session: int) -> str:
    """Return the teams of an age that attended a session, as text."""
    return ", ".join(team for team in rule["training"][session]["teams"] if team in rule["teams"][age])


def _causes(world: World) -> dict:
    rule, (practice, community) = world.p["leaving_times"], world.p["success"]["programmes"]
    co_created = world.p["traits"]["co_creation"]["industry"]
    named = {
        "no_first_value": (rule["no_first_value"], 0.45, "no first value within 200 days of the start", [45, 46]),
        "champion_left": (rule["champion_left"], 0.55, "the champion left during the term", [46, 47]),
        "practice": (rule["practice"], 0.15, f"in the programme {practice}", [47]),
        "community": (100, 0.2, f"in the programme {community}, at equal use as well (goals reached): no effect of its own", [47]),
        "co_created": (rule["co_created"], 0.35, f"co-created; mid and large {co_created}", [21]),
        "per_promise": (rule["promise"], 0.28, "one promise unsettled at go-live, first renewal", [45]),
        "slow_delivery": (
            rule["slow_delivery"],
            0.3,
            "more than 60 days from the start to go-live, first renewal",
            [45],
        ),
        "agents": (rule["partner"]["agents"], 0.4, "brought by an agent", [44]),
        "marketplace": (rule["partner"]["marketplace"], 0.3, "brought by a marketplace", [44]),
    }
    found = {
        f"leaving_{name}": _truth(
            round(value / 100, 2),
            _wide(world, wide),
            "ratio",
            f"chance of leaving at a renewal over that of others at equal size and age: {how}",
            chapter,
        )
        for name, (value, wide, how, chapter) in named.items()
    }
    found["leaving_satisfied"] = _truth(
        1.0, _wide(world, 0.25), "ratio", "the same for those who answer 9 or 10: satisfaction has no effect of its own", [46]
    )
    return found


def _offers(world: World) -> dict:
    rule, clause, creation = world.p["deals"], world.p["refund_clause"], world.p["traits"]["co_creation"]
    lost = rule["lost_at"][rule["first_visit"]] / sum(rule["lost_at"])
    return {
        "refund_clause_lift": _truth(
            rule["refund_lift"] / 100,
            0.06,
            "ratio",
            f"win rate of {clause['size']} deals closed from {clause['from']} to {clause['to']} with a refund clause over without",
            [22],
        ),
        "co_creation_lift": _truth(
            rule["co_creation_lift"] / 100,
            0.12,
            "ratio",
            f"win rate of co-created deals over others, mid and large {creation['industry']}, closed from {creation['from']} on",
            [21],
        ),
        "lost_at_first_visit": _truth(
            round(lost, 3),
            0.04,
            "share",
            "of lost deals (open ones left out), those whose last step was the first visit",
            [38],
        ),
    }


def _growth(world: World) -> dict:
    rule, success = world.p["deals"], world.p["success"]
    return {
        "growth_by_sales_first_90_days": _truth(
            rule["sales_early"] / 1000,
            0.08,
            "share",
            "of add-on deals in the first 90 days, those that sales sold",
            [46],
        ),
        "growth_by_sales_to_month_12": _truth(
            rule["sales_later"] / 1000,
            0.08,
            "share",
            "of add-on deals from then to month 12, those that sales sold",
            [46],
        ),
        "referrals_of_promoters_with_value": _truth(
            world.p["keen_referrals"],
            world.p["keen_referrals"] * 0.45,
            "ratio",
            "customers brought by scorers of 9 and 10 with first value, over those of lower scorers with first value",
            [46],
        ),
        "star_lag": _truth(
            success["star_lag"],
            0,
            "months",
            "months from trainings per customer to the renewal rate (largest correlation)",
            [48],
        ),
        "touches_of_prepaid": _truth(
            success["prepaid_touches"] / 100,
            _wide(world, 0.12),
            "ratio",
            "contacts in a year with small customers during a prepaid term over others",
            [36],
        ),
    }


def _work(world: World) -> dict:
    return {
        f"work_margin_{size}": _truth(
            round(1 - cost / 100, 2), 0.12, "share", f"margin of set-up and custom work for {size} customers", [53]
        )
        for size, cost in zip(world.sizes, world.p["delivery"]["cost"], strict=True)
    }


def _partners(world: World) -> dict:
    names = {"first": "the first contract of a customer", "later": "every later contract of a customer"}
    return {
        f"partner_share_{kind}_{which}": _truth(
            rule["fee"][which] / 100, 0.001, "share", f"of the recurring amount of {text}, the part that {kind} take", [44]
        )
        for kind, rule in world.p["partners"].items()
        for which, text in names.items()
    }


def _research(world: World) -> dict:
    rule = world.p["research"]
    best = max(rule["hooks"], key=lambda row: row[2])
    return {
        "prompting": _truth(
            rule["prompting"] / 100,
            0.35,
            "ratio",
            "needs named in a talk with a list shown over those named without",
            [12, 21],
        ),
        "profit_added": _truth(
            rule["profit_added"] / 100,
            round(rule["profit_added"] / 1000, 3),
            "ratio",
            "profit that customers put down to it over the value of the hours saved, where it was sold as a solution",
            [14],
        ),
        "hook_that_works": _truth(
            best[0],
            0,
            "hook",
            "the line with the highest share of activated users among those who clicked, after correcting for eight looks",
            [25],
        ),
        "hook_activation": _truth(
            best[2] / 1000, 0.13, "share", "of those who clicked the line that works, those activated", [25]
        ),
    }


def _product(world: World) -> dict:
    rule = world.p["product"]
    scale = (-20, -10, -5, 0, 5, 10, 20)
    mean = {
        step: sum(a * b for a, b in zip(scale, weights, strict=True)) / sum(weights) for step, weights in rule["steps"]
    }
    worst = sorted(mean, key=mean.get)[:2]
    found = {
        f"friction_step_{k + 1}": _truth(
            step, 0, "step", f"the step of onboarding with mean feeling {mean[step]:.1f}, one of the two worst", [23]
        )
        for k, step in enumerate(worst)
    }
    for layer, k in zip(("together", "social", "reward"), rule["k"], strict=True):
        found[f"k_{layer}"] = _truth(
            k / 1000, 0.04, "ratio", "accepted invitations of this layer for each genuine free user", [24]
        )
    for role, _, charge in rule["roles"]:
        found[f"charge_{role.replace(' ', '_')}"] = _truth(
            charge, 1, "points", f"mean initial charge of users whose role is {role}", [23]
        )
    found["free_user_cost"] = _truth(
        rule["free_cost"],
        0.01,
        "money",
        "a month's cost of the free version (kind COGS, department R&D) over the free users who signed up in the twelve "
        "months that end with it",
        [13, 22],
    )
    found["k_at_first_above"] = _truth(
        1.0,
        0,
        "ratio",
        f"k of {rule['roles'][0][0]}s who signed up in the first months is above this and later below",
        [24],
    )
    fake = rule["faked"]
    found["faked_share"] = _truth(
        fake["share"] / 1000,
        0.03,
        "share",
        f"of the sign-ups of campaign {fake['campaign']}, those that share a device with many others and never came back",
        [22],
    )
    for row in rule["experiments"]:
        found[f"experiment_{row['name'].replace(' ', '_').replace('-', '_')}"] = _truth(
            row["lift"] / 1000,
            0.06,
            "share",
            "outcome of the variant less that of the control"
            + (" once the early users are left out" if "early" in row else ""),
            [25],
        )
    calls = rule["calls"]
    found["call_signal"] = _truth(
        calls["signal"], 0, "invited users", "invited users who came, from which a sales call pays", [26]
    )
    found["call_lift"] = _truth(
        calls["lift"] / 1000,
        0.09,
        "share",
        "outcome with a call less without, at or above the signal; below it none",
        [26],
    )
    found["north_star_lead"] = _truth(
        2,
        0,
        "months",
        "months before the end of a lost contract in which core actions have fallen; visits do not fall",
        [25, 46],
    )
    found["visits_before_loss"] = _truth(
        1.0, 0.12, "ratio", "visits in the two months before a loss over those before: the popular figure warns of nothing", [25, 46]
    )
    found["fading"] = _truth(
        rule["fading"] / 100, 0.1, "ratio", "core actions in the two months before a loss over those before", [25, 46]
    )
    return found


def _missing(world: World) -> dict:
    """Return how many would be very disappointed without the product, of all asked and of those who use it."""
    low, middle, high = ([value / 10 for value in row] for row in world.p["success"]["would_miss"])
    return {
        "would_miss": _truth(
            round((2 * low[2] + 2 * middle[2] + high[2]) / 500, 3),
            0.05,
            "share",
            "of all answers to the question pmf, those that say very disappointed (3)",
            [29, 33],
        ),
        "would_miss_active": _truth(
            round((2 * middle[2] + high[2]) / 300, 3),
            0.07,
            "share",
            "the same of customers that reached all three goals, that is, of those who use it",
            [29, 33],
        ),
    }


def _holiday(world: World) -> dict:
    """Return what the moving holiday leaves of a month; nothing where it never leaves its month."""
    holiday = world.p["holiday"]
    days = np.array([day(text) for text in holiday["days"]])
    months = {int(m) % 12 for m in month_of(days - holiday["before"]) if m in month_of(days + holiday["after"])}
    if len(months) < 2:
        return {}
    left = 1 - holiday["loss"] / 100 * (holiday["before"] + holiday["after"] + 1)
    names = " and ".join(str(np.datetime64(month, "M"))[5:] for month in sorted(months))
    return {
        "holiday_month": _truth(
            round(left, 2),
            0.12,
            "share",
            f"new contracts of the month ({names}) that holds the whole holiday over those of the other one, from the fourth year on",
            [52],
        )
    }


def _odd_months(world: World) -> dict:
    rates, last = world.p["leads"]["mql"], world.years - 1
    fall = sum(rates[size][last - 1] - rates[size][last] for size in world.sizes) / len(world.sizes) / 1000
    return {
        "qualification_fall": _truth(
            round(fall, 3),
            0.05,
            "share",
            "mean over the sizes of the fall of the MQL rate in the last year, while the rate of all leads does not fall",
            [52],
        ),
    } | {
        f"anomaly_{k + 1}": _truth(
            ", ".join(str(month) for month in odd["months"]),
            0,
            "months",
            f"{odd['cause']}: {' and '.join(odd['modes'])} leads at {odd['left']}% of the usual",
            [52],
        )
        for k, odd in enumerate(world.p["leads"]["anomalies"])
    }


def _years(world: World) -> dict:
    found = {}
    for year in range(world.years):
        name, p = year_name(world, year), world.p
        customers = world.scaled(
            sum(sum(p["new"][size][: year + 1]) for size in world.sizes) - sum(p["lost"][: year + 1])
        )
        arr = world.scaled(p["arr"]["total"][year] * p["unit"])
        found[f"customers_{name}"] = _truth(
            customers,
            0 if world.millionths == 1_000_000 else max(customers // 50, 3),
            "customers",
            "paying customers at the end of the business year",
            [1, 37],
        )
        found[f"arr_{name}"] = _truth(arr, max(arr // 100, 1), "money", "ARR at the end of the business year", [1, 36])
    return found


def year_name(world: World, year: int) -> int:
    """Return the calendar year in which a business year ends."""

    return int(str(np.datetime64(world.year_end(year), "D"))[:4])
