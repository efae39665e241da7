//! Periods and their boundaries (R35, E7).

use kumari_engine::period::Periods;
use kumari_tests::accounts::time;

fn starts(anchor: &str, months: u32, count: u32) -> Vec<String> {
    let periods = Periods { anchor: time(anchor), months };
    (0..count).map(|n| periods.start(n).to_string()).collect()
}

#[test]
fn r35_e07_boundaries_are_counted_from_the_anchor() {
    assert_eq!(
        starts("2026-01-31T10:00:00Z", 1, 4),
        [
            "2026-01-31T10:00:00Z",
            "2026-02-28T10:00:00Z",
            "2026-03-31T10:00:00Z",
            "2026-04-30T10:00:00Z"
        ]
    );
}

/// Days of the month that a subscription may begin on, and where its periods then begin in a leap
/// year: January to December 2028.
const MONTHLY: [(u32, [u32; 12]); 6] = [
    (1, [1; 12]),
    (15, [15; 12]),
    (28, [28; 12]),
    (29, [29; 12]),
    (30, [30, 29, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30]),
    (31, [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]),
];

#[test]
fn r35_every_month_has_its_boundary_just_before_at_and_after() {
    for (day, days) in MONTHLY {
        for (year, february) in [(2028, days[1]), (2027, days[1].min(28))] {
            let anchor = time(&format!("2026-01-{day:02}T10:00:00Z"));
            let periods = Periods { anchor, months: 1 };
            for (month, day) in (1..=12).zip(days) {
                let day = if month == 2 { february } else { day };
                let n = (year - 2026) * 12 + month - 1;
                let boundary = time(&format!("{year}-{month:02}-{day:02}T10:00:00Z"));
                assert_eq!(periods.start(n), boundary, "{anchor} and {n} months");
                for (at, running) in [
                    (boundary.as_millis() - 1, n - 1),
                    (boundary.as_millis(), n),
                    (boundary.as_millis() + 1, n),
                ] {
                    let began = |n| periods.start(n).as_millis() <= at;
                    assert!(began(running) && !began(running + 1), "{boundary}: {at}");
                }
            }
        }
    }
}

#[test]
fn r35_a_year_leads_to_the_same_day_or_the_last_of_february() {
    for (anchor, years) in [
        ("2024-02-29T10:00:00Z", ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
        ("2024-01-31T10:00:00Z", ["2025-01-31", "2026-01-31", "2027-01-31", "2028-01-31"]),
        ("2024-12-15T10:00:00Z", ["2025-12-15", "2026-12-15", "2027-12-15", "2028-12-15"]),
        ("2023-02-28T10:00:00Z", ["2024-02-28", "2025-02-28", "2026-02-28", "2027-02-28"]),
        ("2024-03-01T10:00:00Z", ["2025-03-01", "2026-03-01", "2027-03-01", "2028-03-01"]),
        ("2024-08-30T10:00:00Z", ["2025-08-30", "2026-08-30", "2027-08-30", "2028-08-30"]),
    ] {
        let expected = years.map(|day| format!("{day}T10:00:00Z"));
        assert_eq!(starts(anchor, 12, 5)[1..], expected, "{anchor}");
    }
}

#[test]
fn r36_a_reported_start_belongs_to_the_nearest_boundary() {
    let monthly = Periods { anchor: time("2026-01-31T10:00:00Z"), months: 1 };
    for (reported, n) in [
        ("2025-12-01T00:00:00Z", 0),
        ("2026-01-31T10:00:00Z", 0),
        ("2026-02-14T09:59:59Z", 0),
        ("2026-02-14T10:00:01Z", 1),
        ("2026-02-28T09:59:59.999Z", 1),
        ("2026-03-01T10:00:00Z", 1),
        ("2026-03-30T22:00:00Z", 2),
        ("2028-02-29T00:00:00Z", 25),
    ] {
        assert_eq!(monthly.nearest(time(reported)), n, "{reported}");
    }
    let yearly = Periods { anchor: time("2024-02-29T10:00:00Z"), months: 12 };
    for (reported, n) in [
        ("2024-08-01T00:00:00Z", 0),
        ("2024-09-15T00:00:00Z", 1),
        ("2025-02-28T10:00:00Z", 1),
        ("2028-02-28T00:00:00Z", 4),
    ] {
        assert_eq!(yearly.nearest(time(reported)), n, "{reported}");
    }
}

#[test]
fn r35_the_end_of_time_is_an_end() {
    let periods = Periods { anchor: time("9999-11-30T10:00:00Z"), months: 1 };
    assert_eq!(periods.start(1), time("9999-12-30T10:00:00Z"));
    assert_eq!(periods.start(2), time("9999-12-31T23:59:59.999Z"));
    assert_eq!(periods.start(u32::MAX), time("9999-12-31T23:59:59.999Z"));
}
