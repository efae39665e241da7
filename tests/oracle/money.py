"""Money in the second ledger: what a fact about a payment does (R35, R36, R39)."""

from values import Denied, micros, millis, months_after

STATUSES = ["past_due", "active", "cancelled"]


class Money:
    """The part of an account that payments change; the rest is in `ledger`."""

    def pay(self, now, do, told):
        return self.paid(now, do["payment"], do["usd_cents"], do["product"], do.get("at") or told)

    def subscribe(self, now, do, told):
        periods = {"anchor": told, "months": do["months"]}
        pro = {"subscription": do["subscription"], "periods": periods, "period_start": told}
        return self.paid(now, do["payment"], do["usd_cents"], {"pro": pro}, told)

    def paid(self, now, payment, usd_cents, product, told_at):
        paid_at = min(millis(told_at), now)
        bought = {"usd_cents": usd_cents, "product": product_of(product)}
        known = self.actions.get(payment)
        if known:
            if known["form"] == "purchase" and known["bought"] == bought:
                return known
            raise Denied("action_id_reused")
        if product != "pack" and product["pro"]["subscription"] == payment:
            raise Denied("action_id_reused")
        self.check_room(1000)
        if product == "pack":
            lot = ("pack", self.book.pack(usd_cents), 0, paid_at, None, payment)
            subscription = None
        else:
            pro = product["pro"]
            anchor, months = millis(pro["periods"]["anchor"]), pro["periods"]["months"]
            number = bought["product"][3]
            if months not in (1, 12):
                raise Denied("request_invalid")
            subscription = self.actions.get(pro["subscription"])
            if subscription and subscription["form"] != "subscription":
                raise Denied("action_id_reused")
            if subscription and (
                subscription["periods"] not in (None, (anchor, months))
                or number in subscription["paid"]
            ):
                raise Denied("payment_conflict")
            if months != self.book.pro["months"]:
                raise Denied("not_offered")
            start = max(months_after(anchor, number * months), paid_at)
            end = months_after(anchor, (number + 1) * months)
            lot = ("pro", micros(self.book.pro["credits"]), 0, start, end, payment)
        purchase = {
            "form": "purchase", "bought": bought, "lot": self.add_lot(*lot), "refunded": 0,
            "disputes": {}, "claimed": 0, "expired": 0,
        }
        self.actions[payment] = purchase
        if product != "pack":
            subscription = self.status(pro["subscription"], "active", paid_at)
            subscription["periods"] = (anchor, months)
            subscription["paid"] = sorted([*subscription["paid"], number])
        self.entered(now)
        self.settle_lots(now)
        return purchase

    def is_news(self, key, status, at):
        """Of two the later one stands, in whatever order they are told."""
        known = self.actions.get(key)
        if known is None:
            return True
        if known["form"] != "subscription":
            raise Denied("action_id_reused")
        order = STATUSES.index
        return (known["at"], order(known["status"])) < (at, order(status))

    def status(self, key, status, at):
        if self.is_news(key, status, at):
            known = self.actions.setdefault(key, {"form": "subscription", "periods": None, "paid": []})
            known["status"], known["at"] = status, at
        return self.actions[key]

    def tell_status(self, now, key, status, at):
        news = self.is_news(key, status, at)
        # What is five minutes off has not happened.
        if news and at > now + 300_000:
            raise Denied("request_invalid")
        known = self.status(key, status, at)
        if news:
            self.entered(now)
        return known

    def cancel(self, now, do, told):
        return self.tell_status(now, do["subscription"], "cancelled", millis(do.get("at") or told))

    def fail(self, now, do, told):
        known = self.actions.get(do["payment"])
        if do.get("subscription") == do["payment"]:
            raise Denied("action_id_reused")
        if known:
            if known["form"] == "purchase":
                return known
            raise Denied("action_id_reused")
        if do.get("subscription") is None:
            return {"form": "nothing"}
        return self.tell_status(now, do["subscription"], "past_due", millis(do.get("at") or told))

    def purchase(self, do):
        purchase = self.actions.get(do["payment"])
        if purchase is None:
            raise Denied("payment_unknown")
        if purchase["form"] != "purchase":
            raise Denied("action_id_reused")
        if do["usd_cents"] > purchase["bought"]["usd_cents"]:
            raise Denied("request_invalid")
        return purchase

    def refund(self, now, do):
        purchase = self.purchase(do)
        if do["usd_cents"] > purchase["refunded"]:
            purchase["refunded"] = do["usd_cents"]
            self.claim(purchase)
            self.entered(now)
        return purchase

    def dispute(self, now, do):
        purchase = self.purchase(do)
        told = (do["usd_cents"], do["status"])
        known = purchase["disputes"].get(do["dispute"])
        if known and known != told:
            if known[1] != "open" and told[1] == "open":
                return purchase
            if known[1] != "open":
                raise Denied("payment_conflict")
            if told[1] == "open":
                raise Denied("payment_conflict")
        if known != told:
            purchase["disputes"][do["dispute"]] = told
            statuses = [status for _, status in purchase["disputes"].values()]
            frozen = "open" if "open" in statuses else "lost" if "lost" in statuses else None
            self.lots[purchase["lot"]]["dispute"] = frozen
            self.claim(purchase)
            self.entered(now)
        return purchase

    def claim(self, purchase):
        """R39: from what is left of the lot, what expired unused, and the rest is debt."""
        lot, paid = self.lots[purchase["lot"]], purchase["bought"]["usd_cents"]
        lost = sum(cents for cents, status in purchase["disputes"].values() if status == "lost")
        returned = min(purchase["refunded"] + lost, paid)
        missing = max(lot["amount"] * returned // paid - purchase["claimed"], 0)
        purchase["claimed"] += missing
        left = min(missing, lot["available"])
        lot["available"] -= left
        unused = min(missing - left, purchase["expired"])
        purchase["expired"] -= unused
        lot["debt"] += missing - left - unused


def product_of(product):
    """What a payment is for: of a period its number counts, not how it was reported (R36)."""
    if product == "pack":
        return ("pack",)
    pro = product["pro"]
    anchor, months = millis(pro["periods"]["anchor"]), pro["periods"]["months"]
    start = millis(pro["period_start"])
    if months < 1:
        return ("pro", pro["subscription"], (anchor, months), 0)
    distances = []
    for number in range(0, 200):
        distance = abs(months_after(anchor, number * months) - start)
        if distances and distance > distances[-1]:
            break
        distances.append(distance)
    return ("pro", pro["subscription"], (anchor, months), distances.index(min(distances)))
