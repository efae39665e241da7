//! Texts from storage and from the server's events: parsed by the page's own parser, which it has
//! anyway, and read by `kumari-wire`.

use kumari_wire::{Fault, Tree, from_tree};

/// A document.
///
/// # Errors
/// What is wrong with it, and where.
pub(crate) fn document<T: kumari_engine::read::Read>(text: &str) -> Result<T, Fault> {
    from_tree(&tree(text)?)
}

#[cfg(target_arch = "wasm32")]
fn tree(text: &str) -> Result<Tree, Fault> {
    let value = js_sys::JSON::parse(text).and_then(|value| crate::convert::tree_of(&value));
    value.map_err(|_| Fault {
        kind: kumari_wire::FaultKind::Syntax,
        path: String::new(),
        message: "not JSON".to_owned(),
    })
}

/// For tests, which have no page.
#[cfg(not(target_arch = "wasm32"))]
fn tree(text: &str) -> Result<Tree, Fault> {
    kumari_wire::parse(text)
}
