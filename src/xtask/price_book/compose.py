"""Puts the prices of the packages together: the rates of every model of the book, and why.

One price is followed; the other package fills what it leaves out and is compared with the rest.
A figure that no package states follows from one rule, said in DERIVED. Whatever the packages
disagree about must be written down in models.toml, else it is a `Fault`.
"""

import tomllib
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import packages
from packages import GENAI, LITELLM, METERS, PriceMissing, TextPrices

HERE = Path(__file__).parent
AGREE = "both packages agree"

# What a meter costs where no package has a price for it: the meter whose rate it takes. Tokens
# that a provider does not price apart are plain input or plain output.
DERIVED = {
    "cache_read_tokens": "input_tokens",
    "cache_write_tokens": "input_tokens",
    "cache_write_1h_tokens": "cache_write_tokens",
    "reasoning_tokens": "output_tokens",
}

# Where litellm says which kinds of attachments a model takes.
TAKES = {
    "image_tokens": "supports_vision",
    "audio_tokens": "supports_audio_input",
    "video_tokens": "supports_video_input",
}


@dataclass(frozen=True)
class Fault:
    """A difference that nothing explains."""

    path: str
    ours: str
    theirs: str
    what: str


@dataclass
class Composed:
    """One model of the book, made from the packages, with what is to be said about it."""

    id: str
    entry: dict
    notes: list[str]
    faults: list[Fault] = field(default_factory=list)
    disagreements: list[Fault] = field(default_factory=list)


class Reading:
    """Both packages and models.toml, read once."""

    def __init__(self, models_toml: Path = HERE / "models.toml"):
        with models_toml.open("rb") as file:
            self.table = tomllib.load(file)
        self.litellm = packages.litellm_models()
        self.read_on: str = self.table["read_on"]
        self.read_at = datetime.fromisoformat(f"{self.read_on}T{self.table['read_at']}")

    def compose(self) -> list[Composed]:
        """Every model of models.toml, in its order."""
        texts = [self._text(row) for row in self.table["models"]]
        return texts + [self._media(row) for row in self.table["media"]]

    def announced(self) -> list[tuple[str, str]]:
        """The ids of models whose price genai-prices changes after it was read, with the days."""
        found = []
        for row in self.table["models"]:
            at = self._at(row)
            if days := packages.genai_changes(row["genai"], at):
                found.append((row["id"], ", ".join(days)))
        return found

    def _at(self, row: dict) -> datetime:
        return datetime.fromisoformat(row["as_of"]) if "as_of" in row else self.read_at

    def stated(self, row: dict) -> dict[str, TextPrices]:
        """What each package says of a text model."""
        stated: dict[str, TextPrices] = {}
        if "genai" in row:
            stated[GENAI] = packages.genai_text(row["genai"], self._at(row))
        if "litellm" in row:
            stated[LITELLM] = packages.litellm_text(self.litellm, row["litellm"])
        return stated

    def followed(self, row: dict, stated: dict[str, TextPrices]) -> tuple[Composed, dict]:
        """The rates of a text model by threshold, and all that is to be said about them."""
        tiers = {name: _renamed(prices.tiers, row) for name, prices in stated.items()}
        followed = row["follow"]
        rates, notes = _rates(tiers, followed)
        composed = Composed(row["id"], {}, notes)
        _compare(composed, rates, tiers, followed, row)
        if len(stated) == 1:
            other = LITELLM if followed == GENAI else GENAI
            composed.notes.insert(0, f"{packages.version(other)} does not have it")
        elif not composed.disagreements:
            composed.notes.insert(0, AGREE)
        composed.notes.extend(stated[followed].notes)
        if "note" in row:
            composed.notes.append(row["note"])
        return composed, rates

    def _text(self, row: dict) -> Composed:
        stated = self.stated(row)
        composed, rates = self.followed(row, stated)
        composed.faults.extend(self._apart(row, stated, rates))
        composed.entry = {
            "id": row["id"],
            "name": row["name"],
            "provider": row["provider"],
            "kind": {"text": self._facts(row, stated)},
            "rates": _written(rates.pop(0)),
        }
        if rates:
            composed.entry["tiers"] = [
                {"above_input_tokens": threshold, "rates": _written(tier)}
                for threshold, tier in sorted(rates.items())
            ]
        if "litellm" in row:
            composed.faults.extend(self._untaken(row))
        followed = row["follow"]
        composed.entry["source"] = self._source(followed, stated[followed].page, composed)
        return composed

    def _facts(self, row: dict, stated: dict[str, TextPrices]) -> dict:
        # The larger of the two is the whole context: litellm often gives what is left for input.
        contexts = [prices.context_tokens or 0 for prices in stated.values()]
        outputs = [prices.output_tokens_max or 0 for prices in stated.values()]
        return {
            "tier": row["tier"],
            "encoding": self.table["encodings"][row["encoding"]],
            **self._attachments(row),
            "context_tokens_max": row.get("context_tokens_max", max(contexts)),
            "output_tokens_max": row.get("output_tokens_max", max(outputs)),
        }

    def _attachments(self, row: dict) -> dict:
        """How its tokens follow from each kind of attachment that it takes."""
        taken = self.table["attachments"].get(row.get("attachments"), {})
        return {f"{kind}_tokens": facts for kind, facts in taken.items()}

    def _untaken(self, row: dict) -> list[Fault]:
        """The kinds of attachments that litellm does not say this model takes."""
        entry = packages.litellm_entry(self.litellm, row["litellm"])
        return [
            Fault(f"models/{row['id']}/{field}", "taken", "not taken", f"{LITELLM} differs")
            for field in self._attachments(row)
            if not entry.get(TAKES[field])
        ]

    def _apart(self, row: dict, stated: dict[str, TextPrices], rates: dict) -> list[Fault]:
        """The kinds of attachments that it takes and a package prices unlike text, its own and
        ours: all of them are plain input in the book, which would then need a rate of their own.
        """
        ours = rates[0]["input_tokens"]
        found = []
        for package, prices in stated.items():
            for field in self._attachments(row):
                cents = prices.beside_text.get(field, ours)
                if cents not in (ours, prices.tiers[0]["input_tokens"]):
                    path = f"models/{row['id']}/{field}"
                    what = f"{package} prices it unlike text"
                    found.append(Fault(path, canonical(ours), canonical(cents), what))
        return found

    def _media(self, row: dict) -> Composed:
        entry = packages.litellm_entry(self.litellm, row["litellm"])
        cents = packages.litellm_cents(self.litellm, row["litellm"], row["field"])
        meter = {"image": "images", "video": "video_blocks", "three_d": "three_d_models"}[row["kind"]]
        kind = row["kind"]
        if kind == "video":
            cents *= row["block_seconds"]
            facts = {name: row[name] for name in ("block_seconds", "clip_seconds_max")}
            kind = {"video": facts}
        composed = Composed(row["id"], {}, [f"{packages.version(GENAI)} does not have it"])
        if packages.genai_knows(row["litellm"].rsplit("/", 1)[-1]):
            composed.faults.append(
                Fault(f"models/{row['id']}", "none", "a price", f"{GENAI} now has this model")
            )
        if "note" in row:
            composed.notes.append(row["note"])
        composed.entry = {
            "id": row["id"],
            "name": row["name"],
            "provider": row["provider"],
            "kind": kind,
            "rates": {meter: {"credits": canonical(cents), "per": 1}},
            "source": self._source(LITELLM, entry.get("source"), composed),
        }
        return composed

    def _source(self, package: str, page: str | None, composed: Composed) -> dict:
        if page is None:
            raise PriceMissing(f"{package} has no page for `{composed.id}`")
        return {
            "package": packages.version(package),
            "page": page,
            "read_on": self.read_on,
            "note": "; ".join(composed.notes),
        }


def canonical(value: Decimal) -> str:
    """The form of an amount in JSON: at most 6 decimals, no trailing zeros, no exponent."""
    if value != value.quantize(Decimal("0.000001")):
        raise ValueError(f"{value} has more than 6 decimals")
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _renamed(tiers: dict[int, dict], row: dict) -> dict[int, dict]:
    renames = {int(old): new for old, new in row.get("thresholds", {}).items()}
    return {renames.get(threshold, threshold): rates for threshold, rates in tiers.items()}


def _rates(tiers: dict[str, dict], followed: str) -> tuple[dict[int, dict], list[str]]:
    # A package that disagrees fills no gap: its other figures are of the same other price.
    helpers = [
        package
        for package, theirs in tiers.items()
        if package != followed and _agree(tiers[followed], theirs)
    ]
    rates: dict[int, dict[str, Decimal]] = {}
    notes: dict[str, list[str]] = {}
    for threshold in tiers[followed]:
        chosen = dict(tiers[followed][threshold])
        for meter in METERS:
            if meter in chosen:
                continue
            base = DERIVED.get(meter)
            lent = [p for p in helpers if meter in tiers[p].get(threshold, {})]
            if lent:
                chosen[meter] = tiers[lent[0]][threshold][meter]
                says = f"from {packages.version(lent[0])}"
            elif base in chosen:
                chosen[meter] = chosen[base]
                says = f"no price of its own, so that of {base}"
            else:
                raise PriceMissing(f"no package has {meter}")
            if threshold == 0:
                notes.setdefault(says, []).append(meter)
        rates[threshold] = {meter: chosen[meter] for meter in METERS}
    return rates, [f"{', '.join(meters)}: {says}" for says, meters in notes.items()]


def _agree(ours: dict[int, dict], theirs: dict[int, dict]) -> bool:
    return all(
        ours.get(threshold, {}).get(meter, cents) == cents
        for threshold, rates in theirs.items()
        for meter, cents in rates.items()
    )


def _compare(composed: Composed, rates: dict, tiers: dict, followed: str, row: dict) -> None:
    explained = {entry["package"]: entry for entry in row.get("differs", [])}
    for package, their_tiers in tiers.items():
        if package == followed:
            continue
        known = explained.pop(package, {"rates": {}, "why": ""})
        expected = dict(known["rates"])
        found = []
        for threshold, theirs in their_tiers.items():
            for meter, cents in theirs.items():
                ours = rates.get(threshold, {}).get(meter)
                if ours == cents:
                    continue
                path = f"models/{row['id']}/{_path(threshold)}/{meter}"
                fault = Fault(path, _or_none(ours), canonical(cents), f"{package} differs")
                name = meter if threshold == 0 else f"{threshold}/{meter}"
                if expected.pop(name, None) == canonical(cents):
                    found.append(f"{name} {canonical(cents)}")
                    composed.disagreements.append(fault)
                else:
                    composed.faults.append(fault)
        if missing := sorted(set(rates) - set(their_tiers)):
            path = f"models/{row['id']}/{_path(missing[0])}"
            composed.faults.append(Fault(path, "a tier", "none", f"{package} has no such tier"))
        for name, cents in expected.items():
            path = f"models/{row['id']}/{name}"
            what = f"models.toml says that {package} differs here, and it no longer does"
            composed.faults.append(Fault(path, cents, "the same as ours", what))
        if found:
            says = ", ".join(found)
            composed.notes.append(f"{packages.version(package)} has {says}: {known['why']}")
    for package in explained:
        what = f"models.toml explains a difference with {package}, which was not read"
        composed.faults.append(Fault(f"models/{row['id']}", "", "", what))


def _path(threshold: int) -> str:
    return f"tiers/{threshold}" if threshold else "rates"


def _or_none(cents: Decimal | None) -> str:
    return "none" if cents is None else canonical(cents)


def _written(rates: dict[str, Decimal]) -> dict:
    return {meter: {"credits": canonical(cents), "per": 1_000_000} for meter, cents in rates.items()}
