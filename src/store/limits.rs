//! What a store refuses because it is too much: every list, batch and text has a limit.

/// The most commits of one call, and the most accounts of one load.
pub const BATCH_MAX: usize = 1_000;
/// The most actions that one command names.
pub const WANTED_ACTIONS_MAX: usize = 1_000;
/// The most chat rows that one command writes.
pub const CHAT_WRITES_MAX: usize = 1_000;
/// The most journal entries of one read.
pub const ENTRIES_MAX: u32 = 1_000;
/// The most accounts of one list.
pub const ACCOUNTS_MAX: u32 = 1_000;
/// The most actions of one read of what is stored.
pub const ACTIONS_MAX: u32 = 1_000;
/// The most accounts of one read of what is due.
pub const ACCOUNTS_DUE_MAX: u32 = 1_000;
/// The most conversations of one read.
pub const CONVERSATIONS_MAX: u32 = 100;
/// The most messages of one read.
pub const MESSAGES_MAX: u32 = 1_000;
/// The most texts of one read; each may be as long as a text may be.
pub const TEXTS_MAX: u32 = 32;
/// The most files, and the most messages, that are forgotten at a time.
pub const FORGET_MAX: u32 = 1_000;
/// The most price books of one read.
pub const BOOKS_MAX: u32 = 1_000;
/// The most sessions of one clean-up.
pub const SESSIONS_MAX: u32 = 1_000;
/// The most identities of one read.
pub const IDENTITIES_MAX: u32 = 1_000;
/// The longest name of a person, in bytes.
pub const PERSON_NAME_BYTES_MAX: usize = 256;
/// The longest name of a device, in bytes.
pub const DEVICE_BYTES_MAX: usize = 128;
/// The most that an identity's sign-in is checked with, in bytes.
pub const IDENTITY_BYTES_MAX: usize = 16 * 1_024;
/// The most that a sign-in under way waits with, in bytes.
pub const CEREMONY_BYTES_MAX: usize = 64 * 1_024;
/// The most claimed payment objects of one read.
pub const PAYMENT_CLAIMS_MAX: u32 = 1_000;
/// The most purchases of one read.
pub const PURCHASES_MAX: u32 = 100;
/// The most renewals of one read.
pub const RENEWALS_MAX: u32 = 1_000;
/// The most service keys of one read.
pub const KEYS_MAX: u32 = 1_000;
/// The longest name of a service key, in bytes.
pub const KEY_NAME_BYTES_MAX: usize = 128;
/// The longest title of a conversation, in bytes.
pub const TITLE_BYTES_MAX: usize = 1_024;
/// The longest text of a message, in bytes.
pub const TEXT_BYTES_MAX: usize = 8 * 1_024 * 1_024;
/// The most files of one list, and of one clean-up.
pub const FILES_MAX: u32 = 1_000;
/// The most files of one message.
pub const MESSAGE_FILES_MAX: usize = 20;
/// The most steps of one message.
pub const MESSAGE_STEPS_MAX: usize = 100;
/// The longest step, in bytes of its texts.
pub const STEP_BYTES_MAX: usize = 8 * 1_024;
/// The longest file, in bytes.
pub const FILE_BYTES_MAX: usize = 20 * 1_024 * 1_024;
/// The longest part of a file that is read at once, in bytes.
pub const FILE_PART_BYTES_MAX: u32 = 1_024 * 1_024;
/// The longest calibration, in bytes.
pub const CALIBRATION_BYTES_MAX: usize = 4 * 1_024 * 1_024;
/// The longest price book, in bytes.
pub const BOOK_BYTES_MAX: usize = 8 * 1_024 * 1_024;
/// The longest name that a provider gives a job, in bytes.
pub const JOB_BYTES_MAX: usize = 8 * 1_024;
/// The most jobs of one read, and the most that are taken at a time.
pub const JOBS_MAX: u32 = 1_000;
/// The most answers with made files of one read.
pub const MADE_MAX: u32 = 100;
