//! The client's types in TypeScript: `pkg/src/types/client.ts` is written from them, and is stale
//! where it is not what they say. `UPDATE_TYPES=1 cargo test -p kumari-browser types` writes it.
//!
//! The engine's own types are named here, not written: its `types_are_current` does that.

use crate::client::ClientOptions;
use crate::client_types::{
    Balance, ClientError, CreditsState, Draft, PendingAction, PendingKind, Send, Session, Status,
};
use kumari_engine::amount::Credits;
use kumari_engine::denial::Denial;
use kumari_engine::grant::Granted;
use kumari_engine::id::{ActionId, ModelId};
use kumari_engine::receipt::Receipt;
use kumari_engine::request::Task;
use ts_rs::{Config, TS};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../pkg/src/types/client.ts");
const HEAD: &str = "// Generated from the types of src/browser, and checked by its test `types_are_current`.\n\
    import type {\n  AccountId, ActionId, BookVersion, Calibration, Credits, Denial, Eligibility, Estimate,\n  \
    Granted, Lot, ModelId, PriceBook, Receipt, Request, Standing, Task, Timestamp,\n} from './engine.js';\n";
/// An action as the server shows it. The client hands it on as it came.
#[derive(TS)]
#[expect(dead_code, reason = "only its TypeScript is used")]
struct ActionView {
    /// Its id.
    #[ts(type = "ActionId")]
    action_id: ActionId,
    /// The conversation that it belongs to.
    conversation_id: String,
    /// Its task.
    #[ts(type = "Task")]
    task: Task,
    /// Whether a leg still runs.
    status: ActionStatus,
    /// What was held.
    #[ts(type = "Credits")]
    hold: Credits,
    /// Its legs, in their order.
    legs: Vec<LegView>,
    /// Why it cost what it cost, once it has ended.
    #[ts(type = "Receipt | null")]
    receipt: Option<Receipt>,
}

/// Whether an action runs.
#[derive(TS)]
#[expect(dead_code, reason = "only its TypeScript is used")]
#[ts(rename_all = "snake_case")]
enum ActionStatus {
    /// A leg does.
    Running,
    /// All legs have ended.
    Ended,
}

/// One leg of an action, as the server shows it.
#[derive(TS)]
#[expect(dead_code, reason = "only its TypeScript is used")]
struct LegView {
    /// Its index.
    leg: u32,
    /// The model that answers.
    #[ts(type = "ModelId")]
    model: ModelId,
    /// How far it is.
    status: LegStatus,
    /// What was answered so far.
    text: String,
    /// What was done on the way; absent where there is nothing.
    #[ts(optional)]
    steps: Option<Vec<ActionStep>>,
    /// What it would cost if it ended now, where that is known; absent once it has ended.
    #[ts(optional)]
    #[ts(type = "Credits")]
    so_far: Option<Credits>,
    /// What it cost, once it has ended.
    #[ts(optional)]
    #[ts(type = "Credits")]
    charge: Option<Credits>,
}

/// One thing that a model does on its way to an answer.
#[derive(TS)]
#[expect(dead_code, reason = "only its TypeScript is used")]
struct ActionStep {
    /// What it is.
    kind: StepKind,
    /// What is done, in a few words.
    title: String,
    /// What came of it; absent while it is under way, and where it was never done.
    #[ts(optional)]
    found: Option<String>,
}

/// What a model does on its way.
#[derive(TS)]
#[expect(dead_code, reason = "only its TypeScript is used")]
#[ts(rename_all = "snake_case")]
enum StepKind {
    /// A step of an agent.
    Step,
    /// A search.
    Search,
}

/// How far a leg is.
#[derive(TS)]
#[expect(dead_code, reason = "only its TypeScript is used")]
#[ts(rename_all = "snake_case")]
enum LegStatus {
    /// It answers.
    Running,
    /// It has answered.
    Completed,
    /// The person stopped it.
    Stopped,
    /// It reached its longest answer.
    Length,
    /// The provider cut it off.
    ContentFilter,
    /// The provider failed.
    Failed,
    /// The provider refused it.
    Refused,
    /// Its hold expired.
    Expired,
}

/// What a send came to.
#[derive(TS)]
#[expect(dead_code, reason = "only its TypeScript is used")]
#[ts(tag = "kind", rename_all = "snake_case")]
enum SendResult {
    /// It was admitted, and runs.
    Admitted { action: ActionView },
    /// The business said no; nothing was held.
    Denied {
        #[ts(type = "Denial")]
        denial: Denial,
    },
    /// A fault. Where the action's id is there, it was tried under it and may have arrived: send
    /// it again with the same id.
    Failed {
        error: ClientError,
        #[ts(type = "ActionId", optional)]
        action_id: Option<ActionId>,
    },
}

/// What a top-up came to.
#[derive(TS)]
#[expect(dead_code, reason = "only its TypeScript is used")]
#[ts(tag = "kind", rename_all = "snake_case")]
enum TopUpResult {
    /// It was granted.
    Granted {
        #[ts(type = "Granted")]
        granted: Granted,
        balance: Balance,
    },
    /// The business said no.
    Denied {
        #[ts(type = "Denial")]
        denial: Denial,
    },
    /// A fault.
    Failed {
        error: ClientError,
        #[ts(type = "ActionId", optional)]
        action_id: Option<ActionId>,
    },
}

#[test]
fn types_are_current() {
    let config = Config::new().with_large_int("number");
    let declared = [
        declaration::<ActionStatus>(&config),
        declaration::<ActionView>(&config),
        declaration::<Balance>(&config),
        declaration::<ClientError>(&config),
        declaration::<ClientOptions>(&config),
        declaration::<CreditsState>(&config),
        declaration::<Draft>(&config),
        declaration::<LegStatus>(&config),
        declaration::<LegView>(&config),
        declaration::<ActionStep>(&config),
        declaration::<StepKind>(&config),
        declaration::<PendingAction>(&config),
        declaration::<PendingKind>(&config),
        declaration::<Send>(&config),
        declaration::<SendResult>(&config),
        declaration::<Session>(&config),
        declaration::<Status>(&config),
        declaration::<TopUpResult>(&config),
    ];
    let text = format!("{HEAD}\n{}", declared.join("\n"));
    if std::env::var_os("UPDATE_TYPES").is_some() {
        std::fs::write(FILE, &text).unwrap();
    }
    let committed = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(
        committed == text,
        "pkg/src/types/client.ts is stale: run UPDATE_TYPES=1 cargo test -p kumari-browser types"
    );
}

fn declaration<T: TS>(config: &Config) -> String {
    format!("{}export {}\n", T::docs().unwrap_or_default(), T::decl(config)).replace(" \n", "\n")
}
