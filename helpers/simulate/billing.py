"""Money asked for, come in, and given back."""

from __future__ import annotations

import numpy as np

from helpers.simulate import papers
from helpers.simulate.core import Core, partner_ids
from helpers.simulate.tables import Column, Table, codes, ids
from helpers.simulate.whole import NEVER, add_months, month_of, pick

INVOICE_KINDS = ["recurring", "one-off", "credit"]


class Billing:
    """Invoices, payments and refunds of all contracts, as arrays."""

    def __init__(self, core: Core) -> None:
        self.core, self.world = core, core.world
        self.invoices = self._invoices()
        self.payments = self._payments()
        self.refunds = self._refunds()

    def _invoices(self) -> dict[str, np.ndarray]:
        parts = [self._recurring(), self._one_off()]
        rows = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        keep = np.flatnonzero(rows["issued"] <= self.world.as_of)
        keep = keep[np.lexsort((rows["kind"][keep], rows["contract"][keep], rows["issued"][keep]))]
        return {key: values[keep] for key, values in rows.items()}

    def _recurring(self) -> dict[str, np.ndarray]:
        """Return one invoice for each year, month or whole term, as the contract says."""
        c = self.core.contracts
        step = np.where(c["billing"] == 0, 1, np.where(c["billing"] == 2, c["months"], 12))
        count = (c["months"] + step - 1) // step
        contract = np.repeat(np.arange(len(count)), count)
        place = np.arange(len(contract)) - np.repeat(np.cumsum(count) - count, count)
        begin = place * step[contract]
        finish = np.minimum(begin + step[contract], c["months"][contract])
        start, last = add_months(c["starts"][contract], begin), add_months(c["starts"][contract], finish)
        last = np.where(finish == c["months"][contract], c["ends"][contract], last)
        early = self.world.stream("invoices", "early").below(len(contract), 7)
        issued = np.where(place == 0, np.maximum(c["signed"][contract], start - early), start)
        total = c["recurring"][contract]
        amount = total * finish // c["months"][contract] - total * begin // c["months"][contract]
        return {
            "contract": contract,
            "issued": np.minimum(issued, start),
            "from": start,
            "to": last,
            "amount": amount,
            "kind": np.zeros(len(contract), dtype=np.int64),
        }

    def _one_off(self) -> dict[str, np.ndarray]:
        c = self.core.contracts
        here = np.flatnonzero(c["one_off"] > 0)
        none = np.full(len(here), NEVER)
        return {
            "contract": here,
            "issued": c["signed"][here],
            "from": none,
            "to": none,
            "amount": c["one_off"][here],
            "kind": np.ones(len(here), dtype=np.int64),
        }

    def _payments(self) -> dict[str, np.ndarray]:
        world, rows, rule = self.world, self.invoices, self.world.p["money"]
        n = len(rows["issued"])
        size = self.core.rows["size"][self.core.contracts["customer"][rows["contract"]]]
        days = world.stream("payments", "days").quantile(n, rule["days_to_pay"])
        days = days * np.array(rule["days_by_size"])[size] // 100
        paid = rows["issued"] + days
        never = world.stream("payments", "never").chance(n, rule["never_paid"] * 100)
        here = np.flatnonzero((paid <= world.as_of) & ~never)
        here = here[np.argsort(paid[here], kind="stable")]
        monthly = self.core.contracts["billing"][rows["contract"][here]] == 0
        wallet = world.stream("payments", "kind").chance(len(here), np.where(monthly, 700_000, 60_000))
        return {"invoice": here, "paid": paid[here], "amount": rows["amount"][here], "kind": wallet.astype(np.int64)}

    def _refunds(self) -> dict[str, np.ndarray]:
        """Give part of the money back to a few customers, most of them with a refund clause."""
        world, rows, pay = self.world, self.invoices, self.payments
        contract = rows["contract"][pay["invoice"]]
        first = (self.core.contracts["kind"][contract] == papers.NEW) & (rows["kind"][pay["invoice"]] == 0)
        weight = np.where(first & (pay["paid"] + 60 < world.as_of), 1, 0) * np.where(
            self.core.contracts["refund"][contract], 40, 1
        )
        count = min(world.scaled(world.p["money"]["refunds"]), int(np.count_nonzero(weight)))
        here = pick(world.stream("refunds", "who"), weight, count)
        on = pay["paid"][here] + world.stream("refunds", "days").between(len(here), 5, 45)
        part = world.stream("refunds", "part").between(len(here), 20, 60)
        amount = pay["amount"][here] * part // 10_000 * 100
        order = np.argsort(on, kind="stable")
        return {
            "payment": here[order],
            "on": on[order],
            "amount": amount[order],
            "reason": world.stream("refunds", "reason").below(len(here), 3),
        }

    def receipts(self) -> np.ndarray:
        """Return the money that came in, less what was given back, by month, in cents."""
        total = np.zeros(len(self.world.months), dtype=np.int64)
        np.add.at(total, month_of(self.payments["paid"]) - self.world.first_month, self.payments["amount"])
        np.add.at(total, month_of(self.refunds["on"]) - self.world.first_month, -self.refunds["amount"])
        return total

    def revenue(self) -> np.ndarray:
        """Return recognised revenue by month in cents: service by months of service, set-up when it is invoiced."""
        c, months = self.core.contracts, self.world.months
        total = np.zeros(len(months), dtype=np.int64)
        for place, month in enumerate(months.tolist()):
            begun = np.clip(month - month_of(c["starts"]), 0, c["months"])
            done = np.clip(month + 1 - month_of(c["starts"]), 0, c["months"])
            total[place] = int((c["recurring"] * done // c["months"] - c["recurring"] * begun // c["months"]).sum())
        np.add.at(total, month_of(c["signed"]) - self.world.first_month, c["one_off"])
        return total

    # ---------------------------------------------------------------- tables

    def tables(self) -> list[Table]:
        """Return invoices, payments, refunds and partner_fees."""
        return [self._invoice_table(), self._payment_table(), self._refund_table(), self._fee_table()]

    def _customer(self, contract) -> np.ndarray:
        return self.core.number[self.core.contracts["customer"][contract]]

    def _invoice_table(self) -> Table:
        rows, back = self.invoices, self.refunds
        of = rows["contract"][self.payments["invoice"][back["payment"]]]
        none = np.full(len(of), NEVER)
        join = lambda key, more: np.concatenate([rows[key], more])  # noqa: E731
        contract, amount, issued = join("contract", of), join("amount", -back["amount"]), join("issued", back["on"])
        credit = np.full(len(of), INVOICE_KINDS.index("credit"))
        return Table(
            "invoices",
            {
                "invoice_id": ids("I", np.arange(1, len(contract) + 1)),
                "contract_id": ids("K", contract + 1),
                "customer_id": ids("C", self._customer(contract)),
                "issued_on": Column("date", issued),
                "due_on": Column("date", issued + self.world.p["money"]["due"]),
                "service_from": Column("date", join("from", none)),
                "service_to": Column("date", join("to", none)),
                "amount": Column("cents", amount),
                "tax": Column("cents", amount * self.world.p["money"]["tax"] // 100),
                "kind": codes(INVOICE_KINDS, join("kind", credit)),
            },
        )

    def _payment_table(self) -> Table:
        rows = self.payments
        contract = self.invoices["contract"][rows["invoice"]]
        return Table(
            "payments",
            {
                "payment_id": ids("P", np.arange(1, len(contract) + 1)),
                "invoice_id": ids("I", rows["invoice"] + 1),
                "contract_id": ids("K", contract + 1),
                "customer_id": ids("C", self._customer(contract)),
                "paid_on": Column("date", rows["paid"]),
                "amount": Column("cents", rows["amount"]),
                "kind": codes(["transfer", self.world.p["money"]["small_payments"]], rows["kind"]),
            },
        )

    def _refund_table(self) -> Table:
        rows = self.refunds
        contract = self.invoices["contract"][self.payments["invoice"][rows["payment"]]]
        return Table(
            "refunds",
            {
                "refund_id": ids("F", np.arange(1, len(contract) + 1)),
                "payment_id": ids("P", rows["payment"] + 1),
                "contract_id": ids("K", contract + 1),
                "customer_id": ids("C", self._customer(contract)),
                "refunded_on": Column("date", rows["on"]),
                "amount": Column("cents", rows["amount"]),
                "kind": codes(["part"], np.zeros(len(contract), dtype=np.int64)),
                "reason": codes(["product fault", "promise not kept", "too many seats"], rows["reason"]),
            },
        )

    def _fee_table(self) -> Table:
        """Return what partners took of the contracts of the customers they had brought."""
        c = self.core.contracts
        here = np.flatnonzero(c["partner_fee"] > 0)
        partner = self.core.rows["partner"][c["customer"][here]]
        return Table(
            "partner_fees",
            {
                "contract_id": ids("K", here + 1),
                "partner_id": codes([None, *partner_ids(self.world)], partner),
                "on": Column("date", c["signed"][here]),
                "amount": Column("cents", c["partner_fee"][here]),
            },
        )
