"""Reads every price again and says where the book, or the other package, has drifted.

Usage: python drift.py BOOK. Prints a table of path, the book's value and the package's value.
Exit code 0: the book's models are exactly what the packages say, and every disagreement between
the packages is one that models.toml explains. 1: something is unexplained. 2: bad usage.
"""

import json
import sys
from pathlib import Path

from compose import Composed, Fault, Reading
from packages import PACKAGES, PriceMissing, version


def main(path: Path) -> int:
    try:
        book = json.loads(path.read_text(encoding="utf-8"))
        reading = Reading()
        composed = reading.compose()
    except (OSError, ValueError, PriceMissing) as fault:
        print(f"price book drift: {fault}")
        return 1
    faults = drift(book, composed)
    explained = [fault for model in composed for fault in model.disagreements]
    prices = sum(1 for model in composed for _ in _leaves("", _prices(model.entry)))
    print(f"{len(composed)} models, {prices} prices read on {reading.read_on} from "
          f"{' and '.join(version(package) for package in PACKAGES)}")
    if explained:
        print("\nthe packages disagree, explained in the model's source note:")
        print(table(explained))
    for model, days in reading.announced():
        print(f"\nannounced: {model} has another price from {days}")
    if faults:
        print("\nDRIFT, unexplained:")
        print(table(faults))
    print(f"\n{'FAILED' if faults else 'ok'}: {len(faults)} unexplained differences")
    return 1 if faults else 0


def drift(book: dict, composed: list[Composed]) -> list[Fault]:
    """Every difference between the book's models and what the packages say."""
    faults = [fault for model in composed for fault in model.faults]
    ours = {model["id"]: model for model in book["models"]}
    theirs = {model.id: model.entry for model in composed}
    for name in ours.keys() - theirs.keys():
        faults.append(Fault(f"models/{name}", "in the book", "none", "models.toml lacks it"))
    for name in theirs.keys() - ours.keys():
        faults.append(Fault(f"models/{name}", "none", "in models.toml", "the book lacks it"))
    for name in [model for model in ours if model in theirs]:
        have = dict(_leaves(f"models/{name}", _by_threshold(ours[name])))
        want = dict(_leaves(f"models/{name}", _by_threshold(theirs[name])))
        for path in sorted(have.keys() | want.keys()):
            if have.get(path) != want.get(path):
                values = have.get(path, "none"), want.get(path, "none")
                faults.append(Fault(path, *values, "the book differs from its source"))
    return faults


def table(faults: list[Fault]) -> str:
    """The differences, in columns."""
    rows = [("path", "book", "package", "what")]
    rows += [(fault.path, str(fault.ours), str(fault.theirs), fault.what) for fault in faults]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[3]]) for row in rows
    )


def _prices(entry: dict) -> dict:
    return {"rates": entry["rates"], "tiers": entry.get("tiers", [])}


def _by_threshold(entry: dict) -> dict:
    tiers = {str(tier["above_input_tokens"]): tier["rates"] for tier in entry.get("tiers", [])}
    return {**entry, "tiers": tiers}


def _leaves(path: str, value):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(f"{path}/{key}", item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(f"{path}/{index}", item)
    else:
        yield path, str(value)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print(__doc__)
        sys.exit(2)
    sys.exit(main(Path(sys.argv[1])))
