//! `POST /api/batch`: many commands of a backend in one request, each with its own answer.
//!
//! They go into their accounts' lanes together, so those of one account keep their order and all
//! of them take a few transactions. A command that is malformed is answered as such in its place.

use crate::app::App;
use crate::body::{JsonTree, json};
use crate::carry_out::{Carried, Order, carry_out, claim};
use crate::problem::{Answer, Problem};
use crate::service_command::{Admission, Body, Command};
use crate::service_key::MayChange;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kumari_engine::extend::Extend;
use kumari_engine::grant::Grant;
use kumari_engine::id::AccountId;
use kumari_engine::payment::Payment;
use kumari_engine::renew::Renew;
use kumari_engine::settle::Settle;
use kumari_engine::void::Void;
use kumari_engine::{fields, names};
use kumari_store::BATCH_MAX;
use kumari_wire::{Tree, from_tree};
use serde::Serialize;
use serde::de::IgnoredAny;
use std::sync::Arc;

/// The longest body, in bytes: 1 000 commands of 4 KiB.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A command as the batch has it, without its body.
#[derive(Debug)]
struct Head {
    account: AccountId,
    command: Name,
    _body: IgnoredAny,
}

fields! {
    Head { account, command, _body = "body" }
}

/// The command's name: the last word of its own address.
#[derive(Clone, Copy, Debug)]
enum Name {
    Authorize,
    Extend,
    Renew,
    Settle,
    Void,
    Grant,
    Payments,
}

names! {
    Name {
        Authorize = "authorize",
        Extend = "extend",
        Renew = "renew",
        Settle = "settle",
        Void = "void",
        Grant = "grant",
        Payments = "payments",
    }
}

#[derive(Debug, Serialize)]
struct Answers {
    answers: Vec<Answered>,
}

/// What the command would have been answered by itself.
#[derive(Debug, Serialize)]
struct Answered {
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Carried>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

/// `POST /api/batch`: 200 with an answer for each command, in their order.
pub(crate) async fn run(
    State(app): State<Arc<App>>,
    _: MayChange,
    JsonTree(document): JsonTree<BODY_BYTES_MAX>,
) -> Answer<Response> {
    let orders = commands(&document)?.iter().zip(0..).map(order);
    let mut orders: Vec<Answer<Order>> = orders.collect();
    for order in &mut orders {
        if let Ok(sound) = order
            && let Err(problem) = claim(&app, sound).await
        {
            *order = Err(problem);
        }
    }
    let sound = orders.iter().filter_map(|order| order.as_ref().ok().cloned()).collect();
    let mut done = carry_out(&app, sound).await?.into_iter();
    let answers = orders.into_iter().map(|order| {
        let unanswered = || Err(Problem::internal("batch", &"a command without an answer"));
        let done = order.and_then(|_| done.next().unwrap_or_else(unanswered));
        match done {
            Ok(done) => {
                Answered { status: done.status().as_u16(), body: Some(done), problem: None }
            }
            Err(problem) => {
                Answered { status: problem.status().as_u16(), body: None, problem: Some(problem) }
            }
        }
    });
    Ok(json(StatusCode::OK, &Answers { answers: answers.collect() }))
}

/// The list of commands; only it can be wrong as a whole.
fn commands<'text>(document: &'text Tree<'text>) -> Answer<&'text [Tree<'text>]> {
    let Tree::Map(fields) = document else {
        return Err(Problem::invalid("", "not a batch: send `{ \"commands\": [ … ] }`"));
    };
    let [(name, Tree::List(commands))] = fields.as_slice() else {
        let detail = "a batch has one field, the list `commands`";
        return Err(Problem::invalid("commands", detail));
    };
    if name != "commands" {
        return Err(Problem::invalid(name, "unknown field, expected `commands`"));
    }
    if commands.len() > BATCH_MAX {
        let detail = format!("{} are more than {BATCH_MAX}; send several batches", commands.len());
        return Err(Problem::invalid("commands", detail));
    }
    Ok(commands)
}

fn order((tree, index): (&Tree<'_>, usize)) -> Answer<Order> {
    let here = |path: &str| match path {
        "" => format!("commands[{index}]"),
        path => format!("commands[{index}].{path}"),
    };
    let head: Head = from_tree(tree).map_err(|fault| Problem::from(fault).under(here))?;
    let fields = if let Tree::Map(fields) = tree { fields.as_slice() } else { &[] };
    let body = fields.iter().find(|(name, _)| name == "body").map_or(&Tree::Null, |(_, body)| body);
    let command = match head.command {
        Name::Authorize => read::<Admission>(body),
        Name::Extend => read::<Extend>(body),
        Name::Renew => read::<Renew>(body),
        Name::Settle => read::<Settle>(body),
        Name::Void => read::<Void>(body),
        Name::Grant => read::<Grant>(body),
        Name::Payments => read::<Payment>(body),
    };
    let in_body =
        |path: &str| if path.is_empty() { here("body") } else { here(&format!("body.{path}")) };
    let command = command.map_err(|problem| problem.under(in_body))?;
    Ok(Order { account: head.account, command: Arc::new(command) })
}

fn read<Document: Body>(body: &Tree<'_>) -> Answer<Command> {
    from_tree::<Document>(body)?.command()
}
