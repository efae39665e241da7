//! The programs that the demo models write: one small function in the language that was named.

use crate::provider_demo_phrases::STOP_WORDS;
use crate::provider_demo_words::words;

/// One language: the words that name it, its name in Markdown, its program and its test. In both
/// `{name}` is the function's name, and `{topic}` what it is about.
struct Language {
    words: &'static [&'static str],
    markdown: &'static str,
    program: &'static str,
    test: &'static str,
}

/// The first is written where none was named.
const LANGUAGES: [Language; 4] = [
    Language {
        words: &["python", "py"],
        markdown: "python",
        program: "def {name}(items: list[str]) -> dict[str, int]:\n    \
                  \"\"\"Tally the items: {topic}.\"\"\"\n    \
                  counts: dict[str, int] = dict()\n    \
                  for item in items:\n        \
                  counts[item] = counts.get(item, 0) + 1\n    \
                  return dict(sorted(counts.items(), key=lambda pair: -pair[1]))",
        test: "assert {name}([\"b\", \"a\", \"b\"]) == {\"b\": 2, \"a\": 1}",
    },
    Language {
        words: &["rust", "cargo"],
        markdown: "rust",
        program: "use std::collections::BTreeMap;\n\n\
                  /// Tallies the items: {topic}.\n\
                  pub fn {name}(items: &[&str]) -> BTreeMap<String, usize> {\n    \
                  let mut counts = BTreeMap::new();\n    \
                  for item in items {\n        \
                  *counts.entry((*item).to_string()).or_default() += 1;\n    \
                  }\n    \
                  counts\n\
                  }",
        test: "assert_eq!({name}(&[\"b\", \"a\", \"b\"])[\"b\"], 2);",
    },
    Language {
        words: &["javascript", "typescript", "js", "ts", "node", "react"],
        markdown: "typescript",
        program: "/** Tallies the items: {topic}. */\n\
                  export function {name}(items: string[]): Map<string, number> {\n  \
                  const counts = new Map<string, number>();\n  \
                  for (const item of items) {\n    \
                  counts.set(item, (counts.get(item) ?? 0) + 1);\n  \
                  }\n  \
                  return counts;\n\
                  }",
        test: "console.assert({name}([\"b\", \"a\", \"b\"]).get(\"b\") === 2);",
    },
    Language {
        words: &["sql", "postgres", "postgresql", "sqlite", "query"],
        markdown: "sql",
        program: "-- Most frequent first: {topic}.\n\
                  SELECT item, count(*) AS times\n\
                  FROM {name}\n\
                  GROUP BY item\n\
                  ORDER BY times DESC\n\
                  LIMIT 10;",
        test: "EXPLAIN SELECT item, count(*) FROM {name} GROUP BY item;",
    },
];

/// A program about `topic`, in the parts of an answer; with its test where there is `room`.
pub(crate) fn code(asked: &str, topic: &str, room: bool) -> Vec<String> {
    let lower = asked.to_lowercase();
    let named = |language: &&Language| words(&lower).any(|word| language.words.contains(&word));
    let [first, ..] = &LANGUAGES;
    let language = LANGUAGES.iter().find(named).unwrap_or(first);
    let fill = |text: &str| {
        let block = text.replace("{name}", &identifier(topic, language)).replace("{topic}", topic);
        format!("```{}\n{block}\n```", language.markdown)
    };
    let mut parts = vec![fill(language.program)];
    if room {
        parts.push("A first check that it does what it says:".to_owned());
        parts.push(fill(language.test));
    }
    parts.push("It reads its input once, so it stays quick on long lists.".to_owned());
    parts
}

/// A name for a function, out of the topic's plain letters.
fn identifier(topic: &str, language: &Language) -> String {
    let plain = |word: &str| word.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    let words = topic.split(' ').map(|word| plain(&word.to_lowercase()));
    let says_little = |word: &str| {
        word.is_empty() || language.words.contains(&word) || STOP_WORDS.contains(&word)
    };
    let name = words.filter(|word| !says_little(word)).take(2).collect::<Vec<_>>().join("_");
    match name.chars().next() {
        Some(first) if first.is_ascii_alphabetic() => name,
        Some(_) => format!("tally_{name}"),
        None => "tally".to_owned(),
    }
}
