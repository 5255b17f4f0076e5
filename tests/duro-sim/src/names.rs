//! Names of parts, change orders and people: plain ones, and awkward ones that real libraries hold.

use fastrand::Rng;

/// Names that break careless code. One comes every few records, each of them at least once in a default world.
pub(crate) const AWKWARD: [&str; 28] = [
    r#"Standoff, 1/4"-20 × 3/4", "female", brass"#,
    "Screw M3×8 — “button head”, A2",
    "  Gasket with leading spaces",
    "Gasket with trailing spaces   ",
    "",
    " ",
    "Widerstand 4,7 kΩ ±5 % (Größe 0603)",
    "Résistance à couche métallique – 10 kΩ",
    "電解コンデンサ 100μF 25V",
    "Держатель платы, левый",
    "מחבר זכר 12 פינים",
    "موصل ذكر ١٢ سنًا",
    "\u{202e}desrever\u{202c} label",
    "🔩 Bolt 🔧 kit 👩🏽‍🔧",
    "<b>Bracket</b> & <script>alert('part')</script>",
    "&lt;already escaped&gt; &amp; kept",
    "'; DROP TABLE components; --",
    r"C:\parts\bracket\rev_b.step",
    "{\"json\": [\"inside\", 1]}",
    "${API_KEY} {{handlebars}} %s %d",
    "Tab\tin\tthe\tmiddle",
    "Line one\nline two",
    "Zero\u{200b}width\u{200b}space",
    "e\u{301}toile (decomposed)",
    "null",
    "0",
    "-1,234.50",
    "Ünïcödé ŁÓDŹ ĞÜŞ ǅ ﬁ ß",
];

const PARTS: [(&str, &str, &str); 12] = [
    ("Capacitor", "Electrical", "410"),
    ("Resistor", "Electrical", "411"),
    ("Inductor", "Electrical", "412"),
    ("Connector", "Electrical", "430"),
    ("Cable", "Cable", "450"),
    ("Screw", "Fastener", "510"),
    ("Bracket", "Mechanical", "520"),
    ("Enclosure", "Mechanical", "530"),
    ("Label", "Packaging", "610"),
    ("PCBA", "Assembly", "900"),
    ("Subassembly", "Assembly", "910"),
    ("Firmware", "Software", "990"),
];

const QUALITIES: [&str; 10] =
    ["0402", "0603", "10 uF", "4.7 kOhm", "black", "M3", "12 pin", "left", "rev. 2", "stainless"];

const CHANGES: [&str; 6] = ["Replace", "Release", "Obsolete", "Correct the drawing of", "Second source for", "Rework"];

const PEOPLE: [(&str, &str); 12] = [
    ("Ada", "Lindqvist"),
    ("Zoë", "O'Brien"),
    ("José", "Núñez"),
    ("Mei", "陈"),
    ("Oleksandr", "Шевченко"),
    ("Priya", "Raghunathan"),
    ("Noa", "בן דוד"),
    ("Jean-Luc", "d'Avray"),
    ("Kofi", "Mensah"),
    ("Sakura", "山本"),
    ("Lars", "Bjørnsen"),
    ("Ana", "da Silva"),
];

/// What kind of part a record is.
pub(crate) struct PartKind {
    pub(crate) category: &'static str,
    pub(crate) family: &'static str,
    /// The first three digits of its part number.
    pub(crate) prefix: &'static str,
}

pub(crate) fn part_kind(number: usize) -> PartKind {
    let (category, family, prefix) = pick(&PARTS, number);
    PartKind { category, family, prefix }
}

/// The name of the `number`-th part: every fifth is awkward, one of them very long.
pub(crate) fn part(rng: &mut Rng, number: usize) -> String {
    if let Some(name) = awkward(number) {
        return name;
    }
    format!("{} {} {}", part_kind(number).category, pick(&QUALITIES, rng.usize(..)), pick(&QUALITIES, rng.usize(..)))
}

/// The name of the `number`-th change order.
pub(crate) fn change(rng: &mut Rng, number: usize) -> String {
    if let Some(name) = awkward(number) {
        return name;
    }
    format!("{} {} {}", pick(&CHANGES, rng.usize(..)), pick(&PARTS, rng.usize(..)).0, pick(&QUALITIES, rng.usize(..)))
}

/// First and last name of the `number`-th user.
pub(crate) fn person(number: usize) -> (&'static str, &'static str) {
    pick(&PEOPLE, number)
}

fn awkward(number: usize) -> Option<String> {
    if number % 5 != 3 {
        return None;
    }
    let which = (number / 5) % (AWKWARD.len() + 1);
    Some(match AWKWARD.get(which) {
        Some(name) => (*name).to_owned(),
        None => format!("Very long {}end", "name of a part that somebody pasted a whole data sheet into, ".repeat(60)),
    })
}

/// The element at `number`, counted round.
fn pick<T: Copy, const N: usize>(choices: &[T; N], number: usize) -> T {
    const { assert!(N > 0) };
    // In range, since N is not 0.
    #[allow(clippy::indexing_slicing)]
    choices[number % N]
}
