/// Splits a statement's lines by account and sums what each has spent.
pub fn totals(lines: &[Line], now: Timestamp) -> Result<BTreeMap<AccountId, Credits>, SumError> {
    let mut totals = BTreeMap::new();
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| line.at < now) {
        let entry = totals.entry(line.account.clone()).or_insert(Credits::ZERO);
        *entry = entry.checked_add(line.amount).ok_or(SumError::Overflow { index })?;
    }
    Ok(totals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_future_are_left_out() {
        let lines = [line("a", 5, 10), line("a", 7, 20), line("b", 1, 10)];
        assert_eq!(totals(&lines, Timestamp(15)).unwrap().len(), 2);
    }
}
