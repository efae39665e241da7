"""One calculator in a Python of its own: reads what to do, writes what came of it.

As `contestant.js` does it: all answers are right before and after they were timed, and what counts
is the median of rounds of all questions.
"""

import json
import os
import statistics
import sys
import time

# Its prices are those of its own package, not of the day.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"


def genai_prices(models):
    from genai_prices import Usage, calc_price

    def estimate(usage):
        usage = Usage(input_tokens=usage["input_tokens"], output_tokens=usage["output_tokens"])
        return [calc_price(usage, model_ref=model).total_price for model in models]

    return estimate


def litellm(models):
    from litellm import cost_per_token

    def estimate(usage):
        prompt, completion = usage["input_tokens"], usage["output_tokens"]
        return [
            sum(cost_per_token(model=model, prompt_tokens=prompt, completion_tokens=completion))
            for model in models
        ]

    return estimate


def check(contestant, estimate, questions):
    for question in questions:
        for price, dollars in zip(estimate(question["usage"]), question["dollars"], strict=True):
            if not abs(float(price) - dollars) < 1e-9:
                sys.exit(f"{contestant}: {price} for {question['usage']}, not {dollars}")


def rounds(estimate, questions, budget_ms):
    """How long each question took in whole rounds, in microseconds."""
    until = time.perf_counter() + budget_ms / 1e3
    found = []
    while not found or time.perf_counter() < until:
        began = time.perf_counter()
        for question in questions:
            estimate(question["usage"])
        found.append((time.perf_counter() - began) * 1e6 / len(questions))
    return found


def main():
    contestant, order_file = sys.argv[1:]
    with open(order_file, encoding="utf-8") as file:
        order = json.load(file)
    questions, budget_ms = order["questions"], order["budgetMs"]
    estimate = {"genai-prices": genai_prices, "litellm": litellm}[contestant](order["models"])
    check(contestant, estimate, questions)
    rounds(estimate, questions, budget_ms)
    figure = statistics.median(rounds(estimate, questions, budget_ms))
    check(contestant, estimate, questions)
    json.dump({"estimate_us": figure}, sys.stdout)


main()
