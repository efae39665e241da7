"""A second ledger, naive and slow, written from the rules and without the engine's code.

It reads a price book and then a history, as `kumari-credits simulate` does, and prints for each
line what the answer and the balance must be. Amounts are whole micro-credits, prices are
fractions, every sum is made again whenever it is asked for, and nothing is ever thrown away.
Comments name the rules.

What it does not do: other tasks than direct and compare, other models than text, and messages.
"""

import json
import pickle
import sys

from money import Money
from prices import Book
from values import Denied, amount, micros, millis, time_text
from views import view

HOLD_TTL = 60_000
END_OF_TIME = 253_402_300_799_999
CLASSES = {"free": 0, "promo": 0, "adjustment": 0, "pro": 1, "pack": 2}


def is_open(hold):
    return any(leg["end"] is None for leg in hold["legs"])


def at_least(cap, other):
    """No cap is the largest of all."""
    return cap is None or (other is not None and cap >= other)


# Lots


def expired(lot, now):
    return lot["expires"] is not None and lot["expires"] <= now


def over(lot, now):
    return lot["revoked"] or expired(lot, now)


def usable(lot, now):
    """R18."""
    return lot["effective"] <= now and not over(lot, now) and lot["dispute"] != "open"


def kept(lot, now):
    says = lot["debt"] or lot["dispute"] == "open" or (lot["kind"] == "pro" and not over(lot, now))
    return bool(lot["available"] or lot["held"] or says)


def burn_down(lot):
    """R18: the one order in which lots are used."""
    end = END_OF_TIME + 1 if lot["expires"] is None else lot["expires"]
    return (lot["priority"], end, CLASSES[lot["kind"]], lot["effective"], lot["number"])


class Account(Money):
    def __init__(self, book):
        self.book = book
        self.last = 0
        self.lots = []
        self.actions = {}

    # What there is

    def of(self, form):
        return {key: one for key, one in self.actions.items() if one["form"] == form}

    def available(self, now):
        return sum(lot["available"] for lot in self.lots if usable(lot, now))

    def held(self):
        return sum(part for hold in self.of("hold").values() for _, part in hold["pool"])

    def disputed(self):
        """R39: open, or lost with debt."""
        blocks = {"open": lambda lot: True, "lost": lambda lot: lot["debt"] > 0}
        return any(lot["dispute"] and blocks[lot["dispute"]](lot) for lot in self.lots)

    def open_holds(self):
        return {key: hold for key, hold in self.of("hold").items() if is_open(hold)}

    def past_due(self):
        return any(one["status"] == "past_due" for one in self.of("subscription").values())

    def balance(self, now):
        available, held = self.available(now), self.held()
        pro = [lot for lot in self.lots if lot["kind"] == "pro" and usable(lot, now)]
        return {
            # R31, R34: all that is the account's own, usable now or not.
            "settled": amount(sum(lot["available"] for lot in self.lots) + held),
            "held": amount(held),
            "available": amount(available),
            "open_holds": len(self.open_holds()),
            "plan": "pro" if pro else "free",
            "resets_at": time_text(pro[0]["expires"]) if pro else None,
            "disputed": self.disputed(),
            "past_due": self.past_due(),
        }

    # What time does (R25, R26, R32)

    def advance(self, now):
        while True:
            holds = [(one["deadline"], 0, key) for key, one in self.open_holds().items()]
            lots = [
                (lot["expires"], 1, lot["number"])
                for lot in self.lots
                if expired(lot, now) and lot["available"]
            ]
            due = sorted(one for one in holds + lots if one[0] <= now)
            if not due:
                return
            time, is_lot, what = due[0]
            at = self.entered(time)
            if is_lot:
                self.expire(self.lots[what])
            else:
                hold = self.actions[what]
                for leg in hold["legs"]:
                    if leg["end"] is None:
                        leg["end"] = {"form": "expired", "at": at, "late": None}
                        self.release(hold, leg["part"])
                self.settle_lots(at)

    def entered(self, at):
        """R32: no entry is before the one before it."""
        self.last = max(self.last, at)
        return self.last

    def expire(self, lot):
        if lot["payment"]:
            self.actions[lot["payment"]]["expired"] += lot["available"]
        lot["available"] = 0

    def take(self, lot):
        if lot["payment"]:
            self.actions[lot["payment"]]["claimed"] += lot["available"]
        taken, lot["available"] = lot["available"], 0
        return taken

    def settle_lots(self, now):
        """R25, R39: what came back to a lot that cannot keep it."""
        for lot in self.lots:
            owed = min(lot["available"], lot["debt"])
            lot["available"] -= owed
            lot["debt"] -= owed
            if lot["revoked"]:
                self.take(lot)
            elif expired(lot, now):
                self.expire(lot)

    def add_lot(self, kind, value, priority, effective, expires, payment):
        lot = {
            "number": len(self.lots), "kind": kind, "amount": value, "priority": priority,
            "effective": effective, "expires": expires, "available": value, "held": 0,
            "payment": payment, "debt": 0, "dispute": None, "revoked": False,
        }
        self.lots.append(lot)
        return lot["number"]

    def check_room(self, most):
        """So many lots at a time, a tenth of them for what is paid for."""
        if sum(kept(lot, self.last) for lot in self.lots) >= most:
            raise Denied("too_many_lots")

    # Pools (R23): from the head for a capture, from the tail for a release

    def reserve(self, hold, value, now):
        for lot in sorted((lot for lot in self.lots if usable(lot, now)), key=burn_down):
            part = min(value, lot["available"])
            if part:
                lot["available"] -= part
                lot["held"] += part
                value -= part
                for parts in (hold["lots"], hold["pool"]):
                    known = [one for one in parts if one[0] == lot["number"]]
                    if known:
                        known[0][1] += part
                    else:
                        parts.append([lot["number"], part])
        # R23: what is added later may have to be used first.
        hold["pool"].sort(key=lambda part: burn_down(self.lots[part[0]]))
        assert value == 0

    def draw(self, hold, value, backwards):
        drawn = []
        for part in reversed(hold["pool"]) if backwards else hold["pool"]:
            taken = min(value, part[1])
            if taken:
                part[1] -= taken
                value -= taken
                self.lots[part[0]]["held"] -= taken
                drawn.append([part[0], taken])
        assert value == 0
        hold["pool"] = [part for part in hold["pool"] if part[1]]
        return drawn

    def release(self, hold, value):
        for number, part in self.draw(hold, value, True):
            self.lots[number]["available"] += part

    # Commands: each looks first, and changes something only where it is not denied

    def grant(self, now, do):
        content = {key: do.get(key) for key in ("kind", "amount", "expires_at", "reason")}
        content["priority"] = do.get("priority", 0)
        known = self.actions.get(do["action_id"])
        if known:
            effective = millis(do.get("effective_at"))
            effective = known.get("granted_at") if effective is None else effective
            if known["form"] == "grant" and known["content"] == content and (
                self.lots[known["lot"]]["effective"] == effective
            ):
                return known
            raise Denied("action_id_reused")
        kind, value = do["kind"], micros(do["amount"])
        # R17: once.
        if kind == "free" and any(lot["kind"] == "free" for lot in self.lots):
            raise Denied("already_granted")
        effective = now if do.get("effective_at") is None else millis(do["effective_at"])
        expires = millis(do.get("expires_at"))
        if value <= 0 or (expires is not None and (expires <= effective or expires <= now)):
            raise Denied("request_invalid")
        # R36: only a payment makes a period. An adjustment has a reason, and nothing else has.
        if kind == "pro" or (kind == "adjustment") != (do.get("reason") is not None):
            raise Denied("request_invalid")
        self.check_room(900)
        lot = self.add_lot(kind, value, content["priority"], effective, expires, None)
        self.entered(now)
        made = {"form": "grant", "content": content, "lot": lot, "granted_at": now}
        return self.actions.setdefault(do["action_id"], made)

    def authorize(self, now, do):
        request, quote = do["request"], do.get("quote")
        known = self.actions.get(do["action_id"])
        if known:
            # R27: the same content gets the first answer, whatever was quoted.
            if known["form"] == "hold" and known["request"] == request:
                return known
            raise Denied("action_id_reused")
        if self.disputed():
            raise Denied("payment_disputed")
        self.book.check(request)
        cap = None
        if quote:
            # R20.
            cap = quote.get("caps", {}).get("output_tokens")
            floors = [self.book.output_bounds(name, request) for name in request["models"]]
            too_low = any(min(most, most if cap is None else cap) < floor for floor, most in floors)
            stale = quote["price_book"] != self.book.version or quote["rules"] != self.book.rules
            if stale or too_low or sum(self.book.highs(request, cap)) > micros(quote["high"]):
                raise Denied("price_changed")
        self.check_available(now)
        available = self.available(now)
        if sum(self.book.highs(request, cap)) > available:
            fitting = self.book.fit(request, cap, available)
            if fitting is None:
                raise Denied("credits_insufficient")
            if quote:
                raise Denied("price_changed")
            cap = fitting
        highs = self.book.highs(request, cap)
        hold = {
            "form": "hold", "request": request, "cap": cap, "at": now, "amount": sum(highs),
            "deadline": min(now + HOLD_TTL, self.last_deadline(now)), "lots": [], "pool": [],
            "legs": [
                {"model": name, "part": part, "end": None}
                for name, part in zip(request["models"], highs)
            ],
        }
        self.reserve(hold, sum(highs), now)
        self.entered(now)
        return self.actions.setdefault(do["action_id"], hold)

    def last_deadline(self, authorized_at):
        return authorized_at + 1000 * self.book.direct["hold_seconds_max"]

    def check_available(self, now):
        """R14, R16."""
        if self.available(now) <= 0:
            raise Denied("credits_held" if self.held() > 0 else "credits_exhausted")

    def hold(self, action_id):
        hold = self.actions.get(action_id)
        if hold is None or hold["form"] != "hold":
            raise Denied("action_unknown")
        return hold

    def open_hold(self, action_id):
        hold = self.hold(action_id)
        if not is_open(hold):
            raise Denied("leg_already_ended")
        return hold

    def renew(self, now, do):
        """R26."""
        hold = self.open_hold(do["action_id"])
        deadline = min(now + HOLD_TTL, self.last_deadline(hold["at"]))
        if deadline > hold["deadline"]:
            hold["deadline"] = deadline
            self.entered(now)
        return hold

    def extend(self, now, do):
        """R28: admitted like authorize, for what it costs in addition."""
        cap = do["caps"].get("output_tokens")
        known = self.actions.get(do["action_id"], {"form": None})
        if known["form"] == "hold" and at_least(known["cap"], cap):
            return known
        hold = self.open_hold(do["action_id"])
        if not at_least(cap, hold["cap"]):
            raise Denied("request_invalid")
        highs = self.book.highs(hold["request"], cap)
        parts = [
            max(leg["part"], high) if leg["end"] is None else leg["part"]
            for leg, high in zip(hold["legs"], highs)
        ]
        more = sum(parts) - sum(leg["part"] for leg in hold["legs"])
        if self.disputed():
            raise Denied("payment_disputed")
        if more:
            self.check_available(now)
        if more > self.available(now):
            raise Denied("credits_insufficient")
        self.reserve(hold, more, now)
        for leg, part in zip(hold["legs"], parts):
            leg["part"] = part
        hold["cap"], hold["amount"] = cap, hold["amount"] + more
        self.entered(now)
        return hold

    def leg(self, do):
        hold = self.hold(do["action_id"])
        if do["leg"] >= len(hold["legs"]):
            raise Denied("action_unknown")
        return hold, hold["legs"][do["leg"]]

    def price(self, leg, model, usage):
        if model != leg["model"]:
            raise Denied("request_invalid")
        return self.book.charge(model, usage)

    def settle(self, now, do):
        hold, leg = self.leg(do)
        content = {key: do[key] for key in ("model", "usage", "usage_source", "finish")}
        end = leg["end"]
        if end:
            # R24: a leg ends once.
            told = end if end["form"] == "settled" else end.get("late")
            if told and told["content"] == content:
                return {"form": "ended", "end": end}
            if end["form"] != "expired" or told:
                raise Denied("leg_already_ended")
        price = self.price(leg, do["model"], do["usage"])
        if end:
            # R26: recorded, and nothing is captured.
            end["late"] = {"content": content, "absorbed": price, "at": now}
            self.entered(now)
            return {"form": "ended", "end": end}
        charge = min(price, leg["part"])
        drawn = self.draw(hold, charge, False)
        self.release(hold, leg["part"] - charge)
        leg["end"] = {
            "form": "settled", "content": content, "charge": charge, "absorbed": price - charge,
            "drawn": drawn, "at": now,
        }
        self.entered(now)
        self.settle_lots(now)
        return {"form": "ended", "end": leg["end"]}

    def void(self, now, do):
        hold, leg = self.leg(do)
        content = {"reason": do["reason"], "used": do.get("used")}
        if leg["end"]:
            if leg["end"]["form"] == "voided" and leg["end"]["content"] == content:
                return {"form": "ended", "end": leg["end"]}
            raise Denied("leg_already_ended")
        used = do.get("used")
        absorbed = self.price(leg, used["model"], used["usage"]) if used else 0
        self.release(hold, leg["part"])
        leg["end"] = {"form": "voided", "content": content, "absorbed": absorbed, "at": now}
        self.entered(now)
        self.settle_lots(now)
        return {"form": "ended", "end": leg["end"]}

    def revoke(self, now, do):
        known = self.actions.get(do["action_id"])
        if known:
            if known["form"] == "revocation" and (known["lot"], known["reason"]) == (
                do["lot"], do["reason"]
            ):
                return known
            raise Denied("action_id_reused")
        lot = self.lots[do["lot"]] if do["lot"] is not None else None
        if lot is None or lot["revoked"] or not (lot["available"] or lot["held"]):
            raise Denied("request_invalid")
        lot["revoked"] = True
        made = {"form": "revocation", "lot": do["lot"], "reason": do["reason"]}
        made["amount"] = self.take(lot)
        self.entered(now)
        return self.actions.setdefault(do["action_id"], made)

    def query(self, now, do):
        action = self.actions.get(do.get("action_id"))
        lots = [lot for lot in self.lots if kept(lot, self.last)]
        return {"form": "found", "lots": lots, "action": action}

    def run(self, command, do, told):
        now = max(millis(told), self.last)
        self.advance(now)
        if command in ("pay", "subscribe", "cancel", "fail"):
            return now, getattr(self, command)(now, do, told)
        return now, getattr(self, command)(now, do)


def main():
    head = json.loads(sys.stdin.readline())
    book = Book(head["book"])
    book.version, book.rules = head["version"], head["rules"]
    accounts = {}
    for number, line in enumerate(sys.stdin, 1):
        step = json.loads(line)
        name, told = step["account"], step["at"]
        account = accounts.setdefault(name, Account(None))
        # What is denied or only looked at is forgotten again, with all that time did.
        account.book = None
        before = pickle.dumps(account)
        account.book = book
        ((command, do),) = step["do"].items()
        try:
            now, made = account.run(command, do, told)
            answer = view(account, made)
        except Denied as denied:
            now, answer = max(millis(told), account.last), {"denied": str(denied)}
        balance = account.balance(max(now, account.last))
        if "denied" in answer or command == "query":
            accounts[name] = pickle.loads(before)
        print(json.dumps({"line": number, "answer": answer, "balance": balance}))


if __name__ == "__main__":
    main()
