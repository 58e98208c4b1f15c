use super::*;

#[test]
fn a_stem_has_endings_and_before_them_its_last_consonant_twice() {
    let mut words = Vocabulary::default();
    words.add("drip*", 0, false);
    words.finish();
    for form in ["drip", "drips", "dripping", "dripped"] {
        assert_eq!(words.stem_of(form), Some(0), "{form}");
    }
    for other in ["dripp", "dripps", "dripling", "dri", "drippings", "dipping"] {
        assert_eq!(words.stem_of(other), None, "{other}");
    }
}

/// Words of each language, and of an organisation that does not say which.
fn words(english: &[&str], welsh: &[&str], either: &[&str]) -> Vocabulary {
    let mut words = Vocabulary::new(Everyday::new(["flooring"].into_iter()));
    let mut slot = 0;
    for (tongue, texts) in
        [(Tongue::English, english), (Tongue::Welsh, welsh), (Tongue::Either, either)]
    {
        words.adds(tongue);
        for text in texts {
            slot += 1;
            words.add(text.trim_start_matches('='), slot, text.starts_with('='));
        }
    }
    words.finish();
    words
}

/// What a word means, and how: once by what was never looked up, and once again.
fn meant(words: &Vocabulary, said: &str, in_welsh: bool) -> (Vec<Slot>, Option<Spelling>) {
    let ask = || {
        let said = super::super::said::words_of(said);
        let mut slots = Vec::new();
        let how = words.meant_by(said.first().unwrap(), in_welsh, |slot, _| slots.push(slot));
        slots.sort_unstable();
        slots.dedup();
        (slots, how)
    };
    let first = ask();
    assert_eq!(ask(), first, "{said}");
    first
}

#[test]
fn a_word_may_be_spelt_in_many_ways() {
    use Spelling::{Ending, Mutation, Slip, Sound, Written};
    let english = ["boiler", "flood*", "gas", "=flooding", "sewage", "help", "repair", "ash"];
    let words = words(&english, &["cyfreithiwr", "tan", "cath"], &["warden", "gwres"]);
    for (said, slots, how) in [
        ("boiler", vec![1], Some(Written)),
        ("boilers", vec![1], Some(Ending)),
        ("boilr", vec![1], Some(Slip)),
        ("boilrs", vec![1], Some(Slip)),
        ("boiiiler", vec![1], Some(Slip)),
        ("foiler", vec![1], Some(Slip)),
        ("bowled", vec![], None),
        ("gass", vec![3], Some(Ending)),
        ("gaas", vec![], None),
        ("ashn", vec![8], Some(Ending)),
        ("asn", vec![], None),
        ("flooded", vec![2], Some(Written)),
        // Written as one, and a form of the other.
        ("flooding", vec![2, 4], Some(Written)),
        ("floodings", vec![], None),
        ("flooring", vec![], None),
        ("sewidge", vec![5], Some(Sound)),
        ("heeelp", vec![6], Some(Slip)),
        ("heelp", vec![6], Some(Sound)),
        ("repiaring", vec![7], Some(Slip)),
        ("repiarin", vec![7], Some(Slip)),
        ("cyfreithiwr", vec![9], Some(Written)),
        ("nghyfreithiwr", vec![9], Some(Mutation)),
        ("cyfreithwr", vec![], None),
        ("nhan", vec![], None),
        ("gath", vec![11], Some(Mutation)),
        ("wres", vec![13], Some(Mutation)),
        ("wardn", vec![12], Some(Slip)),
        ("xyzzy", vec![], None),
    ] {
        assert_eq!(meant(&words, said, false), (slots, how), "{said}");
    }
    // In a text in Welsh, nothing is a slip of a word of English.
    for (said, slots, how) in [
        ("boiler", vec![1], Some(Written)),
        ("boilr", vec![], None),
        ("foiler", vec![], None),
        ("heeelp", vec![6], Some(Slip)),
        ("gath", vec![11], Some(Mutation)),
    ] {
        assert_eq!(meant(&words, said, true), (slots, how), "{said}");
    }
}

#[test]
fn a_word_of_both_languages_is_misspelt_and_not_mutated() {
    let words = words(&["plismon"], &["plismon"], &[]);
    assert_eq!(meant(&words, "plismn", false), (vec![1, 2], Some(Spelling::Slip)));
    assert_eq!(meant(&words, "mhlismon", true), (vec![], None));
}

#[test]
fn a_word_that_is_added_again_means_its_slot_once() {
    let mut words = Vocabulary::default();
    words.add("gas", 1, false);
    words.add("gas", 1, false);
    words.add("gas", 2, true);
    words.finish();
    let said = super::super::said::words_of("gas");
    let mut slots = Vec::new();
    words.meant_by(said.first().unwrap(), false, |slot, at| slots.push((slot, at)));
    assert_eq!(slots, [(1, 0), (2, 0)]);
    assert_eq!(words.entry(0).map(|entry| entry.text.as_ref()), Some("gas"));
}

#[test]
fn most_words_begin_as_no_stem_does() {
    let mut beginnings = Beginnings::default();
    beginnings.add("drip");
    assert!(beginnings.may_have("drip") && beginnings.may_have("dri"));
    assert!(!beginnings.may_have("dr"));
    let alphabet = || 'a'..='z';
    let others = alphabet()
        .flat_map(|a| alphabet().map(move |b| format!("{a}{b}")))
        .flat_map(|two| alphabet().map(move |c| format!("{two}{c}")))
        .filter(|three| beginnings.may_have(three))
        .count();
    assert!(others < 60, "{others}");
}

#[test]
fn words_that_sound_alike_begin_alike_and_are_about_as_long() {
    for (said, word, alike) in [
        ("sewidge", "sewage", true),
        ("kat", "cat", true),
        ("zink", "sink", true),
        ("quick", "kick", true),
        ("fone", "phone", true),
        ("gem", "jem", true),
        ("ear", "ire", true),
        ("bat", "cat", false),
        ("ab", "abcde", true),
        ("ab", "abcdef", false),
        ("abcdef", "ab", false),
    ] {
        assert_eq!(sounds_like(said, word), alike, "{said} {word}");
    }
}

#[test]
fn a_letter_that_is_drawn_out_counts_once() {
    for (said, shorter) in [
        ("heeelp", Some("help")),
        ("heelp", None),
        ("aab", None),
        ("aaabb", Some("abb")),
        ("abbbcccc", Some("abc")),
        ("aaaéé", Some("aéé")),
        ("aaaééé", Some("aé")),
    ] {
        assert_eq!(without_repeats(said).as_deref(), shorter, "{said}");
    }
}
