//! Finding a few words in a person's message: its topic, its sentences, two sides of a comparison.
//!
//! What is found is made of letters, digits and a few signs, so that it breaks no Markdown.

/// The longest topic, in words.
const TOPIC_WORDS_MAX: usize = 7;
/// The longest word that is repeated, in characters.
const WORD_CHARS_MAX: usize = 40;
/// The longest sentence that is repeated, in characters.
const SENTENCE_CHARS_MAX: usize = 160;

/// The words of a text, without the signs around them and without triggers (`demo:…`).
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
        .filter(|word| !word.starts_with("demo:"))
        .flat_map(|word| word.split(|sign: char| "/,;:!?()[]{}<>|*`\"_=？。".contains(sign)))
        .map(|word| word.trim_matches(|sign: char| !sign.is_alphanumeric() && sign != '+'))
        .filter(|word| !word.is_empty() && word.chars().count() <= WORD_CHARS_MAX)
}

/// What a message is about: the stretch of its words from the first that says something on.
pub(crate) fn topic(text: &str, stop_words: &[&str]) -> String {
    let tells = |word: &&str| !stop_words.contains(&word.to_lowercase().as_str());
    let mut topic: Vec<&str> =
        words(text).skip_while(|word| !tells(word)).take(TOPIC_WORDS_MAX).collect();
    while topic.last().is_some_and(|word| !tells(word)) {
        topic.pop();
    }
    if topic.is_empty() { "your question".to_owned() } else { topic.join(" ") }
}

/// The two sides of `A vs B`, `compare A and B`, `the difference between A and B`.
pub(crate) fn sides(text: &str, stop_words: &[&str]) -> Option<(String, String)> {
    let words: Vec<&str> = words(text).collect();
    let divides = |these: &[&str]| {
        words.iter().position(|word| these.contains(&word.to_lowercase().as_str()))
    };
    let at = divides(&["vs", "versus"]).or_else(|| divides(&["and", "or", "with"]))?;
    let (before, after) = words.split_at_checked(at)?;
    let tells = |word: &&&str| !stop_words.contains(&word.to_lowercase().as_str());
    let mut left: Vec<&str> = before.iter().rev().take_while(tells).take(3).copied().collect();
    left.reverse();
    let right: Vec<&str> = after
        .iter()
        .skip(1)
        .skip_while(|word| !tells(word))
        .take_while(tells)
        .take(3)
        .copied()
        .collect();
    (!left.is_empty() && !right.is_empty()).then(|| (left.join(" "), right.join(" ")))
}

/// The sentences of a text on one line each, shortened.
pub(crate) fn sentences(text: &str) -> Vec<String> {
    let plain = |sentence: &str| words(sentence).collect::<Vec<_>>().join(" ");
    ended(text).map(plain).filter(|sentence| !sentence.is_empty()).map(shortened).collect()
}

/// The same as they are written, for where Markdown does no harm.
pub(crate) fn parts(text: &str) -> Vec<String> {
    let written = |sentence: &str| {
        let words = sentence.split_whitespace().filter(|word| !word.starts_with("demo:"));
        words.collect::<Vec<_>>().join(" ")
    };
    ended(text).map(written).filter(|part| words(part).next().is_some()).map(shortened).collect()
}

fn shortened(sentence: String) -> String {
    if sentence.chars().count() <= SENTENCE_CHARS_MAX {
        return sentence;
    }
    let start: String = sentence.chars().take(SENTENCE_CHARS_MAX).collect();
    format!("{start}…")
}

/// A text cut behind each sign that ends a sentence. A point inside of a number or a name ends none.
fn ended(text: &str) -> impl Iterator<Item = &str> {
    let ends = |at: usize, sign: char| match sign {
        '!' | '?' | '\n' | '。' => true,
        '.' => {
            let next = text.get(at..).and_then(|rest| rest.chars().nth(1));
            next.is_none_or(|next| !next.is_alphanumeric())
        }
        _ => false,
    };
    let mut from = 0;
    let last = text.len();
    let cuts = text.char_indices().filter(move |(at, sign)| ends(*at, *sign));
    let cuts = cuts.map(|(at, sign)| at.saturating_add(sign.len_utf8()));
    cuts.chain(std::iter::once(last)).map(move |to| {
        let sentence = text.get(from..to).unwrap_or_default();
        from = to;
        sentence
    })
}

#[cfg(test)]
mod tests {
    use super::{parts, sentences, sides, topic, words};
    use crate::provider_demo_phrases::STOP_WORDS;

    #[test]
    fn a_topic_is_the_words_that_say_something() {
        for (text, expected) in [
            ("Explain to me how photosynthesis works, please", "photosynthesis works"),
            ("What is **Rust**?", "Rust"),
            ("How do I plan a garden for a small balcony?", "garden for a small balcony"),
            (
                "one two three four five six seven eight nine ten",
                "two three four five six seven eight",
            ),
            ("demo:refuse please", "your question"),
            ("tell me about tides demo:fail-after-output@gpt-5.6-luna", "tides"),
            ("…", "your question"),
            ("水はなぜ青い？", "水はなぜ青い"),
        ] {
            assert_eq!(topic(text, STOP_WORDS), expected, "{text}");
        }
    }

    #[test]
    fn sides_are_found_around_the_word_between_them() {
        for (text, expected) in [
            ("Postgres vs SQLite", Some(("Postgres", "SQLite"))),
            ("Compare green tea and black coffee.", Some(("green tea", "black coffee"))),
            ("what is the difference between a cat and a dog", Some(("cat", "dog"))),
            ("compare", None),
            ("vs", None),
        ] {
            let found = sides(text, STOP_WORDS);
            let found = found.as_ref().map(|(left, right)| (left.as_str(), right.as_str()));
            // An article before a side is not part of it.
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn what_is_repeated_holds_no_markdown() {
        let text = "| a | `b` *c* [d](e) <f>";
        assert_eq!(words(text).collect::<Vec<_>>().join(" "), "a b c d e f");
        assert_eq!(
            sentences("It is 1.5 in a.txt. Is it? Yes"),
            ["It is 1.5 in a.txt", "Is it", "Yes"]
        );
        assert_eq!(parts("Is 2 * 1.5 odd? demo:slow\n. No!"), ["Is 2 * 1.5 odd?", "No!"]);
        let long = "word ".repeat(100);
        assert!(sentences(&long).iter().all(|sentence| sentence.chars().count() <= 161));
    }
}
