"""Texts, numbers and times of the second ledger."""

import calendar
import datetime
from fractions import Fraction

MICRO = 1_000_000
EPOCH = datetime.datetime(1970, 1, 1)


class Denied(Exception):
    """A business "no": its code."""


def micros(text):
    exact = Fraction(text) * MICRO
    assert exact.denominator == 1
    return int(exact)


def amount(value):
    sign, value = ("-", -value) if value < 0 else ("", value)
    text = f"{value // MICRO}.{value % MICRO:06}".rstrip("0").rstrip(".")
    return sign + text


def millis(text):
    if text is None:
        return None
    form = "%Y-%m-%dT%H:%M:%S.%fZ" if "." in text else "%Y-%m-%dT%H:%M:%SZ"
    return (datetime.datetime.strptime(text, form) - EPOCH) // datetime.timedelta(milliseconds=1)


def time_text(value):
    if value is None:
        return None
    moment = EPOCH + datetime.timedelta(milliseconds=value)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return text + (f".{value % 1000:03}Z" if value % 1000 else "Z")


def months_after(start, months):
    """R35: never from the boundary before, the day clamped to the month's last."""
    begin = EPOCH + datetime.timedelta(milliseconds=start)
    count = begin.year * 12 + begin.month - 1 + months
    year, month = count // 12, count % 12 + 1
    day = min(begin.day, calendar.monthrange(year, month)[1])
    return millis(begin.replace(year=year, month=month, day=day).strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
