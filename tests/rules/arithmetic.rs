//! A charge is exact: what a second arithmetic with numbers of any size comes to (R6, R8).

use kumari_engine::rating::RatingFault;
use kumari_tests::arithmetic_cases::{Case, case};
use num_bigint::BigInt;
use num_rational::BigRational;

/// A decimal as the fraction that it is.
fn fraction(text: &str) -> BigRational {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits: BigInt = format!("{whole}{decimals}").parse().unwrap();
    BigRational::new(digits, BigInt::from(10).pow(decimals.len().try_into().unwrap()))
}

fn whole(number: u64) -> BigRational {
    BigInt::from(number).into()
}

/// `(per_request + sum(quantity x rate)) x multiplier`, rounded up to the step once, then raised to
/// the minimum.
fn exact(case: &Case) -> BigRational {
    let mut sum = case.per_request.as_deref().map_or_else(|| whole(0), fraction);
    for (meter, count) in &case.usage {
        let rate = case.rates_that_hold().iter().find(|(other, _, _)| other == meter);
        let (_, credits, per) = rate.unwrap();
        sum += whole(*count) * fraction(credits) / whole(*per);
    }
    let step = fraction(&case.charge_step);
    let rounded = (sum * fraction(&case.multiplier) / &step).ceil() * step;
    let minimum = case.minimum.as_deref().map_or_else(|| whole(0), fraction);
    rounded.max(minimum)
}

#[test]
fn r06_a_charge_is_the_exact_fraction_rounded_up_once() {
    let most = BigRational::new(i64::MAX.into(), 1_000_000.into());
    let mut rng = fastrand::Rng::with_seed(6);
    let (mut charged, mut too_much) = (0_u32, 0_u32);
    for _ in 0..100_000 {
        let case = case(&mut rng);
        let exact = exact(&case);
        match case.charge() {
            Ok(charge) => {
                assert_eq!(fraction(&charge.to_string()), exact, "{case:?}");
                charged += 1;
            }
            Err(RatingFault::Overflow) => {
                assert!(exact > most, "{case:?} is {exact}");
                too_much += 1;
            }
            Err(fault @ RatingFault::Unpriced(_)) => panic!("{fault}: {case:?}"),
        }
    }
    // Cases of which nearly all are one kind prove little.
    assert!(charged > 50_000 && too_much > 5_000, "{charged} charges, {too_much} out of range");
}
