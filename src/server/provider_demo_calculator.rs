//! A calculator for the demo's agent: the arithmetic that a text asks for, exactly.
//!
//! It knows whole and decimal numbers, `+ - * / ×  ÷ %`, and parentheses. A number is a fraction of whole
//! numbers, so nothing is rounded before it is shown; what would be too large has no result.

/// The longest expression that is looked at, in characters.
const EXPRESSION_CHARS_MAX: usize = 80;
/// The most digits behind the point that are shown.
const DIGITS_MAX: usize = 6;
/// The deepest nesting of parentheses.
const DEPTH_MAX: usize = 16;

/// The first expressions in a text that have an operator, each with its result.
pub(crate) fn calculations(text: &str, most: usize) -> Vec<(String, String)> {
    let is_part = |sign: char| sign.is_ascii_digit() || " .,+-*/×÷%()".contains(sign);
    let stretches = text.split(|sign| !is_part(sign)).map(trimmed);
    let found = stretches.filter(|one| {
        let has_number =
            one.starts_with(|sign: char| sign.is_ascii_digit() || sign == '(' || sign == '-');
        has_number && one.chars().count() <= EXPRESSION_CHARS_MAX && has_operator(one)
    });
    let known = found.filter_map(|one| Some((one.to_owned(), evaluate(one)?.shown())));
    known.take(most).collect()
}

/// Without what ends a sentence or joins it to the next.
fn trimmed(stretch: &str) -> &str {
    let stretch = stretch.trim_matches([' ', ',', '.']);
    stretch.trim_end_matches(['+', '-', '*', '/', '×', '÷', '(', ' ', ',', '.'])
}

/// An operator between two numbers; dates and times are none.
fn has_operator(text: &str) -> bool {
    let inner = text.get(1..).unwrap_or_default();
    let has = inner.contains(['+', '*', '×', '÷', '/', '-']);
    // `2027-03-01` and `1/2/2027` are dates.
    let is_date = inner.matches('-').count() == 2 || inner.matches('/').count() == 2;
    has && (inner.contains(' ') || !is_date)
}

/// A fraction in its lowest terms, its denominator above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fraction {
    above: i128,
    below: i128,
}

impl Fraction {
    fn new(above: i128, below: i128) -> Option<Self> {
        if below == 0 {
            return None;
        }
        let divisor = common_divisor(above.unsigned_abs(), below.unsigned_abs());
        let divisor = i128::try_from(divisor).ok()?.max(1);
        let sign = below.signum();
        Some(Self {
            above: above.checked_div(divisor)?.checked_mul(sign)?,
            below: below.checked_div(divisor)?.checked_mul(sign)?,
        })
    }

    fn plus(self, other: Self) -> Option<Self> {
        let left = self.above.checked_mul(other.below)?;
        let right = other.above.checked_mul(self.below)?;
        Self::new(left.checked_add(right)?, self.below.checked_mul(other.below)?)
    }

    fn times(self, other: Self) -> Option<Self> {
        Self::new(self.above.checked_mul(other.above)?, self.below.checked_mul(other.below)?)
    }

    fn divided_by(self, other: Self) -> Option<Self> {
        self.times(Self::new(other.below, other.above)?)
    }

    fn negated(self) -> Option<Self> {
        Some(Self { above: self.above.checked_neg()?, ..self })
    }

    /// As a decimal, cut after some digits: then with `…` behind it.
    fn shown(self) -> String {
        let whole = self.above.unsigned_abs() / self.below.unsigned_abs();
        let mut rest = self.above.unsigned_abs() % self.below.unsigned_abs();
        let mut text = if self.above < 0 { format!("-{whole}") } else { whole.to_string() };
        for place in 0..DIGITS_MAX {
            if rest == 0 {
                break;
            }
            if place == 0 {
                text.push('.');
            }
            let Some(ten) = rest.checked_mul(10) else { break };
            text.push_str(&(ten / self.below.unsigned_abs()).to_string());
            rest = ten % self.below.unsigned_abs();
        }
        if rest != 0 {
            text.push('…');
        }
        text
    }
}

fn common_divisor(left: u128, right: u128) -> u128 {
    let (mut left, mut right) = (left, right);
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

fn evaluate(text: &str) -> Option<Fraction> {
    let signs: Vec<char> = text.chars().filter(|sign| *sign != ' ' && *sign != ',').collect();
    let mut reader = Reader { signs: &signs, depth: 0 };
    let result = reader.sum()?;
    reader.signs.is_empty().then_some(result)
}

struct Reader<'text> {
    signs: &'text [char],
    depth: usize,
}

impl Reader<'_> {
    fn next_if(&mut self, wanted: &[char]) -> Option<char> {
        let (first, rest) = self.signs.split_first()?;
        wanted.contains(first).then(|| {
            self.signs = rest;
            *first
        })
    }

    fn sum(&mut self) -> Option<Fraction> {
        let mut sum = self.product()?;
        while let Some(sign) = self.next_if(&['+', '-']) {
            let next = self.product()?;
            sum = sum.plus(if sign == '+' { next } else { next.negated()? })?;
        }
        Some(sum)
    }

    fn product(&mut self) -> Option<Fraction> {
        let mut product = self.factor()?;
        while let Some(sign) = self.next_if(&['*', '×', '/', '÷']) {
            let next = self.factor()?;
            let is_times = matches!(sign, '*' | '×');
            product = if is_times { product.times(next)? } else { product.divided_by(next)? };
        }
        Some(product)
    }

    fn factor(&mut self) -> Option<Fraction> {
        if self.next_if(&['-']).is_some() {
            return self.number()?.negated();
        }
        self.number()
    }

    /// A number or what is in parentheses, in hundredths where a `%` follows.
    fn number(&mut self) -> Option<Fraction> {
        let number = if self.next_if(&['(']).is_some() {
            self.depth = self.depth.checked_add(1).filter(|depth| *depth <= DEPTH_MAX)?;
            let inner = self.sum()?;
            self.next_if(&[')'])?;
            self.depth = self.depth.saturating_sub(1);
            inner
        } else {
            self.decimal()?
        };
        match self.next_if(&['%']) {
            Some(_) => number.divided_by(Fraction::new(100, 1)?),
            None => Some(number),
        }
    }

    fn decimal(&mut self) -> Option<Fraction> {
        let (mut above, mut below, mut is_behind, mut has_digit) = (0_i128, 1_i128, false, false);
        while let Some((first, rest)) = self.signs.split_first() {
            if let Some(digit) = first.to_digit(10) {
                above = above.checked_mul(10)?.checked_add(i128::from(digit))?;
                below = if is_behind { below.checked_mul(10)? } else { below };
                has_digit = true;
            } else if *first == '.' && !is_behind {
                is_behind = true;
            } else {
                break;
            }
            self.signs = rest;
        }
        if has_digit { Fraction::new(above, below) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::calculations;

    #[test]
    fn it_calculates_what_a_text_asks_for() {
        for (text, expected) in [
            ("What is 12 * 4.5?", Some(("12 * 4.5", "54"))),
            ("Work out (1,450 + 80) × 12 - 5, please", Some(("(1,450 + 80) × 12 - 5", "18355"))),
            ("20% * 350", Some(("20% * 350", "70"))),
            ("10 / 4 and more", Some(("10 / 4", "2.5"))),
            ("1/3", Some(("1/3", "0.333333…"))),
            ("-2 * -3", Some(("-2 * -3", "6"))),
            ("5 / 0", None),
            ("on 2027-03-01 at 10:30", None),
            ("3 apples", None),
            ("((((((((((((((((((1+1))))))))))))))))))", None),
            ("99999999999999999999 * 99999999999999999999 * 99999999999999999999", None),
        ] {
            let found = calculations(text, 1);
            let found = found.first().map(|(asked, result)| (asked.as_str(), result.as_str()));
            assert_eq!(found, expected, "{text}");
        }
    }
}
