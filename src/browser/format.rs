//! Amounts for people: exact, grouped as their language does, never through a float.

use crate::thrown::thrown;
use kumari_engine::amount::ExactCredits;
use std::cell::RefCell;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Formatters that are kept: a page shows a few lengths of fractions, in one language.
const KEPT_MAX: usize = 16;

thread_local! {
    /// To make a formatter takes ten times as long as to use it.
    static KEPT: RefCell<Vec<Kept>> = const { RefCell::new(Vec::new()) };
}

struct Kept {
    locale: Option<String>,
    decimals: u32,
    format: NumberFormat,
}

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    #[wasm_bindgen(js_namespace = Intl)]
    type NumberFormat;

    #[wasm_bindgen(catch, constructor, js_namespace = Intl)]
    fn new(locale: &JsValue, options: &JsValue) -> Result<NumberFormat, JsValue>;

    // An engine that knows `formatToParts` of a text keeps every digit of it.
    #[wasm_bindgen(catch, method, js_name = format)]
    fn format_text(this: &NumberFormat, decimal: &str) -> Result<String, JsValue>;
}

/// An amount for people: `12`, `1.40`, `1.3755`, `12,345.678901`. Nothing is ever rounded; where
/// there is a fraction it has at least two decimals, so that amounts line up as prices do.
///
/// # Errors
/// The `Error` to throw: `amount_invalid` or `locale_invalid`.
#[wasm_bindgen]
pub fn format(amount: &str, locale: Option<String>) -> Result<String, JsValue> {
    let decimals =
        decimals_shown(amount).map_err(|message| thrown("amount_invalid", "", &message))?;
    formatter(locale, decimals)
        .and_then(|format| format.format_text(amount))
        .map_err(|_| thrown("locale_invalid", "", "not a locale: write a tag such as `en-GB`"))
}

/// The formatter of a language for so many decimals.
fn formatter(locale: Option<String>, decimals: u32) -> Result<NumberFormat, JsValue> {
    let is_it = |kept: &&Kept| kept.decimals == decimals && kept.locale == locale;
    let known = KEPT.with_borrow(|all| all.iter().find(is_it).map(|kept| kept.format.clone()));
    if let Some(format) = known {
        return Ok(format);
    }
    let options: JsValue = js_sys::Object::new().into();
    crate::thrown::set(&options, "minimumFractionDigits", &decimals.into());
    crate::thrown::set(&options, "maximumFractionDigits", &decimals.into());
    let tag = locale.as_deref().map_or(JsValue::UNDEFINED, Into::into);
    let format = NumberFormat::new(&tag, &options)?;
    KEPT.with_borrow_mut(|all| {
        all.truncate(KEPT_MAX - 1);
        all.insert(0, Kept { locale, decimals, format: format.clone() });
    });
    Ok(format)
}

/// How many decimals an amount shows.
fn decimals_shown(amount: &str) -> Result<u32, String> {
    // A price line may have more decimals than a balance; both are shown as they are.
    amount.parse::<ExactCredits>().map_err(|fault| format!("`{amount}` is {fault}"))?;
    let decimals = amount.bytes().rev().position(|byte| byte == b'.').unwrap_or(0);
    Ok(match decimals {
        1 => 2,
        other => u32::try_from(other).unwrap_or(u32::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::decimals_shown;

    #[test]
    fn a_fraction_has_two_decimals_or_all_that_it_needs() {
        let cases = [
            ("0", Ok(0)),
            ("12", Ok(0)),
            ("-12", Ok(0)),
            ("1.4", Ok(2)),
            ("1.38", Ok(2)),
            ("1.3755", Ok(4)),
            ("0.0000001", Ok(7)),
        ];
        for (amount, decimals) in cases {
            assert_eq!(decimals_shown(amount), decimals, "{amount}");
        }
        for amount in ["", "1.50", "1e3", "NaN", "1,5", "0.00000000000000001"] {
            assert!(decimals_shown(amount).is_err(), "{amount}");
        }
    }
}
