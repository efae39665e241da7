//! What must not occur in the engine's code: clocks, randomness, floats, async, I/O, other rooms.
//!
//! Code is read as tokens: comments, documentation and texts may say `std`, code may not. Code that
//! is built only for tests (`#[cfg(test)]`, `src/engine/tests/`) may do what it likes.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::{Attribute, Item, ItemMod, Lit};

use crate::tree::{Tree, assert_found, assert_none};

const ENGINE: &str = "src/engine/";
const TESTS: &str = "src/engine/tests/";

/// Words, each with the reason.
const NEVER: &[(&str, &str)] = &[
    ("f32", "no float anywhere (R1)"),
    ("f64", "no float anywhere (R1)"),
    ("std", "the engine is no_std: `core` or `alloc`"),
    ("SystemTime", "the engine has no clock: `now` is an argument"),
    ("Instant", "the engine has no clock: `now` is an argument"),
    ("chrono", "the engine has no clock: `now` is an argument"),
    ("async", "a rule is a plain function"),
    ("await", "a rule is a plain function"),
    ("Future", "a rule is a plain function"),
    ("rand", "the engine has no random source"),
    ("getrandom", "the engine has no random source"),
    ("uuid", "the engine never makes an id: ids are arguments"),
    ("Uuid", "the engine never makes an id: ids are arguments"),
    ("sqlx", "the engine knows no database"),
    ("rusqlite", "the engine knows no database"),
    ("http", "the engine knows no network"),
    ("axum", "the engine knows no network"),
    ("js_sys", "the engine knows no JavaScript"),
    ("web_sys", "the engine knows no JavaScript"),
    ("wasm_bindgen", "the engine knows no JavaScript"),
    ("serde_json", "documents are read in wire"),
    ("unsafe", "no unsafe code"),
];

fn check(tree: &Tree) -> Vec<String> {
    let sources: Vec<Source> = tree
        .under(ENGINE, &[".rs"])
        .filter(|(path, _)| !path.starts_with(TESTS))
        .map(|(path, text)| Source::read(path, text))
        .collect();
    let for_tests: BTreeSet<&String> =
        sources.iter().flat_map(|source| &source.test_modules).collect();
    sources
        .iter()
        .filter(|source| !for_tests.contains(&source.path))
        .flat_map(|source| &source.faults)
        .cloned()
        .collect()
}

/// One file: what is wrong in it, and which files it names as modules for tests only.
struct Source {
    path: String,
    faults: Vec<String>,
    test_modules: Vec<String>,
}

impl Source {
    fn read(path: &str, text: &str) -> Self {
        let file = syn::parse_file(text).unwrap_or_else(|fault| panic!("`{path}`: {fault}"));
        let mut source = Self { path: path.to_owned(), faults: vec![], test_modules: vec![] };
        source.items(&file.items);
        source
    }

    fn items(&mut self, items: &[Item]) {
        for item in items {
            let for_tests = attributes(item).iter().any(is_for_tests);
            match item {
                Item::Mod(module) if for_tests => self.test_modules.extend(self.files_of(module)),
                _ if for_tests => {}
                Item::Mod(ItemMod { content: Some((_, inner)), .. }) => self.items(inner),
                other => self.tokens(quote(other)),
            }
        }
    }

    /// Where the module of a file may lie.
    fn files_of(&self, module: &ItemMod) -> Vec<String> {
        let (folder, file) = self.path.rsplit_once('/').expect("a file of the engine");
        let own_folder = match file {
            "lib.rs" | "mod.rs" => folder.to_owned(),
            _ => format!("{folder}/{}", file.trim_end_matches(".rs")),
        };
        let named = module.attrs.iter().find(|attribute| attribute.path().is_ident("path"));
        match named.and_then(|attribute| attribute.meta.require_name_value().ok()) {
            Some(path) => {
                let text = quote(&path.value).to_string();
                vec![format!("{folder}/{}", text.trim_matches('"'))]
            }
            None => vec![
                format!("{own_folder}/{}.rs", module.ident),
                format!("{own_folder}/{}/mod.rs", module.ident),
            ],
        }
    }

    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            let line = token.span().start().line;
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(word) => {
                    let never = NEVER.iter().find(|(never, _)| word == never);
                    if let Some((never, why)) = never {
                        self.faults.push(format!("{}:{line}: `{never}`: {why}", self.path));
                    }
                }
                TokenTree::Literal(literal) => {
                    if matches!(Lit::new(literal.clone()), Lit::Float(_)) {
                        self.faults.push(format!("{}:{line}: `{literal}`: no float", self.path));
                    }
                }
                TokenTree::Punct(_) => {}
            }
        }
    }
}

fn quote(tokens: &impl quote::ToTokens) -> TokenStream {
    tokens.to_token_stream()
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn is_for_tests(attribute: &Attribute) -> bool {
    let text = quote(&attribute.meta).to_string().replace(' ', "");
    ["cfg(test)", "cfg(all(test,", "test"].iter().any(|start| match *start {
        "test" => text == "test",
        start => text.starts_with(start),
    })
}

#[test]
fn the_engine_says_none_of_the_words_it_must_not() {
    assert_none(check(&Tree::of_the_repository()));
}

#[test]
fn a_word_that_the_engine_must_not_say_is_found() {
    let table = [
        ("pub fn price(tokens: f64) {}", "lib.rs:1: `f64`"),
        ("\nfn price() -> u64 { (1.5 * 2.0) as u64 }", "lib.rs:2: `1.5`"),
        ("use std::collections::BTreeMap;", "`std`"),
        ("mod inner { fn now() { core::time::Instant::now(); } }", "`Instant`"),
        ("impl Rule { async fn price(&self) {} }", "`async`"),
        ("macro_rules! id { () => { Uuid::new_v4() } }", "`Uuid`"),
        ("#[derive(Debug)] struct Row { id: sqlx::types::Id }", "`sqlx`"),
    ];
    for (text, words) in table {
        assert_found(check(&Tree::of(&[("src/engine/lib.rs", text)])), words);
    }
}

#[test]
fn comments_texts_and_tests_of_the_engine_may_say_anything() {
    let tree = Tree::of(&[
        (
            "src/engine/lib.rs",
            "//! No std here.\n#![no_std]\n/// Not an f64.\n// async\nconst WORD: &str = \"f64\";\n\
             #[cfg(test)]\nextern crate std;\n#[cfg(test)]\nmod tests { use std::vec; }\n\
             mod rate;\n",
        ),
        (
            "src/engine/rate.rs",
            "#[cfg(test)]\nmod tests;\n#[cfg(test)]\n#[path = \"rate_more.rs\"]\nmod more;\n",
        ),
        ("src/engine/rate/tests.rs", "fn half() -> f64 { 0.5 }"),
        ("src/engine/rate_more.rs", "use std::time::Instant;"),
        ("src/engine/tests/laws.rs", "use std::time::Instant;"),
        ("src/server/lib.rs", "use std::time::Instant;"),
    ]);
    assert_none(check(&tree));
}

#[test]
fn a_file_that_is_not_only_for_tests_is_held_to_the_words() {
    let tree = Tree::of(&[
        ("src/engine/lib.rs", "mod tests;"),
        ("src/engine/tests.rs", "fn half() -> f64 { 0.5 }"),
    ]);
    assert_found(check(&tree), "src/engine/tests.rs:1: `f64`");
}
