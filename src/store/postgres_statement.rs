//! Statements for PostgreSQL, and several of them in one round trip.

use deadpool_postgres::ClientWrapper;
use futures::TryStreamExt as _;
use futures::future::join_all;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

/// How many statements are under way at once: `join_all` begins with the first up to 30 of them.
const UNDER_WAY_MAX: usize = 16;

/// A parameter.
pub(crate) type Param<'a> = Box<dyn ToSql + Send + Sync + 'a>;

/// A statement and its parameters.
pub(crate) struct Statement<'a> {
    sql: &'static str,
    params: Vec<Param<'a>>,
}

impl<'a> Statement<'a> {
    /// A statement without parameters.
    pub(crate) const fn plain(sql: &'static str) -> Self {
        Self { sql, params: Vec::new() }
    }

    /// A statement with parameters.
    pub(crate) fn new<const N: usize>(sql: &'static str, params: [Param<'a>; N]) -> Self {
        Self { sql, params: params.into() }
    }
}

/// Makes a parameter of a value.
pub(crate) fn param<'a, T: ToSql + Send + Sync + 'a>(value: T) -> Param<'a> {
    Box::new(value)
}

/// Runs statements in their order and answers with the rows of each. Each is sent without waiting
/// for the answer to the one before; within a transaction the first fault refuses all after it.
///
/// # Errors
/// The first fault.
pub(crate) async fn run(
    client: &ClientWrapper,
    statements: &[Statement<'_>],
) -> Result<Vec<Vec<Row>>, Error> {
    // Known before anything is sent, or a statement would be overtaken by the next while it is
    // prepared.
    let mut prepared = Vec::with_capacity(statements.len());
    for statement in statements {
        prepared.push(client.prepare_cached(statement.sql).await?);
    }
    let mut answers = Vec::with_capacity(statements.len());
    let all: Vec<_> = statements.iter().zip(&prepared).collect();
    for some in all.chunks(UNDER_WAY_MAX) {
        let sent = some.iter().map(|(statement, prepared)| send(client, statement, prepared));
        for answer in join_all(sent).await {
            answers.push(answer?);
        }
    }
    Ok(answers)
}

async fn send(
    client: &ClientWrapper,
    statement: &Statement<'_>,
    prepared: &tokio_postgres::Statement,
) -> Result<Vec<Row>, Error> {
    let params = statement.params.iter().map(|param| -> &(dyn ToSql + Sync) { &**param });
    client.query_raw(prepared, params).await?.try_collect().await
}

/// Runs one statement.
///
/// # Errors
/// As it says.
pub(crate) async fn run_one(
    client: &ClientWrapper,
    statement: &Statement<'_>,
) -> Result<Vec<Row>, Error> {
    let answers = run(client, std::slice::from_ref(statement)).await?;
    Ok(answers.into_iter().next().unwrap_or_default())
}
