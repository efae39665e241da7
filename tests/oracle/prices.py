"""Prices of the second ledger: what a leg costs, and what fits a balance (R6, R10, R15)."""

from fractions import Fraction

from values import MICRO, Denied, micros


class Book:
    def __init__(self, book):
        self.book = book
        self.step = micros(book["charge_step"])
        self.models = {model["id"]: model for model in book["models"] if "text" in model["kind"]}
        self.direct = next(task for task in book["tasks"] if task["task"] == "direct")
        self.pro = next(plan for plan in book["plans"] if plan["id"] == "pro")

    def offer(self, name):
        if name not in self.models:
            raise Denied("not_offered")
        tier = self.models[name]["kind"]["text"]["tier"]
        return next(one for one in self.direct["offers"] if one["models"] == {"tier": tier})

    def charge(self, name, usage):
        """R6: exact, rounded up once to the step, then raised to the minimum."""
        offer, rates = self.offer(name), self.models[name]["rates"]
        exact = Fraction(offer.get("per_request", "0"))
        for meter, quantity in usage.items():
            if quantity and meter not in rates:
                raise Denied("request_invalid")
            if quantity:
                exact += Fraction(rates[meter]["credits"]) * quantity / rates[meter]["per"]
        exact *= Fraction(offer["multiplier"]) * MICRO
        steps = -((-exact) // self.step)
        return max(int(steps) * self.step, micros(offer.get("minimum", "0")))

    def output_bounds(self, name, request):
        """R10: what the request does not bound, the book does. The floor, and the most."""
        bound = self.offer(name)["bounds"]["output_tokens"]
        most = request.get("output_tokens_max", bound["max"])
        return min(bound["floor"], most), most

    def highs(self, request, cap):
        """What each leg may cost at most under a cap that all have in common."""
        highs = []
        for name in request["models"]:
            most = self.output_bounds(name, request)[1]
            output = most if cap is None else min(most, cap)
            usage = {"input_tokens": request["input_tokens"]["o200k_base"], "output_tokens": output}
            highs.append(self.charge(name, usage))
        return highs

    def check(self, request):
        names = request.get("models", [])
        right = len(names) == 1 if request["task"] == "direct" else 2 <= len(names) <= 4
        if not right or len(set(names)) < len(names):
            raise Denied("request_invalid")
        self.highs(request, None)

    def fit(self, request, cap, available):
        """R15: the largest common cap whose rounded sum fits, at least every leg's floor."""
        bounds = [self.output_bounds(name, request) for name in request["models"]]
        least = max(floor for floor, _ in bounds)
        most = max(most if cap is None else min(most, cap) for _, most in bounds)
        if sum(self.highs(request, least)) > available:
            return None
        # A higher cap never costs less, so half of what is left can be skipped each time.
        fits, too_much = least, most + 1
        while too_much - fits > 1:
            middle = (fits + too_much) // 2
            if sum(self.highs(request, middle)) <= available:
                fits = middle
            else:
                too_much = middle
        return fits

    def pack(self, usd_cents):
        packs, usd = self.book["packs"], usd_cents // 100
        if usd_cents % 100 or not packs["usd_min"] <= usd <= packs["usd_max"]:
            raise Denied("request_invalid")
        brackets = [one for one in packs["brackets"] if one["from_usd"] <= usd]
        return micros(max(brackets, key=lambda one: one["from_usd"])["credits_per_usd"]) * usd
