"""Writes the default price book: terms.json and the models that compose.py makes.

Usage: python write.py BOOK. Refuses to write while the packages disagree in a way that
models.toml does not explain.
"""

import json
import sys
from pathlib import Path

from compose import HERE, Reading
from drift import table

LINE_MAX = 100


def main(book: Path) -> int:
    composed = Reading().compose()
    faults = [fault for model in composed for fault in model.faults]
    if faults:
        print(table(faults))
        print("nothing written: explain each difference in models.toml, or follow the package")
        return 1
    terms = json.loads((HERE / "terms.json").read_text(encoding="utf-8"))
    # The models stand between the levels and the tasks, as in the engine's type.
    document = {}
    for name, value in terms.items():
        document[name] = value
        if name == "levels":
            document["models"] = [model.entry for model in composed]
    book.write_text(pretty(document) + "\n", encoding="utf-8")
    print(f"wrote {len(composed)} models to {book}")
    return 0


def pretty(value, indent: int = 0) -> str:
    """JSON that reads well: what fits on a line stays on one."""
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (dict, list)) or len(flat) + indent <= LINE_MAX:
        return flat
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        lines = [
            f"{inner}{json.dumps(key)}: {pretty(item, indent + 2)}" for key, item in value.items()
        ]
        opening, closing = "{", "}"
    else:
        lines = [inner + pretty(item, indent + 2) for item in value]
        opening, closing = "[", "]"
    return opening + "\n" + ",\n".join(lines) + "\n" + " " * indent + closing


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1])))
