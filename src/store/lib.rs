//! The journal in a database: one trait, several back ends, one conformance suite.
