"""Writes what both packages carry as the files that `kumari-credits price-book import` reads.

Usage: python lists.py FOLDER. Writes `litellm.json`, the price map inside the litellm package, and
`genai-prices.json`, in the form of the project's own `data.json`, which its package holds as Python.
"""

import json
import shutil
import sys
from decimal import Decimal
from pathlib import Path

from genai_prices.data import providers
from genai_prices.types import StartDateConstraint, TieredPrices, TimeOfDateConstraint

from packages import litellm_path


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(litellm_path(), folder / "litellm.json")
    written = json.dumps([_provider(provider) for provider in providers], ensure_ascii=False)
    (folder / "genai-prices.json").write_text(written + "\n", encoding="utf-8")


def _provider(provider) -> dict:
    return _stated(
        id=provider.id,
        name=provider.name,
        pricing_urls=provider.pricing_urls,
        models=[_model(model) for model in provider.models],
    )


def _model(model) -> dict:
    prices = model.prices
    variants = model.price_variants
    return _stated(
        id=model.id,
        name=model.name,
        context_window=model.context_window,
        price_comments=model.price_comments,
        deprecated=model.deprecated,
        prices=[_conditional(one) for one in prices] if isinstance(prices, list) else _prices(prices),
        price_variants=None
        if variants is None
        else [{"when": one.when, **_conditional(one)} for one in variants],
    )


def _conditional(one) -> dict:
    match one.constraint:
        case None:
            constraint = None
        case StartDateConstraint(start_date=day):
            constraint = {"start_date": day.isoformat()}
        case TimeOfDateConstraint(start_time=start, end_time=end):
            constraint = {"start_time": start.isoformat(), "end_time": end.isoformat()}
        case other:
            raise TypeError(f"a constraint that data.json does not have: {other}")
    return _stated(constraint=constraint, prices=_prices(one.prices))


def _prices(prices) -> dict:
    return {field: _price(price) for field, price in vars(prices).items() if price is not None}


def _price(price):
    if isinstance(price, TieredPrices):
        tiers = [{"start": tier.start, "price": _number(tier.price)} for tier in price.tiers]
        return {"base": _number(price.base), "tiers": tiers}
    return _number(price)


def _number(value) -> int | float:
    """The JSON number that is written with the same digits."""
    exact = Decimal(value)
    number = int(exact) if exact == exact.to_integral_value() else float(exact)
    if Decimal(repr(number)) != exact:
        raise ValueError(f"{exact} has more digits than a float")
    return number


def _stated(**fields) -> dict:
    return {name: value for name, value in fields.items() if value is not None}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
