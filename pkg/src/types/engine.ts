// Generated from the types of src/engine, and checked by its test `types_are_current`.
// Amounts are decimal strings of credits, times are RFC 3339 in UTC.

/**
 * What becomes of an image of more cells than a model takes.
 */
export type Above = "shrink" | "shrink_to_cells" | "refuse";

/**
 * A customer's account.
 */
export type AccountId = string;

/**
 * The caller-made id that makes a repeat safe (R27): one per account-changing command.
 *
 * People's actions use a UUIDv7, a purchase its payment's id; the boundary that takes the
 * command checks which.
 */
export type ActionId = string;

/**
 * What sending would reserve.
 */
export type Allowed = {
/**
 * The credits to hold: the high price at `caps`.
 */
hold: Credits,
/**
 * What the hold fits with; nothing is capped where the balance covers all of it.
 */
caps: Caps, };

/**
 * A file that is sent along, as the little of it that decides what it costs.
 */
export type Attachment = { "kind": "image",
/**
 * In pixels.
 */
width: number,
/**
 * In pixels.
 */
height: number, } | { "kind": "audio",
/**
 * Started seconds.
 */
seconds: number, } | { "kind": "video",
/**
 * Started seconds.
 */
seconds: number, };

/**
 * How many tokens a model makes of attachments of one kind.
 */
export type AttachmentTokens = {
/**
 * Its provider's formula.
 */
formula: Formula,
/**
 * How many tokens it makes of one by the formula, where that is not certain; exactly one where
 * absent.
 */
ratio?: TokenRatio,
/**
 * The longest side in pixels, or the most seconds, that the model takes.
 */
largest: number,
/**
 * Where the formula is published, and what of it is assumed.
 */
source: string, };

/**
 * A price book's version: the SHA-256 of its canonical form, in lower-case hexadecimal (R4).
 */
export type BookVersion = string;

/**
 * The range of one quantity: `floor <= expected <= max`.
 */
export type Bound = {
/**
 * A cap made to fit a balance is never below this (R15).
 */
floor: number,
/**
 * The likely quantity.
 */
expected: number,
/**
 * The most, unless the request says otherwise.
 */
max: number, };

/**
 * What a task may use, where the request does not say.
 */
export type Bounds = {
/**
 * Output tokens of the leg, reasoning included.
 */
output_tokens?: Bound,
/**
 * Steps of an agent.
 */
steps?: Bound,
/**
 * Searches.
 */
searches?: Bound,
/**
 * Input tokens that each step or search adds, beyond the prompt that it sends again.
 */
round_input_tokens?: Bound, };

/**
 * How long a cache that is written lives.
 */
export type CacheWrite = "default" | "1h";

/**
 * How long answers were; nothing of whose they were.
 */
export type Calibration = {
/**
 * The form of this document; [`SCHEMA`] for this engine.
 */
schema: number,
/**
 * What is known of each task and model, ascending by both.
 */
rows: Array<CalibrationRow>, };

/**
 * How long the answers to inputs of about one size were.
 */
export type CalibrationBand = {
/**
 * It begins above so much total input, as an estimate expects it.
 */
above_input_tokens: number,
/**
 * How long the answers were, reasoning included.
 */
output_tokens: Quantiles,
/**
 * How many of them there were, at least [`SETTLEMENTS_MIN`].
 */
settlements: number, };

/**
 * How long the answers of a model to a task were.
 */
export type CalibrationRow = {
/**
 * The task, one that is priced on its own: a leg of a comparison and a routed message are
 * `direct`.
 */
task: Task,
/**
 * The model.
 */
model: ModelId,
/**
 * By the input, ascending; the first from no tokens on.
 */
bands: Array<CalibrationBand>, };

/**
 * The price of one leg on one model.
 */
export type CandidateEstimate = {
/**
 * The model.
 */
model: ModelId,
/**
 * The least that this leg costs with complete usage.
 */
low: Credits,
/**
 * The likely price.
 */
expected: Credits,
/**
 * The most that it can cost.
 */
high: Credits,
/**
 * What it is likely to lie between, where that was learned.
 */
likely?: LikelyRange,
/**
 * The level of one unit, by the book alone.
 */
level: Level,
/**
 * How many units the leg makes: images, clips, 3D models; 1 for text.
 */
units: number,
/**
 * What the leg may use.
 */
bounds: LegBounds,
/**
 * How `expected` comes about.
 */
lines: Array<Line>, };

/**
 * Tighter bounds than the request's own, made to fit a balance (R15). Nothing is capped where a
 * field is absent.
 */
export type Caps = {
/**
 * The longest answer of each leg, reasoning included.
 */
output_tokens?: number,
/**
 * The most steps.
 */
steps?: number,
/**
 * The most searches.
 */
searches?: number,
/**
 * The only candidates that a routed message may use.
 */
candidates?: Array<ModelId>, };

/**
 * An image in square cells: tiles of some hundred pixels, or patches of some ten. It is made
 * smaller, in its shape, until every limit holds, and its last column and row of cells may be
 * started ones.
 */
export type Cells = {
/**
 * A cell's side in pixels.
 */
side: number,
/**
 * Tokens of each cell.
 */
tokens: Factor,
/**
 * Tokens of an image besides.
 */
base_tokens?: number,
/**
 * The most pixels of the longer side.
 */
longer_side_max?: number,
/**
 * The most pixels of the shorter side.
 */
shorter_side_max?: number,
/**
 * The most cells.
 */
cells_max?: number,
/**
 * What becomes of an image of more cells; it shrinks where absent.
 */
above?: Above, };

/**
 * Compare mode.
 */
export type Compare = {
/**
 * How many models one comparison may have, 2 to 4.
 */
models_max: number, };

/**
 * An amount of credits: a whole number of micro-credits (R1).
 *
 * Range: the whole of `i64`, about ± 9.2 · 10^12 credits. In JSON it is a canonical decimal
 * string of credits with at most 6 decimals, `"12.5"` (R2).
 *
 * ```
 * use kumari_engine::amount::Credits;
 * let price: Credits = "1.38".parse()?;
 * assert_eq!(price.as_micros(), 1_380_000);
 * assert_eq!(price.add(Credits::from_micros(20_000))?.to_string(), "1.4");
 * assert!("1.380".parse::<Credits>().is_err(), "one value has one spelling");
 * # Ok::<(), Box<dyn core::error::Error>>(())
 * ```
 */
export type Credits = string;

/**
 * Why a command was not applied. Nothing has changed.
 */
export type Denial = {
/**
 * The contract: which "no" this is.
 */
code: DenialCode,
/**
 * For people, in English; not a contract.
 */
message: string,
/**
 * Whether the same command may succeed later without the caller doing anything.
 */
transient: boolean,
/**
 * What would help, most useful first.
 */
remedies: Array<Remedy>,
/**
 * The field of the request that is at fault.
 */
path?: string,
/**
 * The price now, where it is not the one that was quoted.
 */
estimate?: Estimate,
/**
 * How the leg ended, where it already has.
 */
end?: LegEnd, };

/**
 * Every "no" there is. Those of a new action come first, in order of precedence; the rest are
 * about actions that exist.
 */
export type DenialCode = "account_closed" | "payment_disputed" | "request_invalid" | "not_offered" | "price_changed" | "limit_reached" | "too_many_open" | "credits_held" | "credits_exhausted" | "credits_insufficient" | "action_id_reused" | "action_unknown" | "leg_already_ended" | "already_granted" | "payment_unknown" | "payment_conflict" | "too_many_lots";

/**
 * A dispute of a payment.
 */
export type Dispute = {
/**
 * Its id.
 */
dispute: ActionId,
/**
 * How much of the payment, in US cents.
 */
usd_cents: number,
/**
 * How it stands.
 */
status: DisputeStatus, };

/**
 * How a dispute stands. Once decided it stays so.
 */
export type DisputeStatus = "open" | "won" | "lost";

/**
 * Yes, or no with the reason.
 */
export type Eligibility = { "verdict": "allowed" } & Allowed | { "verdict": "denied" } & Denial;

/**
 * An encoding whose tokens we count exactly.
 */
export type Encoding = "o200k_base" | "cl100k_base";

/**
 * One dated, balanced change.
 */
export type Entry = {
/**
 * Its number in the account, from 1 without gaps.
 */
sequence: number,
/**
 * When it took effect; never before the entry before it.
 */
at: Timestamp,
/**
 * What happened.
 */
event: Event,
/**
 * What moved: nothing, or two or more that sum to zero.
 */
postings?: Array<Posting>,
/**
 * The entry that this one corrects.
 */
corrects?: number, };

/**
 * The price of a request before it runs.
 */
export type Estimate = {
/**
 * The version of the book that it was made with.
 */
price_book: BookVersion,
/**
 * The least that the action costs when every leg ends with complete usage.
 */
low: Credits,
/**
 * The likely price.
 */
expected: Credits,
/**
 * The most that it can cost; what a hold reserves.
 */
high: Credits,
/**
 * What it is likely to lie between, where that was learned of every leg.
 */
likely?: LikelyRange,
/**
 * The level shown beside the price.
 */
level: LevelShown,
/**
 * The caps that these prices are for.
 */
caps: Caps,
/**
 * One leg for each model of a comparison, else one.
 */
legs: Array<LegEstimate>, };

/**
 * What an entry records.
 */
export type Event = { "kind": "granted",
/**
 * By which action.
 */
action_id: ActionId,
/**
 * The grant.
 */
grant: Granted, } | { "kind": "paid",
/**
 * The payment and the grant.
 */
purchase: Purchase, } | { "kind": "refunded",
/**
 * Which payment.
 */
payment: ActionId,
/**
 * All that was refunded of it so far, in US cents.
 */
usd_cents: number, } | { "kind": "disputed",
/**
 * Which payment.
 */
payment: ActionId,
/**
 * How the dispute stands now.
 */
dispute: Dispute, } | { "kind": "subscription_changed",
/**
 * Which subscription.
 */
subscription: ActionId,
/**
 * What it is.
 */
status: SubscriptionStatus,
/**
 * Since when, as its provider says.
 */
status_at: Timestamp, } | { "kind": "lot_expired",
/**
 * Which lot.
 */
lot: LotId,
/**
 * The payment that it was bought with.
 */
payment?: ActionId, } | { "kind": "lot_revoked",
/**
 * Which lot.
 */
lot: LotId,
/**
 * The payment that it was bought with.
 */
payment?: ActionId,
/**
 * The operator's action; absent for what came back to the lot later.
 */
revocation?: Revocation, } | { "kind": "debt_collected",
/**
 * Which lot.
 */
lot: LotId, } | { "kind": "limits_changed",
/**
 * What they are now.
 */
limits: Limits, } | { "kind": "authorized",
/**
 * Its hold, with every leg open.
 */
hold: Hold, } | { "kind": "renewed",
/**
 * Of which action.
 */
action_id: ActionId,
/**
 * When it expires now, unless it ends or is renewed again.
 */
deadline: Timestamp, } | { "kind": "extended",
/**
 * Of which action.
 */
action_id: ActionId,
/**
 * The caps from now on.
 */
caps: Caps,
/**
 * Each leg's part from now on.
 */
parts: Array<Credits>,
/**
 * What lots gave in addition, in burn-down order.
 */
lots: Array<LotPart>, } | { "kind": "leg_ended",
/**
 * Of which action.
 */
action_id: ActionId,
/**
 * Its index in the hold.
 */
leg: number,
/**
 * How.
 */
end: LegEnd, } | { "kind": "settled_late",
/**
 * Of which action.
 */
action_id: ActionId,
/**
 * The leg's index in the hold.
 */
leg: number,
/**
 * What it used.
 */
late: LateEnd, };

/**
 * An exact amount in a price line: a whole number of 10^-16 credits.
 *
 * A rate has 6 decimals of a credit per million units and a multiplier has 4, so every product
 * is exact. In JSON it is a canonical decimal string with at most 16 decimals. Only lines use
 * it; what an account holds is [`Credits`].
 */
export type ExactCredits = string;

/**
 * A factor with 4 decimals, from 0 to 1 000: a price's multiplier, or how many of a model's own
 * tokens one counted token makes. A canonical decimal string in JSON, `"1.4"`.
 */
export type Factor = string;

/**
 * What the caller asked for, hashed, the quote apart: the same action id with another
 * fingerprint is another request (R27).
 */
export type Fingerprint = string;

/**
 * How an answer came to its end. All are answers, charged the exact price.
 */
export type Finish = "completed" | "stopped" | "length" | "content_filter";

/**
 * What a text looks like, for routing.
 */
export type Flag = "code" | "math" | "translation" | "writing" | "several";

/**
 * How long a balance lasts at the pace of a while.
 */
export type Forecast = {
/**
 * Since when the pace was taken.
 */
since: Timestamp,
/**
 * What was spent since then.
 */
spent: Credits,
/**
 * When nothing is left, at that pace and without new credits; absent where nothing was spent,
 * where there is nothing now, or where it is more than [`LASTS_DAYS_MAX`] away.
 */
until?: Timestamp, };

/**
 * From a size to tokens.
 */
export type Formula = { "fixed": number } | { "cells": Cells } | { "per_second": Factor };

/**
 * The command to grant credits.
 */
export type Grant = {
/**
 * The id that makes a repeat safe.
 */
action_id: ActionId,
/**
 * What grants it.
 */
kind: LotKind,
/**
 * How much; above zero.
 */
amount: Credits,
/**
 * Its lot's priority in burn-down, 0 where nobody cares.
 */
priority?: number,
/**
 * From when it can be used; now, where absent.
 */
effective_at?: Timestamp,
/**
 * From when it can no longer be used; never, where absent.
 */
expires_at?: Timestamp,
/**
 * Why, in an operator's words: for an adjustment, and only there.
 */
reason?: string, };

/**
 * A grant that was made.
 */
export type Granted = {
/**
 * The lot that it made.
 */
lot: LotId,
/**
 * What granted it.
 */
kind: LotKind,
/**
 * How much.
 */
amount: Credits,
/**
 * Its lot's priority in burn-down.
 */
priority: number,
/**
 * When it was granted.
 */
granted_at: Timestamp,
/**
 * From when it can be used.
 */
effective_at: Timestamp,
/**
 * From when it can no longer be used.
 */
expires_at?: Timestamp,
/**
 * Why, in an operator's words.
 */
reason?: string, };

/**
 * Credits reserved for one action, and how its legs ended.
 */
export type Hold = {
/**
 * The action.
 */
action_id: ActionId,
/**
 * What was asked, the quote apart.
 */
fingerprint: Fingerprint,
/**
 * What it is priced by.
 */
request: Request,
/**
 * The book that prices it.
 */
price_book: BookVersion,
/**
 * The rules that admitted it.
 */
rules: string,
/**
 * What it was capped at.
 */
caps: Caps,
/**
 * When it was admitted.
 */
authorized_at: Timestamp,
/**
 * When it expires unless it ended before (R26).
 */
deadline: Timestamp,
/**
 * What was reserved at admission, and what extending added.
 */
amount: Credits,
/**
 * The lots that it is bound to, with what each of them gave: at admission in burn-down order,
 * what extending added behind them.
 */
lots: Array<LotPart>,
/**
 * What is still reserved of each, in burn-down order (R23).
 */
pool: Array<LotPart>,
/**
 * One leg for each model of a comparison, else one.
 */
legs: Array<HoldLeg>, };

/**
 * One leg's part of a hold.
 */
export type HoldLeg = {
/**
 * The models that may answer.
 */
models: Array<ModelId>,
/**
 * The most that it may capture.
 */
part: Credits,
/**
 * How it ended; open where absent.
 */
end?: LegEnd, };

/**
 * The name of a [`ModelKind`].
 */
export type KindName = "text" | "image" | "video" | "three_d";

/**
 * A settlement that came after the hold had expired.
 */
export type LateEnd = {
/**
 * When.
 */
at: Timestamp,
/**
 * The model that answered.
 */
model: ModelId,
/**
 * What it used.
 */
usage: Usage,
/**
 * Who counted that.
 */
usage_source: UsageSource,
/**
 * How the answer came to its end.
 */
finish: Finish,
/**
 * Its price, all of it borne by the platform.
 */
absorbed: Credits, };

/**
 * The chart of accounts under each customer (R30).
 */
export type LedgerAccount = { "lots": LotId } | { "held": LotId } | "issued" | "revenue" | "breakage" | "absorbed" | { "debt": LotId };

/**
 * What a leg may use: the server sends the maxima to the provider and enforces them.
 */
export type LegBounds = {
/**
 * Total input in the model's own tokens, attachments among it; zero for media.
 */
input_tokens: TokenRange,
/**
 * The longest answer, reasoning included.
 */
output_tokens_max?: number,
/**
 * The shortest answer that a cap may be lowered to.
 */
output_tokens_floor?: number,
/**
 * The most steps.
 */
steps_max?: number,
/**
 * The fewest steps that a cap may be lowered to.
 */
steps_floor?: number,
/**
 * The most searches.
 */
searches_max?: number,
/**
 * The fewest searches that a cap may be lowered to.
 */
searches_floor?: number, };

/**
 * How a leg ended. It ends once (R24).
 */
export type LegEnd = { "kind": "settled" } & Settled | { "kind": "voided" } & Voided | { "kind": "expired",
/**
 * When.
 */
at: Timestamp,
/**
 * What a later settlement said.
 */
late?: LateEnd, };

/**
 * The price of one leg.
 */
export type LegEstimate = {
/**
 * The model that is likely to answer; in all tasks but routing the only one.
 */
model: ModelId,
/**
 * The cheapest candidate's low.
 */
low: Credits,
/**
 * The likely model's expected.
 */
expected: Credits,
/**
 * The dearest candidate's high.
 */
high: Credits,
/**
 * The likely model's.
 */
likely?: LikelyRange,
/**
 * Which of the book's routing rules named the likely model, counted from 0; absent where none
 * did.
 */
rule?: number,
/**
 * Every model that may answer; one in all tasks but routing.
 */
candidates: Array<CandidateEstimate>, };

/**
 * How dear one unit is, at a glance.
 */
export type Level = "low" | "medium" | "high" | "very_high";

/**
 * One band of expected price: from `from` up to the next band's.
 */
export type LevelBand = {
/**
 * The level's name.
 */
level: Level,
/**
 * The lowest expected price of one unit in this band.
 */
from: Credits, };

/**
 * How many units have a level.
 */
export type LevelCount = {
/**
 * The level of each of them.
 */
level: Level,
/**
 * How many.
 */
count: number, };

/**
 * The level as it is shown (R9).
 */
export type LevelShown = { "kind": "units",
/**
 * At least one.
 */
units: Array<LevelCount>, } | { "kind": "range",
/**
 * The lowest.
 */
low: Level,
/**
 * The highest.
 */
high: Level, };

/**
 * What a price is likely to lie between: `low <= likely.low <= expected <= likely.high <= high`.
 * Of one leg: eight of ten answers to inputs like this one were so long that they would have cost
 * that, with the steps and searches that are expected. Of several legs: the sums of both ends.
 */
export type LikelyRange = {
/**
 * With the shortest of these answers.
 */
low: Credits,
/**
 * With the longest of them.
 */
high: Credits, };

/**
 * What a person set; what is absent is not limited.
 */
export type Limits = {
/**
 * The most that one message may hold.
 */
per_action?: Credits,
/**
 * The most that may be spent on one day, in UTC.
 */
per_day?: Credits,
/**
 * A balance below which the person is warned; it stops nothing.
 */
warn_below?: Credits, };

/**
 * One line of a price. The amounts of all lines add up to the charge exactly.
 */
export type Line = { "kind": "base",
/**
 * Before the multiplier.
 */
amount: ExactCredits, } | { "kind": "meter",
/**
 * What was counted.
 */
meter: Meter,
/**
 * How much of it.
 */
quantity: Quantity,
/**
 * At this rate.
 */
rate: Rate,
/**
 * Before the multiplier.
 */
amount: ExactCredits, } | { "kind": "multiplier",
/**
 * The factor.
 */
multiplier: Factor,
/**
 * The difference that it makes.
 */
amount: ExactCredits, } | { "kind": "rounding",
/**
 * The difference.
 */
amount: ExactCredits, } | { "kind": "minimum",
/**
 * The difference.
 */
amount: ExactCredits, };

/**
 * What is left of one grant.
 */
export type Lot = {
/**
 * Its id.
 */
id: LotId,
/**
 * What granted it.
 */
kind: LotKind,
/**
 * Lots of a lower priority are used first; 0 where nobody set one.
 */
priority: number,
/**
 * From when it can be used.
 */
effective_at: Timestamp,
/**
 * From when it can no longer be used; never, where absent.
 */
expires_at?: Timestamp,
/**
 * What was granted.
 */
granted: Credits,
/**
 * What is left and not held.
 */
available: Credits,
/**
 * What open holds have taken from it.
 */
held: Credits,
/**
 * The payment that it was bought with.
 */
payment?: ActionId,
/**
 * What its refunded or disputed payment had already spent: taken from whatever comes back to
 * it (R39).
 */
debt?: Credits,
/**
 * Whether its payment is disputed, or was with success.
 */
dispute?: LotDispute,
/**
 * Whether an operator revoked it: whatever comes back to it is taken.
 */
revoked?: boolean, };

/**
 * What a dispute means for the lot that its payment bought.
 */
export type LotDispute = "open" | "lost";

/**
 * A lot's id: the sequence number of the entry that granted it, unique in its account.
 */
export type LotId = number;

/**
 * What granted a lot.
 */
export type LotKind = "free" | "promo" | "adjustment" | "pro" | "pack";

/**
 * A part of one lot.
 */
export type LotPart = {
/**
 * The lot.
 */
lot: LotId,
/**
 * What granted it.
 */
kind: LotKind,
/**
 * How much of it.
 */
amount: Credits, };

/**
 * What is counted. Meters are disjoint: no unit is counted by two of them (R7).
 */
export type Meter = "input_tokens" | "cache_read_tokens" | "cache_write_tokens" | "cache_write_1h_tokens" | "image_input_tokens" | "audio_input_tokens" | "output_tokens" | "reasoning_tokens" | "image_output_tokens" | "audio_output_tokens" | "steps" | "searches" | "pages" | "images" | "video_blocks" | "three_d_models";

/**
 * A model and its list prices.
 */
export type Model = {
/**
 * Its id, unique in the book.
 */
id: ModelId,
/**
 * Its name as people know it.
 */
name: string,
/**
 * Who runs it.
 */
provider: string,
/**
 * What it makes, with the facts that only this kind has.
 */
kind: ModelKind,
/**
 * Its rates, by meter.
 */
rates: { [meter in Meter]?: Rate },
/**
 * Other rates above some size of the input, ascending (R8).
 */
tiers?: Array<Tier>,
/**
 * Where the rates come from.
 */
source: Source, };

/**
 * How many of a model's own tokens a text makes, from a count in an encoding that we have.
 */
export type ModelEncoding = {
/**
 * The encoding that is counted.
 */
name: Encoding,
/**
 * The fewest of its tokens for one counted.
 */
low: Factor,
/**
 * The likely number for one counted.
 */
expected: Factor,
/**
 * The most for one counted.
 */
high: Factor,
/**
 * The same for those counted that are of Latin words; as for all others where absent.
 */
latin?: TokenRatio,
/**
 * The most tokens that the provider's own format adds to each message.
 */
message_tokens: number,
/**
 * The most that it adds where the model may call tools, and to each tool; nothing where absent.
 */
tools?: ToolTokens,
/**
 * Where the ratios come from, or `assumed`.
 */
source: string, };

/**
 * A model's id in the price book.
 */
export type ModelId = string;

/**
 * What a model makes.
 */
export type ModelKind = { "text": TextModel } | "image" | { "video": VideoModel } | "three_d";

/**
 * The tier of a text model: it decides the base price and the level.
 */
export type ModelTier = "lightweight" | "frontier";

/**
 * One price of a task, for some models.
 */
export type Offer = {
/**
 * The models that it is for.
 */
models: OfferedModels,
/**
 * The base, before the multiplier.
 */
per_request?: Credits,
/**
 * The stated markup on base and rates.
 */
multiplier: Factor,
/**
 * The least that a leg costs, a multiple of `charge_step`, untouched by the multiplier.
 */
minimum?: Credits,
/**
 * Rates of the task's own meters (steps, searches, pages), beside the model's.
 */
rates?: { [meter in Meter]?: Rate },
/**
 * What a request that says nothing is bounded by.
 */
bounds?: Bounds, };

/**
 * The models of an offer.
 */
export type OfferedModels = { "tier": ModelTier } | { "kind": KindName } | { "ids": Array<ModelId> };

/**
 * One bracket: the whole amount is priced by the bracket that it falls in.
 */
export type PackBracket = {
/**
 * The smallest amount in this bracket, in US dollars.
 */
from_usd: number,
/**
 * Credits for each dollar of the amount.
 */
credits_per_usd: Credits, };

/**
 * Custom Packs: any whole-dollar amount, priced by brackets.
 */
export type Packs = {
/**
 * The smallest amount, in US dollars.
 */
usd_min: number,
/**
 * The largest amount, in US dollars.
 */
usd_max: number,
/**
 * What a dollar buys, by the amount spent; ascending, the first from `usd_min`.
 */
brackets: Array<PackBracket>, };

/**
 * How many units a rate is for: 1, 1 000 or 1 000 000, a plain number in JSON.
 */
export type Per = 1 | 1000 | 1000000;

/**
 * The periods of a subscription: half-open, `[start(n), start(n + 1))` (R35).
 *
 * Each boundary is computed from the anchor, never from the one before: from 31 January a month
 * leads to 28 February, and two lead to 31 March.
 */
export type Periods = {
/**
 * When the first one began.
 */
anchor: Timestamp,
/**
 * How many months each has, 1 or 12.
 */
months: number, };

/**
 * A plan.
 */
export type Plan = {
/**
 * Which one.
 */
id: PlanId,
/**
 * Its name as people know it.
 */
name: string,
/**
 * The credits it grants: once for `free`, each period for `pro`.
 */
credits: Credits,
/**
 * Its price in whole US dollars for a period; absent for `free`.
 */
price_usd?: number,
/**
 * How many months a period has, 1 or 12; absent for `free`.
 */
months?: number, };

/**
 * The plans there are.
 */
export type PlanId = "free" | "pro";

/**
 * One side of an entry.
 */
export type Posting = {
/**
 * Where.
 */
account: LedgerAccount,
/**
 * Which side.
 */
side: Side,
/**
 * How much; above zero.
 */
amount: Credits, };

/**
 * One price book, as written.
 */
export type PriceBook = {
/**
 * The form of this document; [`SCHEMA`] for this engine.
 */
schema: number,
/**
 * The catalogue's name, the same for all its versions.
 */
id: string,
/**
 * When it comes into force.
 */
effective_at: Timestamp,
/**
 * Every charge is rounded up to a multiple of this, once per leg.
 */
charge_step: Credits,
/**
 * The bands that turn an expected price into a level, ascending from zero.
 */
levels: Array<LevelBand>,
/**
 * Every model that can be named.
 */
models: Array<Model>,
/**
 * The price of every task that is priced on its own.
 */
tasks: Array<TaskPrice>,
/**
 * Compare mode.
 */
compare: Compare,
/**
 * Routing mode.
 */
routing: RoutingPolicy,
/**
 * What a person can subscribe to, `free` and `pro`.
 */
plans: Array<Plan>,
/**
 * What a Custom Pack costs.
 */
packs: Packs,
/**
 * One typical request for each row of the product's table, with the level it must show (R9).
 */
references: Array<Reference>, };

/**
 * What was paid for.
 */
export type Product = "pack" | { "pro": {
/**
 * The subscription's id. A subscription whose anchor or months change is another one, and
 * the shell gives it another id.
 */
subscription: ActionId,
/**
 * Its periods.
 */
periods: Periods,
/**
 * When the period began, as the provider reports it; it belongs to the nearest start.
 */
period_start: Timestamp, } };

/**
 * A payment that bought a lot, and what became of it. The account keeps it by the payment's id.
 */
export type Purchase = {
/**
 * The payment's id.
 */
payment: ActionId,
/**
 * When it was paid.
 */
paid_at: Timestamp,
/**
 * How much, in US cents.
 */
usd_cents: number,
/**
 * What for.
 */
product: Product,
/**
 * The lot that it bought.
 */
grant: Granted,
/**
 * How much of it was refunded so far, in US cents.
 */
refunded_usd_cents: number,
/**
 * Its disputes, in the order in which they were heard of.
 */
disputes?: Array<Dispute>,
/**
 * What was taken of the grant, debt included: by refunds, lost disputes and the operator.
 */
claimed: Credits,
/**
 * What of its lot expired unused and was not claimed since.
 */
expired: Credits,
/**
 * Whether an operator revoked its lot: it stays so, also where a claim brings the lot back.
 */
revoked?: boolean, };

/**
 * Three quantiles of what was counted, ascending: eight of ten lie between the outer ones.
 */
export type Quantiles = {
/**
 * One of ten was at most that.
 */
p10: number,
/**
 * Half of them were.
 */
p50: number,
/**
 * Nine of ten were.
 */
p90: number, };

/**
 * A quantity of one meter, at most [`QUANTITY_MAX`].
 */
export type Quantity = number;

/**
 * What a person saw before they sent: the charge never exceeds it (R20).
 */
export type Quote = {
/**
 * The version of the book that priced it.
 */
price_book: BookVersion,
/**
 * The version of the rules that priced it, [`crate::RULES_VERSION`].
 */
rules: string,
/**
 * The most that it was said to cost.
 */
high: Credits,
/**
 * The caps that were shown.
 */
caps?: Caps, };

/**
 * Credits for `per` units of a meter.
 */
export type Rate = {
/**
 * What `per` units cost, up to [`RATE_MAX`].
 */
credits: Credits,
/**
 * How many units that price is for.
 */
per: Per,
/**
 * Says that a rate of zero is meant (R5).
 */
free?: boolean, };

/**
 * Why one action cost what it cost.
 */
export type Receipt = {
/**
 * The action.
 */
action_id: ActionId,
/**
 * Its task.
 */
task: Task,
/**
 * The book that priced it.
 */
price_book: BookVersion,
/**
 * The rules that admitted it.
 */
rules: string,
/**
 * When it was admitted.
 */
authorized_at: Timestamp,
/**
 * What was held.
 */
hold: Credits,
/**
 * What it was capped at.
 */
caps: Caps,
/**
 * What each leg came to.
 */
legs: Array<ReceiptLeg>,
/**
 * What was charged for all legs that ended so far.
 */
charge: Credits,
/**
 * What was given back of the hold so far.
 */
released: Credits, };

/**
 * One leg of a receipt.
 */
export type ReceiptLeg = {
/**
 * What was held for it.
 */
hold: Credits,
/**
 * How it ended.
 */
outcome: ReceiptOutcome, };

/**
 * How a leg ended, with what explains its charge.
 */
export type ReceiptOutcome = { "kind": "open" } | { "kind": "settled",
/**
 * When.
 */
at: Timestamp,
/**
 * The model that answered.
 */
model: ModelId,
/**
 * What it used.
 */
usage: Usage,
/**
 * Who counted that.
 */
usage_source: UsageSource,
/**
 * How the answer came to its end.
 */
finish: Finish,
/**
 * The price, line by line: they add up to `charge` and `absorbed`.
 */
lines: Array<Line>,
/**
 * What was charged.
 */
charge: Credits,
/**
 * What the platform bore because the price was above the hold.
 */
absorbed: Credits,
/**
 * The lots that paid.
 */
drawn: Array<LotPart>, } | { "kind": "voided",
/**
 * When.
 */
at: Timestamp,
/**
 * Why.
 */
reason: VoidReason, } | { "kind": "expired",
/**
 * When.
 */
at: Timestamp, };

/**
 * A typical request of one row of the product's table, and the levels it may show (R9).
 */
export type Reference = {
/**
 * The row: a task, with the model's tier where that matters.
 */
row: string,
/**
 * The request.
 */
request: Request,
/**
 * The levels that one unit of it may show.
 */
levels: Array<Level>, };

/**
 * What would help.
 */
export type Remedy = { "kind": "upgrade_to_pro" } | { "kind": "mend_payment" } | { "kind": "buy_pack",
/**
 * The smallest, in US dollars.
 */
usd_min: number, } | { "kind": "wait_for_reset",
/**
 * When the next period begins.
 */
at: Timestamp, } | { "kind": "wait_for_holds" } | { "kind": "cheaper",
/**
 * The whole request to make instead.
 */
request: Request,
/**
 * The caps that it fits with.
 */
caps: Caps,
/**
 * The most that it costs.
 */
high: Credits, } | { "kind": "review_price" } | { "kind": "fix_request" } | { "kind": "raise_limit" } | { "kind": "contact_support" };

/**
 * Whether a receipt comes to the same numbers again, and what they come to.
 */
export type Replay = {
/**
 * Whether every number is the same.
 */
matches: boolean,
/**
 * The book that it was computed with.
 */
price_book: BookVersion,
/**
 * What the legs cost by this replay.
 */
charge: Credits,
/**
 * What each leg comes to, in the receipt's order.
 */
legs: Array<ReplayLeg>,
/**
 * What differs, one sentence each.
 */
differences: Array<string>, };

/**
 * One leg of a receipt, computed again; of nothing where it was not charged.
 */
export type ReplayLeg = {
/**
 * The price, line by line: they add up to `charge` and `absorbed`.
 */
lines: Array<Line>,
/**
 * What is charged: the price, up to what was held.
 */
charge: Credits,
/**
 * What the platform bears because the price is above that.
 */
absorbed: Credits, };

/**
 * One thing to do, priced before it is done.
 *
 * What is absent is bounded by the book. Counts cover everything that is sent to the model:
 * conversation, system prompt, tools and draft.
 */
export type Request = {
/**
 * The task.
 */
task: Task,
/**
 * The models: one, 2 to 4 in compare, none in routing.
 */
models?: Array<ModelId>,
/**
 * Text tokens of the whole input, in each encoding that the models need, and how many of them
 * are of Latin words; where that is not said, none.
 */
input_tokens?: { [kind in TokenKind]?: number },
/**
 * Images, recordings and clips of the whole input; each model counts them by its own formula.
 */
attachments?: Array<Attachment>,
/**
 * How many messages the input has.
 */
messages?: number,
/**
 * How many tools the model may call; their definitions are among the tokens of the input.
 */
tools?: number,
/**
 * The longest answer wanted, for each leg, reasoning included.
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
 * Pages to read.
 */
pages?: number,
/**
 * Images to make; one where absent.
 */
images?: number,
/**
 * Clips to make; one where absent.
 */
clips?: number,
/**
 * How long each clip is; one block of the model where absent.
 */
clip_seconds?: number,
/**
 * 3D models to make; one where absent.
 */
three_d_models?: number,
/**
 * A cache that the caller asks the provider to write; without it none is written.
 */
cache_write?: CacheWrite,
/**
 * What the text looks like; see [`crate::routing::flags`].
 */
flags?: Array<Flag>, };

/**
 * A lot that was revoked.
 */
export type Revocation = {
/**
 * The operator's action.
 */
action_id: ActionId,
/**
 * Which lot.
 */
lot: LotId,
/**
 * What was left of it and not held.
 */
amount: Credits,
/**
 * Why.
 */
reason: string,
/**
 * When.
 */
at: Timestamp, };

/**
 * What a routing rule looks at: counts, flags and the price, never a text.
 */
export type RoutingCondition = {
/**
 * The request has this flag.
 */
flag?: Flag,
/**
 * The prompt, with the conversation so far, has more `o200k_base` tokens than this.
 */
input_tokens_above?: number,
/**
 * The prompt has more messages than this.
 */
messages_above?: number,
/**
 * The request is at least so demanding, as [`crate::routing::complexity`] tells.
 */
complexity_at_least?: number,
/**
 * The request is likely to cost at most this with the rule's model, by the book alone.
 */
cost_at_most?: Credits, };

/**
 * Routing mode: who may answer, and who is likely to (R12).
 */
export type RoutingPolicy = {
/**
 * Every model that may answer, fallbacks included.
 */
candidates: Array<ModelId>,
/**
 * The model for a request that no rule names.
 */
default: ModelId,
/**
 * Tried in order; the first that holds, and whose model may answer, names it.
 */
rules: Array<RoutingRule>, };

/**
 * One rule of routing. It names one model, or leaves the choice to the price.
 */
export type RoutingRule = {
/**
 * What must hold, all of it; nothing always holds.
 */
when: RoutingCondition,
/**
 * The model then, one of the candidates.
 */
use?: ModelId,
/**
 * In its place: of these candidates the one that this request is likely to cost least with;
 * of equals the first candidate.
 */
use_cheapest_of?: Array<ModelId>, };

/**
 * A settled leg.
 */
export type Settled = {
/**
 * When.
 */
at: Timestamp,
/**
 * The model that answered.
 */
model: ModelId,
/**
 * What it used.
 */
usage: Usage,
/**
 * Who counted that.
 */
usage_source: UsageSource,
/**
 * How the answer came to its end.
 */
finish: Finish,
/**
 * What was captured: the exact price, at most the leg's part.
 */
charge: Credits,
/**
 * What the price was above the leg's part; the platform bears it, now and later.
 */
absorbed: Credits,
/**
 * The lots that paid, in the order in which they were used.
 */
drawn: Array<LotPart>, };

/**
 * The two sides of a posting. A customer's credits are what the platform owes them: they grow on
 * the credit side.
 */
export type Side = "debit" | "credit";

/**
 * Where a price was read.
 */
export type Source = {
/**
 * The package and its version, or `own price`.
 */
package: string,
/**
 * The provider's page.
 */
page?: string,
/**
 * The day, as `2026-11-23`.
 */
read_on: string,
/**
 * What a reader should know: disagreements, assumptions.
 */
note?: string, };

/**
 * What was spent on one day by one task with one model.
 */
export type Spending = {
/**
 * The first instant of the day, in UTC.
 */
day: Timestamp,
/**
 * The task.
 */
task: Task,
/**
 * The model.
 */
model: ModelId,
/**
 * How many of its answers ended.
 */
answers: number,
/**
 * What they cost together.
 */
charge: Credits, };

/**
 * What eligibility looks at: an account at one instant, the same in the browser and on the server.
 */
export type Standing = {
/**
 * All lots, held parts included: what the header shows, and what a statement closes with.
 */
settled: Credits,
/**
 * What open holds reserve.
 */
held: Credits,
/**
 * What can be spent now: what is settled and not held, less what is frozen or begins later.
 */
available: Credits,
/**
 * How many holds are open.
 */
open_holds: number,
/**
 * The plan.
 */
plan: PlanId,
/**
 * When a Pro period ends; absent without one.
 */
resets_at?: Timestamp,
/**
 * What the person's own limits leave; absent where they set none.
 */
limit_left?: Credits,
/**
 * These limits.
 */
limits?: Limits,
/**
 * Whether the account is closed.
 */
closed: boolean,
/**
 * Whether a payment is disputed.
 */
disputed: boolean,
/**
 * Whether a payment for Pro is missing.
 */
past_due?: boolean, };

/**
 * A period of an account's life.
 */
export type Statement = {
/**
 * Its first instant.
 */
from: Timestamp,
/**
 * The first instant after it.
 */
to: Timestamp,
/**
 * What was settled before its first entry.
 */
opening: Credits,
/**
 * One line for each entry.
 */
lines: Array<StatementLine>,
/**
 * What was settled after its last entry.
 */
closing: Credits, };

/**
 * One entry, for a person.
 */
export type StatementLine = {
/**
 * The entry's number.
 */
entry: number,
/**
 * When.
 */
at: Timestamp,
/**
 * What happened, in words.
 */
text: string,
/**
 * The action that it is about.
 */
action_id?: ActionId,
/**
 * The task of that action, where it is a hold's.
 */
task?: Task,
/**
 * The model that answered.
 */
model?: ModelId,
/**
 * What it added to the settled balance; below zero where it took.
 */
change: Credits,
/**
 * What it added to what open holds reserve; below zero where it gave back.
 */
held: Credits,
/**
 * What was settled after it.
 */
balance: Credits, };

/**
 * What a subscription is, in the order in which they win at one instant.
 */
export type SubscriptionStatus = "past_due" | "active" | "cancelled";

/**
 * A kind of work, a row of the product's table.
 */
export type Task = "direct" | "compare" | "routing" | "agent" | "deep_research" | "finance_search" | "social_search" | "file_processing" | "image" | "video" | "three_d";

/**
 * The price of one task, for the models that it is offered with.
 */
export type TaskPrice = {
/**
 * The task; `compare` and `routing` have no row, their legs are priced as `direct`.
 */
task: Task,
/**
 * The longest that a hold for it may stay open (R26).
 */
hold_seconds_max: number,
/**
 * Its prices. No model is in two of them.
 */
offers: Array<Offer>, };

/**
 * The facts of a text model.
 */
export type TextModel = {
/**
 * Its tier in the product's table.
 */
tier: ModelTier,
/**
 * How its tokens follow from counted ones.
 */
encoding: ModelEncoding,
/**
 * How its tokens follow from an image; it takes none where absent.
 */
image_tokens?: AttachmentTokens,
/**
 * The same from a recording.
 */
audio_tokens?: AttachmentTokens,
/**
 * The same from a clip with its sound.
 */
video_tokens?: AttachmentTokens,
/**
 * How many tokens fit in it, input and output together.
 */
context_tokens_max: number,
/**
 * How many tokens one answer may have.
 */
output_tokens_max: number, };

/**
 * Rates that hold strictly above a total input (R8).
 */
export type Tier = {
/**
 * The last total input that is still priced below this tier.
 */
above_input_tokens: number,
/**
 * The whole leg's rates, for the same meters as the model's.
 */
rates: { [meter in Meter]?: Rate }, };

/**
 * A point in time, in whole milliseconds since 1970-01-01T00:00:00Z, from 1970 to 9999.
 *
 * In JSON `"2026-03-15T10:00:00Z"`, with exactly three decimals of a second where they are not
 * zero. Other spellings of the same instant are refused: one value, one text.
 */
export type Timestamp = string;

/**
 * Which tokens of a text were counted: all of them, or those of Latin words.
 *
 * Of Latin words are the tokens of those pieces of the text (as the encoding's own pattern cuts
 * it) that have no other characters than ASCII without its digits, the letters and signs of
 * Latin-1 and Latin Extended-A, dashes, quotation marks and the like (U+2010 to U+2027) and `€`:
 * with a letter, pieces of at most 32 bytes; without one, of at most two characters.
 */
export type TokenKind = "o200k_base" | "o200k_base_latin" | "cl100k_base" | "cl100k_base_latin";

/**
 * A range of token counts, both ends included.
 */
export type TokenRange = {
/**
 * The fewest.
 */
low: number,
/**
 * The likely number.
 */
expected: number,
/**
 * The most.
 */
high: number, };

/**
 * How many tokens a model makes of one that was counted.
 */
export type TokenRatio = {
/**
 * The fewest.
 */
low: Factor,
/**
 * The likely number.
 */
expected: Factor,
/**
 * The most.
 */
high: Factor, };

/**
 * What a provider's own format adds to the definitions of tools, whose text is counted as any.
 */
export type ToolTokens = {
/**
 * The most tokens where there is any tool: what it tells the model of calling one.
 */
once: number,
/**
 * The most tokens for each tool.
 */
each: number, };

/**
 * Measured quantities, unpriced: a map from meter to count.
 *
 * A meter that is absent was not measured or did not occur; both cost nothing here. Who settles
 * must know which: usage that a provider failed to report is counted or absorbed, never zero.
 */
export type Usage = { [meter in Meter]?: number };

/**
 * Who counted a usage.
 */
export type UsageSource = "reported" | "counted";

/**
 * What a voided leg used.
 */
export type Used = {
/**
 * On which model, one of the leg's.
 */
model: ModelId,
/**
 * How much.
 */
usage: Usage, };

/**
 * The facts of a video model.
 */
export type VideoModel = {
/**
 * How many seconds one `video_blocks` unit has; a started block counts.
 */
block_seconds: number,
/**
 * The longest clip it makes.
 */
clip_seconds_max: number, };

/**
 * Why a leg is voided: the table of outcomes in the rules.
 */
export type VoidReason = "refused" | "failed" | "stopped" | "lost";

/**
 * A voided leg.
 */
export type Voided = {
/**
 * When.
 */
at: Timestamp,
/**
 * Why.
 */
reason: VoidReason,
/**
 * What was used all the same.
 */
used?: Used,
/**
 * The price of that, borne by the platform.
 */
absorbed: Credits, };
