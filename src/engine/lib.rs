//! The rules of credits: pricing, eligibility and ledger, with no clock, no random source and no I/O.
