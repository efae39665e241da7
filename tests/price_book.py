"""The drift check finds what it is for: each kind of difference, told apart, and nothing else.

Run with the Python of target/venv, as `cargo xtask test` does. The engine's own tests of
the book are in price_book.rs.
"""

import contextlib
import copy
import io
import json
import sys
import tempfile
import tomllib
import unittest
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "src/xtask/price_book"
BOOK = ROOT / "src/server/price-book.json"
sys.dont_write_bytecode = True
sys.path.insert(0, str(FOLDER))

import drift as drift_check  # noqa: E402
import packages  # noqa: E402
import table  # noqa: E402
import write  # noqa: E402
from compose import Reading, canonical  # noqa: E402

READING = Reading()
COMPOSED = READING.compose()


def the_book() -> dict:
    return json.loads(BOOK.read_text(encoding="utf-8"))


def model(book: dict, name: str) -> dict:
    return next(entry for entry in book["models"] if entry["id"] == name)


class Drift(unittest.TestCase):
    def paths(self, book: dict) -> list[tuple[str, str, str]]:
        faults = drift_check.drift(book, COMPOSED)
        return [(fault.path, fault.ours, fault.theirs) for fault in faults]

    def test_the_book_is_what_the_packages_say(self):
        self.assertEqual(self.paths(the_book()), [])

    def test_a_changed_rate_is_found_with_both_values(self):
        book = the_book()
        model(book, "gpt-6.1-sol")["rates"]["output_tokens"]["credits"] = "999"
        path = "models/gpt-6.1-sol/rates/output_tokens/credits"
        self.assertEqual(self.paths(book), [(path, "999", "1000")])

    def test_a_changed_tier_is_found(self):
        book = the_book()
        model(book, "claude-haiku-5-5")["tiers"][0]["above_input_tokens"] = 100001
        found = {path.split("/")[3] for path, _, _ in self.paths(book)}
        self.assertEqual(found, {"100000", "100001"})

    def test_a_lost_and_an_added_model_are_found(self):
        book = the_book()
        book["models"][0]["id"] = "made-up"
        self.assertEqual(
            {path for path, _, _ in self.paths(book)}, {"models/made-up", "models/gpt-6-luna"}
        )

    def test_a_changed_source_is_found(self):
        book = the_book()
        model(book, "trellis-2")["source"]["package"] = "memory"
        self.assertEqual(len(self.paths(book)), 1)

    def test_the_command_fails_on_drift_and_names_the_path(self):
        book = the_book()
        model(book, "veo-3.1-generate-001")["rates"]["video_blocks"]["credits"] = "1"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "book.json"
            path.write_text(json.dumps(book), encoding="utf-8")
            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                self.assertEqual(drift_check.main(path), 1)
                self.assertEqual(drift_check.main(Path(folder) / "absent.json"), 1)
        self.assertIn("models/veo-3.1-generate-001/rates/video_blocks/credits", said.getvalue())
        self.assertIn("absent.json", said.getvalue())


class Disagreement(unittest.TestCase):
    """What the packages say differently must be written down, and only that."""

    def faults_after(self, change) -> list[str]:
        reading = copy.copy(READING)
        with (FOLDER / "models.toml").open("rb") as file:
            reading.table = tomllib.load(file)
        reading.litellm = dict(READING.litellm)
        change(reading)
        return [fault.path for composed in reading.compose() for fault in composed.faults]

    def row(self, reading: Reading, name: str) -> dict:
        return next(row for row in reading.table["models"] if row["id"] == name)

    def test_an_unexplained_one_is_a_fault(self):
        def change(reading):
            entry = dict(reading.litellm["xai/grok-4.7"])
            entry["input_cost_per_token"] = Decimal("0.000003")
            reading.litellm["xai/grok-4.7"] = entry

        self.assertEqual(self.faults_after(change), ["models/grok-4.7/rates/input_tokens"])

    def test_an_explanation_that_no_longer_holds_is_a_fault(self):
        def change(reading):
            rates = self.row(reading, "mistral-large-4")["differs"][0]["rates"]
            rates["output_tokens"] = "417"

        path = "models/mistral-large-4/rates/output_tokens"
        self.assertEqual(self.faults_after(change), [path])

    def test_an_explanation_without_a_difference_is_a_fault(self):
        def change(reading):
            self.row(reading, "grok-4.7")["differs"] = [
                {"package": "litellm", "rates": {"input_tokens": "300"}, "why": "it used to"}
            ]

        self.assertEqual(self.faults_after(change), ["models/grok-4.7/input_tokens"])

    def test_a_tier_that_one_package_lacks_is_a_fault(self):
        def change(reading):
            del self.row(reading, "grok-4.7")["thresholds"]

        self.assertIn("models/grok-4.7/tiers/199999", self.faults_after(change))

    def test_a_kind_of_attachment_that_litellm_does_not_know_of_is_a_fault(self):
        def change(reading):
            self.row(reading, "grok-4.7")["attachments"] = "google"

        paths = [f"models/grok-4.7/{kind}_tokens" for kind in ("audio", "video")]
        self.assertEqual(self.faults_after(change), paths)

    def test_a_kind_of_input_with_a_price_of_its_own_is_a_fault(self):
        field = "input_cost_per_audio_token"

        def changed_to(price: str, name: str):
            def change(reading):
                row = self.row(reading, name)
                entry = reading.litellm[row["litellm"]]
                reading.litellm[row["litellm"]] = {**entry, field: Decimal(price)}

            return change

        path = "models/gemini-3.8-flash/audio_tokens"
        self.assertEqual(self.faults_after(changed_to("0.000003", "gemini-3.8-flash")), [path])
        self.assertEqual(self.faults_after(changed_to("0.00000075", "gemini-3.8-flash")), [])
        self.assertEqual(self.faults_after(changed_to("0.000003", "grok-4.7")), [], "it takes none")

    def test_a_package_with_another_price_fills_no_gap(self):
        argon = next(composed.entry for composed in COMPOSED if composed.id == "gemini-4-argon")
        self.assertEqual(argon["rates"]["reasoning_tokens"], argon["rates"]["output_tokens"])


class Tiers(unittest.TestCase):
    """What litellm does not price in a tier."""

    def test_it_is_as_below_it_or_as_plain_input_there_and_said(self):
        usd = {
            "input_cost_per_token": "2e-6",
            "output_cost_per_token": "8e-6",
            "cache_read_input_token_cost": "2e-7",
            "cache_creation_input_token_cost": "2.5e-6",
            "cache_creation_input_token_cost_above_1hr": "5e-6",
            "input_cost_per_token_above_200k_tokens": "4e-6",
        }
        entry = {field: Decimal(value) for field, value in usd.items()}
        read = packages.litellm_text({"made-up": entry}, "made-up")
        expected = {
            "input_tokens": 400,
            "output_tokens": 800,
            "cache_read_tokens": 20,
            "cache_write_tokens": 400,
            "cache_write_1h_tokens": 500,
        }
        self.assertEqual(read.tiers[200_000], expected)
        below = "cache_read_tokens, cache_write_1h_tokens, output_tokens"
        self.assertEqual(
            read.notes,
            (
                f"no price in the tier, so as below it: {below}",
                "no price in the tier, so as plain input or writing there: cache_write_tokens",
            ),
        )

    def test_the_model_says_it(self):
        row = {"id": "made-up", "follow": "litellm", "litellm": "perplexity/openai/gpt-5.5"}
        composed, _ = READING.followed(row, READING.stated(row))
        self.assertIn("no price in the tier, so as below it: cache_read_tokens", composed.notes)


class Table(unittest.TestCase):
    """The table of the most used models."""

    def check(self, book: dict) -> int:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "book.json"
            path.write_text(json.dumps(book), encoding="utf-8")
            with contextlib.redirect_stdout(io.StringIO()):
                return table.main(path, True)

    def test_the_committed_table_is_what_would_be_written(self):
        self.assertEqual(self.check(the_book()), 0)
        rows = [line for line in table.written(the_book(), READING).splitlines() if line[:1] == "|"]
        self.assertEqual(len(rows), 2 + table.ROWS)

    def test_another_price_or_markup_makes_it_stale(self):
        dearer = the_book()
        model(dearer, "grok-4.7")["rates"]["output_tokens"]["credits"] = "601"
        marked_up = the_book()
        marked_up["tasks"][0]["offers"][0]["multiplier"] = "1.5"
        self.assertEqual([self.check(dearer), self.check(marked_up)], [1, 1])

    def test_where_packages_differ_the_row_says_in_what_and_why(self):
        lines = table.written(the_book(), READING).splitlines()
        cells = next(line for line in lines if line.startswith("| Mistral Large 4 |")).split(" | ")
        self.assertEqual(cells[1:4], ["70 / 210 / 7", "98 / 294 / 9.8", "136 / 418 / 14"])
        self.assertEqual(cells[5:7], ["input, output, cache read", "genai-prices"])
        self.assertIn("genai-prices dates that price 2026-10-20", cells[7])

    def test_a_row_may_differ_in_a_price_and_in_where_a_tier_begins(self):
        reading = copy.copy(READING)
        reading.table = copy.deepcopy(READING.table)
        row = next(row for row in reading.table["models"] if row["id"] == "grok-4.7")
        row["differs"] = [{"package": "litellm", "rates": {"input_tokens": "300"}, "why": "it lags"}]
        entry = {**READING.litellm["xai/grok-4.7"], "input_cost_per_token": Decimal("0.000003")}
        reading.litellm = {**READING.litellm, "xai/grok-4.7": entry}
        lines = table.written(the_book(), reading).splitlines()
        cells = next(line for line in lines if line.startswith("| Grok 4.7 |")).split(" | ")
        self.assertEqual(cells[5], "where a tier begins, input")
        self.assertIn("has input_tokens 300: it lags", cells[7])

    def test_a_model_that_more_providers_list_is_asked_for(self):
        reading = copy.copy(READING)
        entry = {"mode": "chat", "input_cost_per_token": Decimal("0.000001")}
        made_up = {f"host{n}/made-up": {**entry, "litellm_provider": f"host{n}"} for n in range(99)}
        reading.litellm = {**READING.litellm, **made_up}
        with self.assertRaisesRegex(table.Stale, "made-up"):
            table.written(the_book(), reading)


class Written(unittest.TestCase):
    def test_the_generator_writes_the_committed_book(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "book.json"
            with contextlib.redirect_stdout(io.StringIO()):
                self.assertEqual(write.main(path), 0)
            self.assertEqual(path.read_text(encoding="utf-8"), BOOK.read_text(encoding="utf-8"))

    def test_amounts_are_canonical(self):
        for value, text in [("100", "100"), ("0.600", "0.6"), ("1E+2", "100"), ("0.000001", "0.000001")]:
            self.assertEqual(canonical(Decimal(value)), text)
        with self.assertRaises(ValueError):
            canonical(Decimal("0.0000001"))


if __name__ == "__main__":
    unittest.main()
