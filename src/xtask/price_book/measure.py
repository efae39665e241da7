"""Measures how many tokens other tokenizers make of what o200k_base counts as one: of those pieces of
texts that are Latin words, and of all others (src/engine/encoding.rs says what those are).

Usage: python measure.py. Not part of any check: its figures stand in models.toml, under
`encodings`, with what was assumed beyond them. It needs, in an environment of its own, litellm as
pinned here (for the tokenizers inside it) and tiktoken 0.14.0, tokenizers 0.23.3,
mistral-common 1.13.1 and regex. The texts are this repository's own files and the translated messages of
the programs installed on the machine, so the figures differ a little from machine to machine.
"""

import gettext
import random
import re
from importlib import metadata, resources
from pathlib import Path

import regex
import tiktoken
from mistral_common.tokens.tokenizers.tekken import Tekkenizer
from tiktoken.load import load_tiktoken_bpe
from tokenizers import Tokenizer

ROOT = Path(__file__).parent.parent.parent.parent
LOCALES = Path("/usr/share/locale")
TEXT_LENGTH = 20_000
# Of fewer tokens a ratio says little.
TOKENS_MIN = 200
LATIN = regex.compile(
    r"[\x00-\x2f\x3a-\x7f\u00a0-\u00b1\u00b4-\u00b8\u00ba\u00bb\u00bf-\u017f\u2010-\u2027\u20ac]+"
)
# The name that tiktoken gives its cached copy of o200k_base.
O200K_BASE = "fb374d419588a4632f3f557e76b4b70aebbca790"
O200K_PATTERN = "|".join(
    [
        r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
        r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
        r"""\p{N}{1,3}""",
        r""" ?[^\s\p{L}\p{N}]+[\r\n/]*""",
        r"""\s*[\r\n]+""",
        r"""\s+(?!\S)""",
        r"""\s+""",
    ]
)


def main() -> None:
    inside = Path(metadata.distribution("litellm").locate_file("litellm/litellm_core_utils/tokenizers"))
    counted = tiktoken.Encoding(
        "o200k_base",
        pat_str=O200K_PATTERN,
        mergeable_ranks=load_tiktoken_bpe(str(inside / O200K_BASE)),
        special_tokens={},
    )
    deepseek = Tokenizer.from_file(str(inside / "deepseek_tokenizer.json"))
    claude = Tokenizer.from_file(str(inside / "anthropic_tokenizer.json"))
    data = resources.files("mistral_common") / "data" / "tekken_240911.json"
    tekken = Tekkenizer.from_file(str(data))
    others = {
        "deepseek": lambda text: len(deepseek.encode(text, add_special_tokens=False).ids),
        "mistral tekken": lambda text: len(tekken.encode(text, bos=False, eos=False)),
        "claude (earlier)": lambda text: len(claude.encode(text, add_special_tokens=False).ids),
    }
    tokenizers = [lambda text: len(counted.encode(text, disallowed_special=())), *others.values()]
    found = [(name, *parts(text, tokenizers)) for name, text in texts().items()]
    for kind, part in (("Latin words", 1), ("all else", 2)):
        print(f"{kind:14}" + "".join(f"{name:>18}" for name in others))
        rows = [(row[0], row[part]) for row in found if row[part][0] >= TOKENS_MIN]
        ratios = [(name, [count / counts[0] for count in counts[1:]]) for name, counts in rows]
        for name, row in ratios:
            print(f"{name:14}" + "".join(f"{ratio:18.3f}" for ratio in row))
        for end in (min, max):
            ends = [end(column) for column in zip(*(row for _, row in ratios))]
            print(f"{end.__name__:14}" + "".join(f"{ratio:18.3f}" for ratio in ends))


def parts(text: str, tokenizers: list) -> tuple[list[int], list[int]]:
    """Tokens of the Latin words of a text, and what the whole text has beyond them: the others are
    not joined, for a run of signs that comes of it would be another text."""
    pieces = [piece.group() for piece in regex.finditer(O200K_PATTERN, text)]
    words = "".join(piece for piece in pieces if is_of_latin_words(piece))
    latin = [count(words) for count in tokenizers]
    return latin, [count(text) - part for count, part in zip(tokenizers, latin)]


def is_of_latin_words(piece: str) -> bool:
    """As src/tokens/tokens.rs says it."""
    if not LATIN.fullmatch(piece) or len(piece.encode()) > 32:
        return False
    return len(piece) <= 2 or bool(regex.search(r"\p{L}", piece))


def texts() -> dict[str, str]:
    found = {
        "english": _files("*.md"),
        "rust": _files("src/engine/*.rs"),
        "python": _files("src/xtask/price_book/*.py"),
        "json": _files("src/server/price-book.json"),
        "css": _files("www/src/styles/*.css"),
        "tsx": _files("www/src/*/*.tsx"),
        "upper case": _files("*.md").upper(),
        "digits": " ".join(str(random.Random(seed).randrange(10**12)) for seed in range(1500)),
    }
    found |= {
        "art": "".join(random.Random(seed).choice(("; ;+", "+;+ ;", "\n")) for seed in range(6000)),
        "banners": "".join(f"{'/' * 77}\r\n// Part {part}\r\n\r\n" for part in range(200)),
        "forms": "Name: ____________________\nDate: ______________\n\n" * 100,
        "paragraphs": "word\r\n\r\n" * 2000,
        "table": "+--------+------+\n| a name | size |\n" * 300,
        "tree": "│   ├── a\n│   └── b\n" * 300,
    }
    for folder in sorted(LOCALES.iterdir()):
        found[folder.name] = _messages(folder)
    return {name: text[:TEXT_LENGTH] for name, text in found.items() if len(text) > 2_000}


def _files(pattern: str) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in sorted(ROOT.glob(pattern)))


def _messages(folder: Path) -> str:
    messages: list[str] = []
    for path in sorted(folder.glob("LC_MESSAGES/*.mo")):
        try:
            with path.open("rb") as file:
                catalogue = gettext.GNUTranslations(file)._catalog
        # What is not read is skipped: some catalogues are in other encodings, some are damaged.
        except (IndexError, OSError, UnicodeDecodeError, ValueError):
            continue
        messages += [text for text in catalogue.values() if re.match(r".{20}", text)]
    return "\n".join(messages)


if __name__ == "__main__":
    main()
