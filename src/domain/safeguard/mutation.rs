//! The initial mutations of Welsh: which words a word may be a mutated form of ("fy nghyfreithiwr", "ei
//! chyfreithiwr", "dy gyfreithiwr": cyfreithiwr).

/// Mutated beginnings and their originals, those of several letters first.
const BEGINNINGS: [(&str, &str); 19] = [
    // Nasal.
    ("ngh", "c"),
    ("ng", "g"),
    ("mh", "p"),
    ("nh", "t"),
    ("m", "b"),
    ("n", "d"),
    // If its `n` is separate ("n-ghyfreithiwr").
    ("gh", "c"),
    // Aspirate.
    ("ch", "c"),
    ("ph", "p"),
    ("th", "t"),
    // Soft.
    ("dd", "d"),
    ("f", "b"),
    ("f", "m"),
    ("b", "p"),
    ("d", "t"),
    ("g", "c"),
    ("l", "ll"),
    ("r", "rh"),
    ("h", ""),
];

/// Hands over every word of which this one would be a mutated form, until one is taken.
pub(super) fn radicals(word: &str, mut take: impl FnMut(&str) -> bool) -> bool {
    let mut radical = String::with_capacity(word.len() + 1);
    let mut with = |plain: &str, rest: &str| {
        radical.clear();
        radical.push_str(plain);
        radical.push_str(rest);
        take(&radical)
    };
    let mut taken = false;
    for (mutated, plain) in BEGINNINGS {
        if let Some(rest) = word.strip_prefix(mutated) {
            taken |= with(plain, rest);
        }
    }
    // The soft mutation takes a `g` away altogether ("wres": gwres).
    let softened = word.starts_with(['w', 'a', 'e', 'i', 'o', 'y', 'l', 'r']);
    taken | (softened && with("g", word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutated_word_has_every_radical_that_its_beginning_allows() {
        for (word, all) in [
            ("nghyfreithiwr", vec!["cyfreithiwr", "ghyfreithiwr", "dghyfreithiwr"]),
            ("chyfreithiwr", vec!["cyfreithiwr"]),
            ("merch", vec!["berch"]),
            ("fam", vec!["bam", "mam"]),
            ("hapel", vec!["apel"]),
            ("wres", vec!["gwres"]),
            ("lety", vec!["llety", "glety"]),
            ("tan", vec![]),
        ] {
            let mut found = Vec::new();
            let taken = radicals(word, |radical| {
                found.push(radical.to_owned());
                false
            });
            assert_eq!(found, all, "{word}");
            assert!(!taken, "{word}");
            assert_eq!(radicals(word, |_| true), !all.is_empty(), "{word}");
        }
    }
}
