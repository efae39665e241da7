//! Holds the shape of the house: the arrows between crates, the nevers, names and places.
//!
//! Each rule is a function from a [`tree::Tree`] of files to a list of faults. It is called twice:
//! on the repository, where it must find nothing, and on small trees that break it, where it must
//! find that. So no rule can rot into one that always passes. What the product does is tested
//! elsewhere.

mod arrows;
mod browser_imports;
mod documents;
mod engine_words;
mod journal;
mod module_order;
mod places;
mod rule_numbers;
mod tree;
