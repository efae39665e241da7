//! Texts for the tests: generated, of a fixed seed, with everything that has tripped tokenizers.

use std::string::String;

/// SplitMix64: the same texts on every machine and in every version.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(end).unwrap()).unwrap()
    }

    /// One of them.
    pub(crate) fn of<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.below(items.len())]
    }
}

const WORDS: &[&str] = &[
    "the",
    "Hello",
    "WORLD",
    "camelCase",
    "XMLHttpRequest",
    "don't",
    "I'll",
    "WE'RE",
    "naïve",
    "Straße",
    "İstanbul",
    "ǅungla",
    "Здравствуйте",
    "МОСКВА",
    "Αθήνα",
    "שלום",
    "مرحبا",
    "नमस्ते",
    "สวัสดี",
    "你好",
    "世界",
    "こんにちは",
    "カタカナ",
    "안녕하세요",
    "Việt",
    "ʻokina",
    "ﬁne",
    "ª",
    "x̄",
    "Ⅷ",
];
const SPACES: &[&str] = &[
    " ",
    "  ",
    "   ",
    "\n",
    "\r\n",
    "\n\n",
    "\t",
    "\t\t",
    "\r",
    "\u{b}",
    "\u{c}",
    "\u{85}",
    "\u{a0}",
    "\u{2003}",
    "\u{2028}",
    "\u{3000}",
    "        ",
    " \n ",
    "\u{3000}\u{3000}",
    "\u{200b}",
];
const CONTRACTIONS: &[&str] = &[
    "'s", "'S", "'ſ", "'t", "'re", "'RE", "'rE", "'ve", "'m", "'ll", "'lL", "'d", "'", "''", "'x",
    "'r", "'l", "’s", "'sa", "'sA", "'ſſ",
];
const NUMBERS: &[&str] =
    &["0", "12", "123", "1234", "3.14159", "1,000,000", "٣٤٥", "½", "²³", "Ⅻ", "𝟘𝟙𝟚𝟛", "二〇"];
const MARKS: &[&str] = &[
    "\u{301}",
    "\u{301}\u{302}",
    "\u{20dd}",
    "\u{fe0f}",
    "\u{200d}",
    "\u{93f}",
    "\u{e0100}",
    "\u{1ab0}",
];
const EMOJI: &[&str] = &[
    "😀",
    "👨\u{200d}👩\u{200d}👧\u{200d}👦",
    "🏳\u{fe0f}\u{200d}🌈",
    "👍🏽",
    "🇩🇪",
    "1\u{fe0f}\u{20e3}",
    "❤\u{fe0f}",
    "🧑🏿\u{200d}🚀",
];
const CODE: &[&str] = &[
    "fn main() {\n    println!(\"{}\", 1);\n}\n",
    "if (a != b && c >= d) { return; }",
    "x = [i**2 for i in range(10)]\n",
    "SELECT * FROM t WHERE a='b';--",
    "<div class=\"x\">\r\n\t</div>",
    "#include <stdio.h>\n\n\n",
    "a->b::c<T>()",
    "//////",
    "/* x */",
    "{\"k\": [1, 2.5e-3, null]}",
    "=====\n",
    "----",
    "\\u00e9\\n",
    "$HOME/.config/",
    "\n/\n//\r\n/",
];
/// A line or two of each of many languages.
const LANGUAGES: &[&str] = &[
    "for f in *.txt; do echo \"${f%.txt}\" | sed -e 's/a/b/g' >> out.log 2>&1; done\n",
    "static int *p = &a[i++]; /* x */ if (!p || *p == 0x1F) return -1;\n",
    "public async Task<int?> GetAsync(string id) => await _db.Users.Where(u => u.Id == id).CountAsync();\n",
    "template <typename T> auto f(T&& x) -> decltype(x.begin()) { return std::forward<T>(x).begin(); }\n",
    ".card:hover > a::after { margin: 0 -1.5rem; color: #ff00aa80; }\n",
    "def handle_call({:get, k}, _from, %{s: s} = st), do: {:reply, s[k] |> to_string(), st}\n",
    "func (s *Srv) Do(ctx context.Context) (err error) {\n\tdefer func() { err = errors.Join(err, s.c.Close()) }()\n}\n",
    "mapM_ (\\(x, y) -> print $ x <> \"-\" <> y) . zip [1..] =<< getArgs\n",
    "<a href=\"/x?y=1&amp;z=2\" data-id='7'>caf&eacute;</a><!-- n --><br/>\n",
    "@Override public Map<String, List<? extends Foo>> get() throws IOException { return null; }\n",
    "const f = async ({ a = 1, ...r }) => `${a ?? r?.b}\\n`.replace(/[\\w-]+/gu, \"\");\n",
    "val x by lazy { list.filterNotNull().map { it.name ?: \"?\" }.toSet() }\n",
    "(defun fact (n) (if (<= n 1) 1 (* n (fact (- n 1))))) ; done\n",
    "local t = setmetatable({}, {__index = function(_, k) return #k .. \"!\" end}) --[[ x ]]\n",
    "my ($x) = $s =~ m{^(\\d+)::(\\w*)$}x or die \"no: $!\\n\"; @h{qw(a b)} = ();\n",
    "<?php foreach ($rows as $k => $v) { echo htmlspecialchars(\"$k: {$v['n']}\"), PHP_EOL; } ?>\n",
    "@dataclass\nclass P:\n    x: int = 0\n\n    def __repr__(self) -> str:\n        return f\"{self.x!r:>10}\"\n",
    "users.select { |u| u.admin? && !u.name&.empty? }.each_with_index do |u, i| puts \"#{i}: #{u}\" end\n",
    "impl<'a, T: ?Sized + 'a> Deref for R<'a, T> { type Target = T; fn deref(&self) -> &T { &*self.0 } }\n",
    "case class A[+T](x: T*) { def `type` = x.headOption.getOrElse(???) }\n",
    "SELECT u.\"id\", COUNT(*) FILTER (WHERE o.total >= 9.99) FROM users u LEFT JOIN o USING (id) GROUP BY 1;\n",
    "guard let self, case .some(let v) = try? await load(#\"a\\b\"#) else { return }\n",
    "type K<T> = { readonly [P in keyof T as `get${Capitalize<P & string>}`]?: () => T[P] };\n",
    "on:\n  push: { branches: [main] }\n  env: &e\n    - \"${{ secrets.X }}\"\n",
];
const URLS: &[&str] = &[
    "https://example.com/a/b?c=d&e=%20f#g",
    "ftp://10.0.0.1:21/",
    "user.name+tag@example.co.uk",
    "C:\\Users\\x",
    "../../etc",
];
const SPECIAL: &[&str] = &[
    "<|endoftext|>",
    "<|endofprompt|>",
    "<|fim_prefix|>",
    "<|im_start|>system",
    "<|",
    "|>",
    "<|endoftext",
    "[INST]",
    "</s>",
];

/// The text of a number. Each 34 816 of them in a row hold every block of 32 code points.
pub(crate) fn text(number: usize) -> String {
    let dice = &mut Dice(u64::try_from(number).unwrap());
    let mut text = String::new();
    text.extend(char::from_u32(u32::try_from(number % 0x8800 * 32 + dice.below(32)).unwrap()));
    for _ in 0..1 + dice.below(12) {
        fragment(dice, &mut text);
    }
    text
}

fn fragment(dice: &mut Dice, text: &mut String) {
    match dice.below(17) {
        0 | 1 => text.push_str(dice.of(WORDS)),
        2 | 3 => text.push_str(dice.of(SPACES)),
        4 => text.push_str(dice.of(CONTRACTIONS)),
        5 => text.push_str(dice.of(NUMBERS)),
        6 => text.push_str(dice.of(MARKS)),
        7 => text.push_str(dice.of(EMOJI)),
        8 => text.push_str(dice.of(CODE)),
        9 => text.push_str(dice.of(URLS)),
        10 => text.push_str(dice.of(SPECIAL)),
        11 => {
            let kinds = [WORDS, SPACES, MARKS, NUMBERS, CODE, SPECIAL];
            let kind = kinds[dice.below(kinds.len())];
            let length = 1 + dice.below(40);
            text.push_str(&dice.of(kind).repeat(length));
        }
        12 => {
            // A few neighbours of one script, in the planes that have scripts.
            let block = dice.below(0x3_2000 / 64) * 64;
            let length = 1 + dice.below(8);
            text.extend((0..length).filter_map(|_| scalar(block + dice.below(64))));
        }
        13 => text.extend(scalar(dice.below(0x11_0000))),
        14 => text.extend((0..1 + dice.below(9)).filter_map(|_| scalar(32 + dice.below(95)))),
        15 => text.push_str(dice.of(LANGUAGES)),
        _ => text.extend(
            (0..1 + dice.below(9)).map(|_| dice.of(&["a", "B", "中", "ǅ", "ʰ", "\u{301}"])),
        ),
    }
}

fn scalar(code: usize) -> Option<char> {
    char::from_u32(u32::try_from(code).unwrap())
}
