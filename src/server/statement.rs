//! `GET /api/statement` and `kumari-credits statement`: what a period did to an account (R34).
//!
//! A history may be long: its lines are read a page at a time, and the balance that a period opens
//! with is summed up from whichever end of the journal is nearer. Nothing is written: what was due
//! by now is shown as the next command will enter it (R32).

use crate::app::App;
use crate::body::json;
use crate::problem::{Answer, Problem};
use crate::session::Caller;
use crate::statement_csv::{self, MEDIA_TYPE};
use crate::statement_period::{Period, PeriodQuery};
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::stream::{BoxStream, Stream, StreamExt as _};
use kumari_engine::account::LedgerFault;
use kumari_engine::amount::Credits;
use kumari_engine::entry::Entry;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::lot::Lot;
use kumari_engine::spending::{Spending, Tally};
use kumari_engine::statement::{Statement, StatementLine, Tasks, learn_tasks, settled_change};
use kumari_engine::time::Timestamp;
use kumari_store::{ENTRIES_MAX, Ledger, LedgerError, Store, Wanted};
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A journal as of one instant, what was due by then included.
pub(crate) struct Journal {
    store: Arc<dyn Store>,
    account: AccountId,
    /// How many of its entries are stored; what was due follows.
    stored: u64,
    due: Vec<Entry>,
    /// What is settled after the last of them.
    settled: Credits,
    /// What is left then.
    pub(crate) lots: Vec<Lot>,
    /// The instant.
    pub(crate) as_of: Timestamp,
}

/// The part of a journal that a statement is about.
pub(crate) struct Excerpt {
    journal: Journal,
    /// The number of the last entry before it.
    after: u64,
    /// The number of its last entry.
    last: u64,
    /// What was settled before it.
    pub(crate) opening: Credits,
    /// What was settled after it.
    pub(crate) closing: Credits,
    /// What was settled before its first line here, which in a later page is not its first.
    before: Credits,
}

impl Journal {
    /// The journal of an account, brought to now.
    pub(crate) async fn open(ledger: &Ledger, account: &AccountId) -> Result<Self, LedgerError> {
        let change = ledger.advanced(account, &[]).await?;
        let due = u64::try_from(change.entries.len()).unwrap_or(u64::MAX);
        let as_of = ledger.now().max(change.account.updated_at);
        Ok(Self {
            store: Arc::clone(ledger.store()),
            account: account.clone(),
            stored: change.account.sequence.saturating_sub(due),
            settled: change.account.settled().map_err(LedgerError::Fault)?,
            lots: change.account.lots,
            as_of,
            due: change.entries,
        })
    }

    /// Whether there is any entry.
    pub(crate) fn is_empty(&self) -> bool {
        self.last() == 0
    }

    /// The part of a period; of its lines those after the entry `after`.
    pub(crate) async fn excerpt(
        self,
        period: Period,
        after: Option<u64>,
    ) -> Result<Excerpt, LedgerError> {
        let first = self.count_before(period.from).await?;
        let last = self.count_before(period.to).await?;
        let after = after.unwrap_or(first).clamp(first, last);
        let [opening, before, closing] = self.balances([first, after, last]).await?;
        Ok(Excerpt { journal: self, after, last, opening, closing, before })
    }

    fn last(&self) -> u64 {
        self.due.last().map_or(self.stored, |entry| entry.sequence)
    }

    /// Some of the entries after one and up to another, in order; none where there are no more.
    async fn page(&self, after: u64, last: u64) -> Result<Vec<Entry>, LedgerError> {
        let stored = last.min(self.stored).saturating_sub(after);
        if stored > 0 {
            let limit = u32::try_from(stored).unwrap_or(u32::MAX).min(ENTRIES_MAX);
            return Ok(self.store.entries(&self.account, after, limit).await?);
        }
        let due = self.due.iter().filter(|entry| after < entry.sequence && entry.sequence <= last);
        Ok(due.cloned().collect())
    }

    /// When its first entry was made; nothing where there is none.
    pub(crate) async fn began_at(&self) -> Result<Option<Timestamp>, LedgerError> {
        Ok(self.page(0, 1).await?.first().map(|entry| entry.at))
    }

    /// The tasks of all holds that the entries of a page are about, of those too that were made
    /// before it.
    async fn tasks(&self, page: &[Entry]) -> Result<Tasks, LedgerError> {
        let mut tasks = Tasks::new();
        learn_tasks(&mut tasks, page);
        let holds = page.iter().filter_map(|entry| entry.event.hold());
        let earlier: BTreeSet<&ActionId> = holds.filter(|id| !tasks.contains_key(*id)).collect();
        if earlier.is_empty() {
            return Ok(tasks);
        }
        let actions: Vec<ActionId> = earlier.into_iter().cloned().collect();
        let wanted = Wanted { account: self.account.clone(), actions: actions.clone() };
        let loaded = self.store.load(&[wanted], self.as_of).await?;
        let hold = |id: &ActionId| loaded.first().and_then(|account| account.hold(id));
        for id in actions {
            let task = hold(&id).ok_or(LedgerError::Fault(LedgerFault::Missing))?.request.task;
            tasks.insert(id, task);
        }
        Ok(tasks)
    }

    /// How many entries are from before `time`. Times only grow along a journal.
    async fn count_before(&self, time: Timestamp) -> Result<u64, LedgerError> {
        let (mut low, mut high) = (0, self.last());
        while low < high {
            let middle = low.midpoint(high);
            let entry = self.page(middle, middle.saturating_add(1)).await?.into_iter().next();
            if entry.is_some_and(|entry| entry.at < time) {
                low = middle.saturating_add(1);
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// What was settled after each of these entries, which are in order: from the beginning on,
    /// or back from now, whichever reads less.
    async fn balances<const N: usize>(&self, after: [u64; N]) -> Result<[Credits; N], LedgerError> {
        let first = after.first().copied().unwrap_or(0);
        let last = after.last().copied().unwrap_or(0);
        let is_early = last <= self.last().saturating_sub(first);
        let (mut at, end) = if is_early { (0, last) } else { (first, self.last()) };
        // What was added since `at` was where it began.
        let (mut sum, mut sums) = (Credits::ZERO, [Credits::ZERO; N]);
        while at < end {
            let page = self.page(at, end).await?;
            if page.is_empty() {
                return Err(LedgerError::Fault(LedgerFault::OutOfSequence));
            }
            for entry in &page {
                sum = sum.add(settled_change(entry).map_err(overflow)?).map_err(overflow)?;
                at = entry.sequence;
                for (slot, _) in sums.iter_mut().zip(after).filter(|(_, one)| *one >= at) {
                    *slot = sum;
                }
            }
        }
        let base = if is_early { Ok(Credits::ZERO) } else { self.settled.sub(sum) };
        let base = base.map_err(overflow)?;
        for slot in &mut sums {
            *slot = base.add(*slot).map_err(overflow)?;
        }
        Ok(sums)
    }
}

impl Excerpt {
    /// Its lines, in order.
    pub(crate) fn lines(self) -> BoxStream<'static, Result<StatementLine, LedgerError>> {
        let mut balance = self.before;
        async_stream::try_stream! {
            for await page in self.pages() {
                let (entries, tasks) = page?;
                for entry in &entries {
                    let line = StatementLine::new(entry, balance, &tasks).map_err(overflow)?;
                    balance = line.balance;
                    yield line;
                }
            }
        }
        .boxed()
    }

    /// What was spent, by day, task and model.
    pub(crate) async fn spending(self) -> Result<Vec<Spending>, LedgerError> {
        let (mut tally, mut pages) = (Tally::default(), self.pages());
        while let Some(page) = pages.next().await {
            let (entries, tasks) = page?;
            for entry in &entries {
                tally.add(entry, &tasks).map_err(LedgerError::Fault)?;
            }
        }
        Ok(tally.spending())
    }

    /// Its entries in order, each page with the tasks of the holds that it is about.
    fn pages(self) -> BoxStream<'static, Result<(Vec<Entry>, Tasks), LedgerError>> {
        let Self { journal, mut after, last, .. } = self;
        async_stream::try_stream! {
            loop {
                let page = journal.page(after, last).await?;
                let Some(end) = page.last() else { break };
                after = end.sequence;
                let tasks = journal.tasks(&page).await?;
                yield (page, tasks);
            }
        }
        .boxed()
    }
}

fn overflow(fault: kumari_engine::amount::AmountOverflow) -> LedgerError {
    LedgerError::Fault(fault.into())
}

/// What is asked for.
struct Asked {
    period: Period,
    after: Option<u64>,
    limit: u32,
    is_csv: bool,
}

#[derive(Debug, Serialize)]
struct StatementView {
    as_of: Timestamp,
    /// Opening and closing are those of the whole period, on every page.
    statement: Statement,
    /// For `after`; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

/// `GET /api/statement?month=&from=&to=&after=&limit=&format=`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer<Response> {
    let asked = Asked::read(query.as_deref().unwrap_or_default(), &headers, app.now())?;
    let journal = Journal::open(&app.ledger, &caller.account).await?;
    let as_of = journal.as_of;
    let excerpt = journal.excerpt(asked.period, asked.after).await?;
    if asked.is_csv {
        let seat = crate::sse::seat(&app, &caller.account)?;
        let rows = statement_csv::rows(asked.period, excerpt).map(move |row| {
            let _ = &seat;
            row
        });
        return Ok(download(asked.period, rows));
    }
    let Period { from, to } = asked.period;
    let (opening, closing, last) = (excerpt.opening, excerpt.closing, excerpt.last);
    let limit = usize::try_from(asked.limit).unwrap_or(usize::MAX);
    let lines: Vec<Result<StatementLine, LedgerError>> =
        excerpt.lines().take(limit).collect().await;
    let lines = lines.into_iter().collect::<Result<Vec<StatementLine>, LedgerError>>()?;
    let next = lines.last().map(|line| line.entry).filter(|entry| *entry < last);
    let statement = Statement { from, to, opening, lines, closing };
    Ok(json(StatusCode::OK, &StatementView { as_of, statement, next }))
}

impl Asked {
    fn read(query: &str, headers: &HeaderMap, now: Timestamp) -> Answer<Self> {
        let mut period = PeriodQuery::default();
        let (mut after, mut limit) = (None, None);
        let mut is_csv = wants_csv(headers);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                name if period.take(name, &value) => {}
                "after" => after = Some(number("after", &value, 0..=u64::MAX)?),
                "limit" => limit = Some(number("limit", &value, 1..=ENTRIES_MAX)?),
                "format" => {
                    is_csv = match &*value {
                        "csv" => true,
                        "json" => false,
                        _ => return Err(Problem::invalid("format", "use `json` or `csv`")),
                    };
                }
                _ => return Err(Problem::invalid(&name, "there is no such parameter")),
            }
        }
        if is_csv && (after.is_some() || limit.is_some()) {
            return Err(Problem::invalid(
                "after",
                "CSV comes whole; leave out `after` and `limit`",
            ));
        }
        let period = period.period(now)?;
        Ok(Self { period, after, limit: limit.unwrap_or(ENTRIES_MAX), is_csv })
    }
}

fn number<T: std::str::FromStr + PartialOrd + std::fmt::Display>(
    name: &str,
    text: &str,
    range: std::ops::RangeInclusive<T>,
) -> Answer<T> {
    text.parse()
        .ok()
        .filter(|number| range.contains(number))
        .ok_or_else(|| Problem::invalid(name, format!("use {} to {}", range.start(), range.end())))
}

/// Whether CSV is the first of both that the caller names as what it takes.
fn wants_csv(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).into_iter().filter_map(|one| one.to_str().ok());
    let kinds = accepted.flat_map(|list| list.split(','));
    let mut kinds = kinds.filter_map(|one| one.split(';').next()).map(str::trim);
    kinds.find(|kind| ["text/csv", "application/json"].contains(kind)) == Some("text/csv")
}

/// A file to be kept, which nothing in between keeps.
fn download(
    period: Period,
    rows: impl Stream<Item = Result<Vec<u8>, LedgerError>> + Send + 'static,
) -> Response {
    let day = |time: Timestamp| time.to_string().chars().take(10).collect::<String>();
    let name = format!("statement-{}-{}.csv", day(period.from), day(period.to));
    let headers = [
        (header::CONTENT_TYPE, MEDIA_TYPE.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::VARY, "accept".to_owned()),
    ];
    (headers, Body::from_stream(rows)).into_response()
}
