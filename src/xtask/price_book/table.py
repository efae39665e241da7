"""Writes TABLE.md: the 30 most used text models, our price beside that of both packages, and why.

Usage: python table.py BOOK [--check]. With --check nothing is written: exit code 1 where TABLE.md
is not what would be written.

No package states how much a model is used. So the table has every text model of the book, and
those others that the most providers list, the two packages taken together, to make 30.
"""

import json
import re
import sys
from decimal import Decimal
from pathlib import Path

import packages
from compose import AGREE, HERE, Reading, canonical
from packages import GENAI, LITELLM, PACKAGES

ROWS = 30
METERS = ("input_tokens", "output_tokens", "cache_read_tokens")

HEAD = """\
# What the 30 most used text models cost, here and there

Written by `table.py`; the step `prices` of the tests fails when it is stale. Read on {read_on} from {versions}.

No package states how much a model is used. So these are the {offered} text models of the default book, and those {beside} others that the most providers list, each package counted by itself.

Prices are for a million tokens of input / output / cache read, below the first tier, in credits: one is a US cent of list price. *Ours* is in the default book, or in parentheses what its rules make of a model that it does not offer; *charged* has the markup of a direct message, beside which it has a base. Writing to caches, reasoning and tiers are compared too, and named where they differ.

genai-prices is followed where it has the provider itself, since it dates its prices and cites the page; litellm else.

"""

# What hosts and versions add to the name of one model.
AROUND = re.compile(r"^(us|eu|apac|global)\.|^[a-z]+\.(?=[a-z]+)|(-v\d+)?[:@].*$")
BEHIND = re.compile(r"-(instruct|latest|preview)$|-(\d\d-)?(\d{4}|\d{8})$")


class Stale(Exception):
    """models.toml does not say what the table needs."""


def main(book: Path, check: bool) -> int:
    path = HERE / "TABLE.md"
    try:
        text = written(json.loads(book.read_text(encoding="utf-8")), Reading())
    except (Stale, packages.PriceMissing) as fault:
        print(f"price table: {fault}")
        return 1
    if check:
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            print("price table: TABLE.md is stale; write it again with table.py")
            return 1
        print(f"ok: TABLE.md is what the book and both packages say, {ROWS} models")
        return 0
    path.write_text(text, encoding="utf-8")
    print(f"wrote {ROWS} models to {path.name}")
    return 0


def written(book: dict, reading: Reading) -> str:
    """The table, as the book and both packages have it."""
    offered = {model["id"]: model for model in book["models"]}
    listed = providers_by_model(reading)
    rows = [_row(reading, row, offered[row["id"]], book) for row in reading.table["models"]]
    beside = reading.table["beside"]
    _check_beside(reading, listed, ROWS - len(rows))
    for row in sorted(beside, key=lambda row: (-listed[_plain(row["id"])], row["id"])):
        rows.append(_row(reading, row, None, book, listed[_plain(row["id"])]))
    lines = [
        _cells("model", "ours", "charged", LITELLM, GENAI, "they differ in", "we follow", "why"),
        _cells(*["---"] * 8),
        *rows,
    ]
    head = HEAD.format(
        read_on=reading.read_on,
        versions=" and ".join(packages.version(package) for package in PACKAGES),
        offered=len(reading.table["models"]),
        beside=len(beside),
    )
    return head + "\n".join(lines) + "\n"


def providers_by_model(reading: Reading) -> dict[str, int]:
    """How many providers list a text model, each package counted by itself."""
    found: dict[str, set] = {}
    for name, entry in reading.litellm.items():
        is_text = entry.get("mode") in ("chat", "responses", "completion")
        if is_text and entry.get("input_cost_per_token"):
            found.setdefault(_plain(name), set()).add((LITELLM, entry["litellm_provider"]))
    for provider in packages.genai_providers:
        for model in provider.models:
            found.setdefault(_plain(model.id), set()).add((GENAI, provider.id))
    return {name: len(providers) for name, providers in found.items()}


def _plain(name: str) -> str:
    name = name.rsplit("/", 1)[-1].lower()
    while (shorter := BEHIND.sub("", AROUND.sub("", name))) != name:
        name = shorter
    return re.sub(r"(?<=\d)[.p](?=\d)", "-", name)


def _check_beside(reading: Reading, listed: dict[str, int], count: int) -> None:
    # Some providers know a model by its name only: DeepSeek V4.1 Flash is `deepseek-flash` at its own.
    names = [(row["id"], row["name"].replace(" ", "-")) for row in reading.table["models"]]
    ours = {_plain(name) for both in names for name in both}
    most = sorted(((-times, name) for name, times in listed.items() if name not in ours))
    want = {name for _, name in most[:count]}
    have = {_plain(row["id"]) for row in reading.table["beside"]}
    if want != have:
        raise Stale(
            f"`beside` in models.toml should be {', '.join(sorted(want))}, which most providers list"
        )


def _row(reading: Reading, row: dict, offered: dict | None, book: dict, listed: int = 0) -> str:
    stated = reading.stated(row)
    composed, rates = reading.followed(row, stated)
    if composed.faults:
        fault = composed.faults[0]
        raise Stale(f"{fault.path}: {fault.ours} and {fault.theirs}, {fault.what}")
    # What a meter of no column follows is said in the book's source note.
    why = [note for note in composed.notes if not _is_of_no_column(note)]
    if "thresholds" in row:
        why = [note for note in why if note != AGREE]
    if offered is None:
        ours, charged = f"({_prices(rates[0])})", "not offered"
        why = [f"listed by {listed}", *why]
    else:
        own = {meter: _cents(rate) for meter, rate in offered["rates"].items()}
        markup = _markup(book, offered)
        ours = _prices(own)
        charged = _prices({meter: cents * markup for meter, cents in own.items()})
    theirs = [
        _prices(stated[package].tiers[0]) if package in stated else "not listed"
        for package in (LITELLM, GENAI)
    ]
    differ = _differences(row, composed, len(stated))
    return _cells(row["name"], ours, charged, *theirs, differ, row["follow"], "; ".join(why))


def _is_of_no_column(note: str) -> bool:
    meters = note.partition(": ")[0].split(", ")
    return all(meter in packages.METERS and meter not in METERS for meter in meters)


def _differences(row: dict, composed, count: int) -> str:
    if count == 1:
        return "only one has it"
    # `thresholds` moves a boundary of one package to that of the other.
    found = ["where a tier begins"] if "thresholds" in row else []
    differ = {fault.path.rsplit("/", 1)[-1] for fault in composed.disagreements}
    for meter in (*METERS, *(meter for meter in packages.METERS if meter not in METERS)):
        if meter in differ:
            found.append(meter.removesuffix("_tokens").replace("_", " "))
    return ", ".join(found) or "nothing"


def _markup(book: dict, model: dict) -> Decimal:
    direct = next(task for task in book["tasks"] if task["task"] == "direct")
    tier = {"tier": model["kind"]["text"]["tier"]}
    return Decimal(next(o["multiplier"] for o in direct["offers"] if o["models"] == tier))


def _cents(rate: dict) -> Decimal:
    return Decimal(rate["credits"]) * 1_000_000 / rate["per"]


def _prices(rates: dict) -> str:
    return " / ".join(canonical(rates[meter]) if meter in rates else "–" for meter in METERS)


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["--check"]):
        print(__doc__)
        sys.exit(2)
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:] == ["--check"]))
