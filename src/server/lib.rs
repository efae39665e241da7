//! The only authority: HTTP API, chat, and the seam to model providers.
//!
//! It admits with the same rules that the browser shows prices with, trusts no amount, count or
//! account that a browser sends, and changes accounts through `kumari_store::Ledger` alone: no
//! handler opens a transaction.
//!
//! Modules are listed in reading order.

pub mod cli;
pub mod database;
pub mod price;
pub mod document_command;
pub mod price_book_command;
mod price_book_diff;
mod price_book_walk;
mod price_import;
mod price_import_choice;
mod price_import_litellm;
mod price_import_genai;
mod price_import_json;
mod price_import_decimal;
mod price_import_entry;
mod price_import_book;
mod price_import_report;
pub mod calibration_command;
mod calibration_learn;
pub mod replay;
mod progress;
mod json_line;
pub mod dollars;
pub mod backtest;
pub mod backtest_record;
pub mod backtest_csv;
mod backtest_read;
mod backtest_tally;
mod backtest_customers;
mod backtest_report;
mod backtest_table;
mod backtest_chart;
#[cfg(test)]
mod backtest_tests;
pub mod key;
pub mod audit;
pub mod migrate_store;
pub mod serve;
pub mod server;
mod router;

mod app;
mod problem;
mod body;
mod segment;
mod shield;
mod limits;
mod shares;
mod request_log;

mod session;
mod device;
mod free_credits;
mod people;
mod site;
mod passkey;
pub mod oidc_client;
mod oidc;
mod sessions;
mod export;
mod account_delete;
mod service_key;
mod books;
mod price_book;
mod calibrations;
mod calibration;
mod balance;
mod hub;
mod sse;
mod events;
mod estimate;

pub mod media;
mod media_bytes;
mod media_picture;
mod media_wav;
mod media_mp3;
mod media_ogg;
mod media_mp4;
mod media_webm;
mod uuid7;
mod counter;
mod file_reader;
mod file_upload;
mod file_storage;
mod files;
mod file_show;
mod history;
mod authorize;
mod admission;
mod file_refusal;
mod runs;
mod transcript;
mod answer_files;
mod answer;
mod renew;
pub mod provider;
pub mod provider_demo;
mod provider_demo_script;
mod provider_demo_files;
mod provider_demo_text;
mod provider_demo_code;
mod provider_demo_phrases;
mod provider_demo_words;
pub mod provider_openai;
mod provider_openai_send;
pub mod provider_openai_body;
mod provider_openai_events;
mod provider_openai_wire;
mod provider_openai_files;
mod provider_openai_usage;
mod listen;
mod attached;
mod outcome;
mod settle;
mod rows;
mod action;
mod action_events;
mod stop;
mod receipt;
mod statement;
mod statement_csv;
mod statement_period;
pub mod statement_print;
pub mod adjust;
pub mod simulate;
pub mod simulate_command;
#[cfg(test)]
mod statement_tests;
mod conversation_change;
mod conversation_events;
mod conversations;
mod payments;
mod top_up;
mod sweep;
mod book_watch;

mod service_command;
mod carry_out;
mod service;
mod batch;

mod assets;
mod health;

pub use app::Config;
pub use counter::{Counter, VocabularyFault};
pub use limits::Limits;
