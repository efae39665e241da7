//! What the demo models say, as data: voices by family, and phrases by kind of answer.
//!
//! `{}` stands for the topic of the person's message. How an answer is put together is in
//! `provider_demo_text`.

/// How a family of models speaks.
#[derive(Debug)]
pub(crate) struct Voice {
    /// What the ids of its models begin with.
    pub(crate) family: &'static str,
    /// First paragraphs.
    pub(crate) openings: &'static [&'static str],
    /// Last paragraphs.
    pub(crate) closings: &'static [&'static str],
    /// The heading above the main part; empty for none.
    pub(crate) heading: &'static str,
    /// What a list's lines begin with.
    pub(crate) bullet: &'static str,
}

/// Every voice. A model of no family gets one of them by its id, always the same.
pub(crate) const VOICES: [Voice; 7] = [
    Voice {
        family: "gpt",
        openings: &[
            "Short answer: **{}** gets easier once its parts are told apart.",
            "Here is a compact take on **{}**, with what matters first.",
            "Let's make this concrete: **{}**.",
        ],
        closings: &[
            "If you tell me your constraints, I can turn this into a plan.",
            "Want me to go deeper into one of these points?",
        ],
        heading: "## Key points",
        bullet: "-",
    },
    Voice {
        family: "claude",
        openings: &[
            "That's a good thing to think through carefully. With **{}**, much depends on what you \
             want at the end, so let me start there.",
            "Happy to help with **{}**. I'll lay out how I see it, and say where I'm less sure.",
            "There's a tension here that is worth naming before anything else. You ask about **{}**, \
             and the answer changes with what you care about most.",
        ],
        closings: &[
            "I'd weigh the second point most, though your situation may differ. What are you \
             leaning towards?",
            "I may be missing context here; tell me more and I'll adjust this.",
        ],
        heading: "",
        bullet: "-",
    },
    Voice {
        family: "gemini",
        openings: &[
            "**{}** at a glance: a few ideas do most of the work.",
            "Here's a breakdown of **{}**, from the overview to the details.",
        ],
        closings: &[
            "**In summary:** start small, measure, and widen what works.",
            "**Next step:** pick one item above and try it this week.",
        ],
        heading: "### Breakdown",
        bullet: "*",
    },
    Voice {
        family: "grok",
        openings: &[
            "Ah, **{}**. Everyone has an opinion, few have tried it. Let's cut to it.",
            "Right, **{}**: less mysterious than it's made out to be.",
        ],
        closings: &[
            "That's the honest version. The glossy one costs extra.",
            "And if someone says it is simple, ask them to show their work.",
        ],
        heading: "### No nonsense",
        bullet: "-",
    },
    Voice {
        family: "mistral",
        openings: &["On **{}**, briefly.", "**{}**: the essentials."],
        closings: &["That is enough to begin.", "The rest is detail."],
        heading: "",
        bullet: "-",
    },
    Voice {
        family: "deepseek",
        openings: &[
            "To answer this, I first ask what **{}** has to achieve, and then work step by step.",
            "Let me reason about **{}** from its premises.",
        ],
        closings: &[
            "Therefore the first step decides most of the outcome.",
            "The conclusion holds as long as the premises do; check them first.",
        ],
        heading: "## Step by step",
        bullet: "-",
    },
    Voice {
        family: "qwen",
        openings: &[
            "Sure! Let's look at **{}** together.",
            "Great question about **{}**. Here is a friendly overview.",
        ],
        closings: &[
            "Hope this helps! Ask me anything else about it.",
            "Would you like an example next?",
        ],
        heading: "### Overview",
        bullet: "+",
    },
];

/// Ways to look at a topic, for explanations: a name and a thought.
pub(crate) const ANGLES: [(&str, &str); 8] = [
    ("Purpose", "Ask what it is for. A clear purpose rules out half of the options at once."),
    ("Parts", "Split it into what changes often and what hardly ever does, and treat them apart."),
    ("Cost", "Most of the cost comes later, in upkeep; the first step is the cheap one."),
    ("Evidence", "Look for one number that would tell you whether it works, and watch only that."),
    ("Limits", "Every approach has an edge where it stops working. Find it early."),
    ("People", "Those who live with it daily know its problems; ten minutes with them save weeks."),
    ("Timing", "What is right today may be wrong in a year, so prefer steps you can undo."),
    (
        "Habits",
        "Such things fail more often from neglect than from a wrong choice. A small routine helps.",
    ),
];

/// What frontier models add: the same topic from further away.
pub(crate) const DEPTHS: [&str; 5] = [
    "A useful test is to imagine all this a year from now, gone wrong. The story that comes to mind \
     first usually names the risk that deserves attention today, and it is rarely the one that \
     gets the most discussion.",
    "It also helps to separate two questions that tend to get mixed: whether it is worth doing at \
     all, and how to do it well. Answering the second one carefully cannot make up for a hasty \
     answer to the first.",
    "There is a trade-off underneath: what makes a choice convenient at the beginning tends to make it \
     rigid later on. Where you expect change, pay a little more now for something you can replace.",
    "If I had to bet, I would bet on the version with the fewest moving parts. It will look \
     unambitious for a while and then turn out to be the one that is still standing.",
    "Keep in mind that advice on this comes mostly from people for whom it worked. Ask someone for \
     whom it did not; the difference between the two stories is where the lesson is.",
];

/// Steps towards a topic, for instructions, in an order that makes sense.
pub(crate) const STEPS: [&str; 7] = [
    "**Say what done means.** Write one sentence about *{}* that a stranger would understand.",
    "**Look at what is there.** List what you already have, and what is missing.",
    "**Start with the smallest piece** that someone could use, even if it is plain.",
    "**Try it on a real case** and note where it surprised you.",
    "**Fix the largest surprise first**, and leave the small ones for later.",
    "**Write down what you decided**, so that it can be picked up by somebody else.",
    "**Look again after a week** and keep only what helped.",
];

/// What two things are compared by: a criterion, and two contrary verdicts on it.
pub(crate) const CRITERIA: [(&str, &str, &str); 6] = [
    ("Getting started", "quick, little to learn", "slower, pays off later"),
    ("Running cost", "grows with use", "steady, known ahead"),
    ("Flexibility", "bends to most needs", "opinionated, consistent"),
    ("At a large scale", "needs care early", "made for it"),
    ("Community", "wide, many examples", "smaller, very helpful"),
    ("Risk", "well understood", "newer, fewer surprises known"),
];

/// What a model lets be seen of its thinking.
pub(crate) const THOUGHTS: [&str; 4] = [
    "The question is about {}. What would be most useful here?",
    "There are several ways to see {}; the plain one is likely meant.",
    "I should give the main point first, then the reasons.",
    "Checking that the answer fits the length that was asked for.",
];

/// Said once at the end of a conversation's first answer.
pub(crate) const NOTE: &str =
    "*This is a demo answer, made offline. Connect a provider to ask a real model.*";

/// Words that say nothing about what a message is about.
pub(crate) const STOP_WORDS: &[&str] = &[
    "a",
    "about",
    "an",
    "and",
    "any",
    "are",
    "as",
    "at",
    "be",
    "best",
    "between",
    "by",
    "can",
    "code",
    "compare",
    "could",
    "create",
    "describe",
    "difference",
    "do",
    "does",
    "explain",
    "few",
    "for",
    "from",
    "function",
    "get",
    "give",
    "good",
    "have",
    "hello",
    "help",
    "hey",
    "hi",
    "how",
    "i",
    "ideas",
    "in",
    "into",
    "is",
    "it",
    "its",
    "just",
    "let",
    "like",
    "list",
    "make",
    "me",
    "my",
    "need",
    "of",
    "on",
    "one",
    "or",
    "our",
    "plan",
    "please",
    "program",
    "script",
    "short",
    "should",
    "show",
    "so",
    "some",
    "something",
    "steps",
    "summarise",
    "summarize",
    "tell",
    "than",
    "that",
    "the",
    "their",
    "them",
    "there",
    "these",
    "this",
    "three",
    "tips",
    "to",
    "us",
    "using",
    "versus",
    "vs",
    "want",
    "was",
    "we",
    "what",
    "which",
    "why",
    "with",
    "write",
    "you",
];
