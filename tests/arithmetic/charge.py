"""What a leg costs (R6, R8), by Python's decimals, which stop where a digit would be lost.

Reads a case a line and answers each with the charge, or with `overflow`.
"""

import json
import sys
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, setcontext

INPUT = [
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "image_input_tokens",
    "audio_input_tokens",
]
MOST = Decimal("9223372036854.775807")


def charge(case):
    usage, rates = case["usage"], case["rates"]
    if case["tier"]:
        above, dearer = case["tier"]
        if sum(usage.get(meter, 0) for meter in INPUT) > above:
            rates = dearer
    amount = Decimal(case["per_request"] or 0)
    for meter, quantity in usage.items():
        credits, per = rates[meter]
        amount += quantity * Decimal(credits) / per
    step = Decimal(case["charge_step"])
    steps, rest = divmod(amount * Decimal(case["multiplier"]), step)
    rounded = (steps + (1 if rest else 0)) * step
    charged = max(rounded, Decimal(case["minimum"] or 0))
    if charged > MOST:
        return "overflow"
    text = f"{charged:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def main():
    setcontext(Context(prec=200, traps=[Inexact, InvalidOperation, DivisionByZero]))
    for line in sys.stdin:
        print(charge(json.loads(line)))


main()
