// Generated from the types of src/browser, and checked by its test `types_are_current`.
import type {
  AccountId, ActionId, BookVersion, Calibration, Credits, Denial, Eligibility, Estimate,
  Granted, Lot, ModelId, PriceBook, Receipt, Request, Standing, Task, Timestamp,
} from './engine.js';

/**
 * Whether an action runs.
 */
export type ActionStatus = "running" | "ended";

/**
 * An action as the server shows it. The client hands it on as it came.
 */
export type ActionView = {
/**
 * Its id.
 */
action_id: ActionId,
/**
 * The conversation that it belongs to.
 */
conversation_id: string,
/**
 * Its task.
 */
task: Task,
/**
 * Whether a leg still runs.
 */
status: ActionStatus,
/**
 * What was held.
 */
hold: Credits,
/**
 * Its legs, in their order.
 */
legs: Array<LegView>,
/**
 * Why it cost what it cost, once it has ended.
 */
receipt: Receipt | null, };

/**
 * An account's credits at an instant.
 */
export type Balance = {
/**
 * The account's sequence: a larger one is newer.
 */
version: number,
/**
 * When the server said so.
 */
as_of: Timestamp,
/**
 * What eligibility looks at.
 */
standing: Standing,
/**
 * What is left of each grant, in burn-down order.
 */
lots: Lot[], };

/**
 * A fault, as people are told.
 */
export type ClientError = {
/**
 * The contract.
 */
code: string,
/**
 * For people.
 */
message: string, };

/**
 * What a client may be told.
 */
export type ClientOptions = {
/**
 * Where the server is, without a slash at the end; the page's own origin where absent.
 */
baseUrl?: string,
/**
 * What the keys in storage begin with; `kumari-credits` where absent.
 */
storageKey?: string, };

/**
 * The one state. A page renders it and computes nothing of it again.
 */
export type CreditsState = {
/**
 * How fresh it is.
 */
status: Status,
/**
 * When the balance was true, where it is not live.
 */
as_of: Timestamp | null,
/**
 * Who this browser is.
 */
session: Session | null,
/**
 * The price book in force. The shell puts it in: it keeps one object for each version.
 */
price_book: PriceBook | null,
/**
 * Its version.
 */
price_book_version: BookVersion | null,
/**
 * What likely prices follow, once known. The shell puts it in, one object until another is in
 * force.
 */
calibration: Calibration | null,
/**
 * The account's credits.
 */
balance: Balance | null,
/**
 * What the composer holds, priced.
 */
draft: Draft | null,
/**
 * Commands that the server has not answered yet.
 */
pending: Array<PendingAction>,
/**
 * What went wrong last, until something goes right.
 */
error: ClientError | null, };

/**
 * What the composer holds, priced.
 */
export type Draft = {
/**
 * What was asked.
 */
request: Request,
/**
 * The ids of the files that the request counts; absent where there are none.
 */
files?: Array<string>,
/**
 * Its price, at the caps that the balance allows; null where there is none, or no book yet.
 */
estimate: Estimate | null,
/**
 * Whether it may be sent; null until book and balance are known.
 */
eligibility: Eligibility | null, };

/**
 * How far a leg is.
 */
export type LegStatus = "running" | "completed" | "stopped" | "length" | "content_filter" | "failed" | "refused" | "expired";

/**
 * One leg of an action, as the server shows it.
 */
export type LegView = {
/**
 * Its index.
 */
leg: number,
/**
 * The model that answers.
 */
model: ModelId,
/**
 * How far it is.
 */
status: LegStatus,
/**
 * What was answered so far.
 */
text: string,
/**
 * What was done on the way; absent where there is nothing.
 */
steps?: Array<ActionStep>,
/**
 * What it would cost if it ended now, where that is known; absent once it has ended.
 */
so_far?: Credits,
/**
 * What it cost, once it has ended.
 */
charge?: Credits, };

/**
 * One thing that a model does on its way to an answer.
 */
export type ActionStep = {
/**
 * What it is.
 */
kind: StepKind,
/**
 * What is done, in a few words.
 */
title: string,
/**
 * What came of it; absent while it is under way, and where it was never done.
 */
found?: string, };

/**
 * What a model does on its way.
 */
export type StepKind = "step" | "search";

/**
 * A command that the server has not answered yet.
 */
export type PendingAction = {
/**
 * Its id, the same for every try.
 */
action_id: ActionId,
/**
 * What it is.
 */
kind: PendingKind, };

/**
 * What a pending command is.
 */
export type PendingKind = "send" | "top_up";

/**
 * What a person sends: the draft's words, with ids. The quote is added by the client.
 */
export type Send = {
/**
 * The id of the action, where a send that failed is tried again; made by the client if absent.
 */
action_id?: ActionId,
/**
 * The conversation, a UUIDv7 made by the browser; a new one makes the conversation.
 */
conversation_id: string,
/**
 * The task, as in the draft.
 */
task: Task,
/**
 * The models, as in the draft.
 */
models?: ModelId[],
/**
 * What the person wrote; empty only where there are files.
 */
text: string,
/**
 * The ids of the files that are sent along, in the order of the draft's `files`.
 */
files?: Array<string>,
/**
 * The longest answer wanted.
 */
output_tokens_max?: number,
/**
 * The most steps of an agent.
 */
steps_max?: number,
/**
 * The most searches.
 */
searches_max?: number,
/**
 * Images to make.
 */
images?: number,
/**
 * Clips to make.
 */
clips?: number,
/**
 * How long each clip is.
 */
clip_seconds?: number,
/**
 * 3D models to make.
 */
three_d_models?: number, };

/**
 * What a send came to.
 */
export type SendResult = { "kind": "admitted", action: ActionView, } | { "kind": "denied", denial: Denial, } | { "kind": "failed", error: ClientError, action_id?: ActionId, };

/**
 * Who this browser is to the server.
 */
export type Session = {
/**
 * The account.
 */
account_id: AccountId,
/**
 * Whether nobody has signed in.
 */
guest: boolean,
/**
 * What to call who has signed in.
 */
name?: string,
/**
 * Whether packs can be had without paying, because the server has no payment provider.
 */
demo_payments: boolean,
/**
 * The tasks that the server does, by their names; none where it does not say so. A newer server
 * may name some that this client does not know.
 */
tasks: Array<string>, };

/**
 * How fresh the state is.
 */
export type Status = "loading" | "live" | "cached" | "offline";

/**
 * What a top-up came to.
 */
export type TopUpResult = { "kind": "granted", granted: Granted, balance: Balance, } | { "kind": "denied", denial: Denial, } | { "kind": "failed", error: ClientError, action_id?: ActionId, };
