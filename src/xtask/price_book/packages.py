"""Reads list prices out of the two pinned packages, each into the same form.

A text model's prices are `{threshold: {meter: cents}}`: threshold 0 is the base, any other is the
last total input that is still priced below that tier; cents are US cents per million tokens,
exact decimals. This module knows the packages' field names. It chooses nothing and fills no gap:
a price that a package does not state is absent, but for litellm's tiers, which say what differs from
the base.
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from importlib import metadata
from pathlib import Path

from genai_prices.data import providers as genai_providers

GENAI = "genai-prices"
LITELLM = "litellm"
PACKAGES = (GENAI, LITELLM)

METERS = (
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
    "reasoning_tokens",
)

# genai-prices: US dollars per million tokens.
GENAI_FIELDS = {
    "input_mtok": "input_tokens",
    "cache_read_mtok": "cache_read_tokens",
    "cache_write_mtok": "cache_write_tokens",
    "cache_write_1h_mtok": "cache_write_1h_tokens",
    "output_mtok": "output_tokens",
}

# litellm: US dollars per token. OpenAI sells no one-hour cache; a cache that must live an hour is
# its twelve-hour one.
LITELLM_FIELDS = {
    "input_cost_per_token": "input_tokens",
    "cache_read_input_token_cost": "cache_read_tokens",
    "cache_creation_input_token_cost": "cache_write_tokens",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h_tokens",
    "cache_creation_input_token_cost_above_12hr": "cache_write_1h_tokens",
    "output_cost_per_token": "output_tokens",
    "output_cost_per_reasoning_token": "reasoning_tokens",
}

# What each package says of input that is not text, where it prices it apart; in the same units.
BESIDE_TEXT = {
    "image_tokens": ("input_image_mtok", "input_cost_per_image_token"),
    "audio_tokens": ("input_audio_mtok", "input_cost_per_audio_token"),
    "video_tokens": ("input_video_mtok", "input_cost_per_video_token"),
}

# What writing to a cache costs at least, since it is input; for an hour at least what it costs for
# less. In this order, so that the last may follow the first.
WRITTEN = (
    ("cache_write_tokens", "input_tokens"),
    ("cache_write_1h_tokens", "input_tokens"),
    ("cache_write_1h_tokens", "cache_write_tokens"),
)

LITELLM_TIER = re.compile(r"(?P<field>.+)_above_(?P<thousands>\d+)k_tokens")


class PriceMissing(Exception):
    """A package does not have the model or the field that models.toml names."""


@dataclass(frozen=True)
class TextPrices:
    """What one package says of one text model."""

    tiers: dict[int, dict[str, Decimal]]
    context_tokens: int | None
    output_tokens_max: int | None
    page: str | None
    # The price of input of each kind that is not text, where it has one of its own.
    beside_text: dict[str, Decimal]
    notes: tuple[str, ...] = ()


def version(package: str) -> str:
    """The name and the installed version, as a price's source names them."""
    return f"{package} {metadata.version(package)}"


def litellm_path() -> Path:
    """The price file inside the litellm package."""
    # Found without importing litellm, whose own dependencies are not installed.
    distribution = metadata.distribution(LITELLM)
    return Path(distribution.locate_file("litellm/model_prices_and_context_window_backup.json"))


def litellm_models() -> dict:
    """What that file says, with exact decimals."""
    return json.loads(litellm_path().read_text(encoding="utf-8"), parse_float=Decimal)


def genai_text(reference: str, at: datetime) -> TextPrices:
    """The price in force at `at` of `provider/model`, from genai-prices."""
    provider_id, _, model_id = reference.partition("/")
    for provider in genai_providers:
        if provider.id != provider_id:
            continue
        for model in provider.models:
            if model.id == model_id:
                prices = vars(model.get_prices(at))
                return TextPrices(
                    tiers=_genai_tiers(prices),
                    context_tokens=model.context_window,
                    output_tokens_max=None,
                    page=(provider.pricing_urls or [None])[0],
                    beside_text={
                        kind: _genai_price(prices[field], 0) * 100
                        for kind, (field, _) in BESIDE_TEXT.items()
                        if prices.get(field) is not None
                    },
                )
    raise PriceMissing(f"{GENAI} has no `{reference}`")


def genai_changes(reference: str, after: datetime) -> list[str]:
    """The days after `after` from which genai-prices knows another price."""
    provider_id, _, model_id = reference.partition("/")
    days = []
    for provider in genai_providers:
        for model in provider.models if provider.id == provider_id else ():
            if model.id == model_id and isinstance(model.prices, list):
                for conditional in model.prices:
                    start = getattr(conditional.constraint, "start_date", None)
                    if start is not None and start > after.date():
                        days.append(start.isoformat())
    return sorted(days)


def genai_knows(model_id: str) -> bool:
    """Whether any provider of genai-prices has a model of that id."""
    return any(model.id == model_id for provider in genai_providers for model in provider.models)


def litellm_text(models: dict, key: str) -> TextPrices:
    """The price of `key` in litellm's file."""
    entry = litellm_entry(models, key)
    tiers: dict[int, dict[str, Decimal]] = {0: {}}
    for field, value in entry.items():
        threshold = 0
        if tier := LITELLM_TIER.fullmatch(field):
            threshold, field = int(tier["thousands"]) * 1000, tier["field"]
        if field in LITELLM_FIELDS and value is not None:
            meter = LITELLM_FIELDS[field]
            cents = Decimal(value) * 100_000_000
            # A cache write of zero means that writing costs no more than the input that it is.
            if cents != 0 or not meter.startswith("cache_write"):
                tiers.setdefault(threshold, {})[meter] = cents
    notes = _inherit(tiers)
    return TextPrices(
        tiers=tiers,
        notes=notes,
        context_tokens=_whole(entry.get("max_input_tokens")),
        output_tokens_max=_whole(entry.get("max_output_tokens")),
        page=entry.get("source"),
        beside_text={
            kind: Decimal(entry[field]) * 100_000_000
            for kind, (_, field) in BESIDE_TEXT.items()
            if entry.get(field) is not None
        },
    )


def _inherit(tiers: dict[int, dict[str, Decimal]]) -> tuple[str, ...]:
    """Gives every tier the base's price of what it does not price itself, and writing to a cache at
    least the tier's price of the input that it is. Says what got which.
    """
    inherited, raised = set(), set()
    for threshold, stated in tiers.items():
        rates = {**tiers[0], **stated}
        for write, other in WRITTEN:
            if write in rates and write not in stated:
                rates[write] = max(rates[write], rates.get(other, rates[write]))
        for meter in rates.keys() - stated.keys():
            (inherited if rates[meter] == tiers[0][meter] else raised).add(meter)
        tiers[threshold] = rates
    says = (
        ("no price in the tier, so as below it", inherited),
        ("no price in the tier, so as plain input or writing there", raised),
    )
    return tuple(
        f"{why}: {', '.join(meter for meter in METERS if meter in meters)}"
        for why, meters in says
        if meters
    )


def litellm_entry(models: dict, key: str) -> dict:
    """One entry of litellm's file."""
    if key not in models:
        raise PriceMissing(f"{LITELLM} has no `{key}`")
    return models[key]


def litellm_cents(models: dict, key: str, field: str) -> Decimal:
    """One price of litellm's file that is in dollars per unit, in cents."""
    entry = litellm_entry(models, key)
    if not entry.get(field):
        raise PriceMissing(f"{LITELLM} has no `{field}` of `{key}`")
    return Decimal(entry[field]) * 100


def _genai_tiers(prices: dict) -> dict[int, dict[str, Decimal]]:
    thresholds = {0}
    for field in GENAI_FIELDS:
        thresholds.update(tier.start for tier in getattr(prices.get(field), "tiers", ()))
    return {
        threshold: {
            meter: _genai_price(prices[field], threshold) * 100
            for field, meter in GENAI_FIELDS.items()
            if prices.get(field) is not None
        }
        for threshold in sorted(thresholds)
    }


def _genai_price(price, threshold: int) -> Decimal:
    if not hasattr(price, "tiers"):
        return Decimal(price)
    below = [tier for tier in price.tiers if tier.start <= threshold]
    return Decimal(below[-1].price if threshold and below else price.base)


def _whole(value) -> int | None:
    return None if value is None else int(value)
