"""How the second ledger says what came out: the form that the engine is compared by."""

from values import amount, time_text


def view(account, made):
    """An answer."""
    form = made["form"]
    if form == "grant":
        lot = account.lots[made["lot"]]
        return {"granted": {"lot": made["lot"], **bought_lot(lot)}}
    if form == "hold":
        return {
            "hold": {
                "amount": amount(made["amount"]),
                "cap": made["cap"],
                "deadline": time_text(made["deadline"]),
                "lots": parts_view(made["lots"]),
                "pool": parts_view(made["pool"]),
                "legs": [[amount(leg["part"]), end_view(leg["end"])] for leg in made["legs"]],
            }
        }
    if form == "ended":
        return {"ended": end_view(made["end"])}
    if form == "purchase":
        return {
            "paid": {
                "lot": made["lot"],
                **bought_lot(account.lots[made["lot"]]),
                "refunded": made["refunded"],
                "disputes": {key: list(one) for key, one in made["disputes"].items()},
                "claimed": amount(made["claimed"]),
                "expired": amount(made["expired"]),
            }
        }
    if form == "subscription":
        since = time_text(made["at"])
        return {"subscription": {"status": made["status"], "at": since, "paid": made["paid"]}}
    if form == "revocation":
        return {"revoked": {"lot": made["lot"], "amount": amount(made["amount"])}}
    if form == "found":
        action = made["action"]
        return {
            "found": {
                "lots": [lot_view(lot) for lot in made["lots"]],
                "action": view(account, action) if action else None,
            }
        }
    return {"nothing": None}


def bought_lot(lot):
    return {
        "kind": lot["kind"],
        "amount": amount(lot["amount"]),
        "effective_at": time_text(lot["effective"]),
        "expires_at": time_text(lot["expires"]),
    }


def lot_view(lot):
    return {
        "lot": lot["number"],
        "kind": lot["kind"],
        "available": amount(lot["available"]),
        "held": amount(lot["held"]),
        "debt": amount(lot["debt"]),
        "dispute": lot["dispute"],
        "revoked": lot["revoked"],
    }


def parts_view(parts):
    return [[number, amount(part)] for number, part in parts]


def end_view(end):
    if end is None:
        return None
    view = {"form": end["form"], "at": time_text(end["at"])}
    if end["form"] == "settled":
        drawn = parts_view(end["drawn"])
        view |= {"charge": amount(end["charge"]), "drawn": drawn}
    if end["form"] == "expired":
        late = end["late"]
        view["late"] = [time_text(late["at"]), amount(late["absorbed"])] if late else None
    else:
        view["absorbed"] = amount(end["absorbed"])
    return view
