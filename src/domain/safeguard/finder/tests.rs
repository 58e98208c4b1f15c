use super::super::said::plain;
use super::*;

fn occurrence(slot: Slot, (place, last): (u32, u32)) -> Occurrence {
    Occurrence { slot, place, last, shown: Shown::Entry(0), spelling: Spelling::Written }
}

#[test]
fn what_has_a_word_in_common_overlaps() {
    for (a, b, overlap) in [
        ((0, 1), (1, 2), true),
        ((0, 1), (2, 2), false),
        ((3, 3), (3, 3), true),
        ((0, 5), (2, 3), true),
        ((7, 8), (2, 3), false),
    ] {
        let (a, b) = (occurrence(1, a), occurrence(2, b));
        assert_eq!((a.overlaps(&b), b.overlaps(&a)), (overlap, overlap), "{a:?} {b:?}");
    }
}

#[test]
fn the_nearest_within_reach_is_taken_in_words_of_its_own() {
    let all = [
        occurrence(1, (6, 6)),
        occurrence(1, (8, 8)),
        occurrence(1, (12, 13)),
        occurrence(1, (14, 14)),
        occurrence(2, (10, 10)),
        occurrence(3, (7, 7)),
        occurrence(3, (13, 13)),
    ];
    for (slot, place, reach, taken, expected) in [
        (1, 10, 2, None, Some(8)),
        (1, 10, 2, Some((8, 8)), Some(12)),
        (1, 11, 3, None, Some(12)),
        (1, 10, 1, None, None),
        (1, 13, 1, Some((13, 13)), Some(14)),
        (2, 10, 0, None, Some(10)),
        (3, 10, 3, None, Some(7)),
        (3, 10, 3, Some((7, 7)), Some(13)),
        (3, 10, 2, None, None),
        (3, 1, 10, None, Some(7)),
        (4, 10, 9, None, None),
    ] {
        let taken: Vec<Occurrence> = taken.map(|at| occurrence(9, at)).into_iter().collect();
        let found = nearest(&all, slot, place, reach, &taken).map(|one| (one.slot, one.place));
        assert_eq!(found, expected.map(|place| (slot, place)), "{slot} {place} {reach}");
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn finder() -> Finder {
    let words = LaneWords { phrases: texts(&["boiler", "gas leak"]), ..LaneWords::default() };
    let texting = [("asap", "as soon as possible"), ("8letters", "eight")];
    Finder::new(&Written {
        lanes: BTreeMap::from([(Lane::Emergency, words)]),
        fillers: texts(&["the", "is"]),
        welsh_fillers: texts(&["mae", "yn"]),
        texting: texting.map(|(short, long)| (short.to_owned(), long.to_owned())).into(),
        ..Written::default()
    })
}

#[test]
fn words_of_text_messages_are_read_in_full_where_they_are() {
    let finder = finder();
    let words = finder.spelt_out(words_of("now. asap 8letters"));
    let said: Vec<(&str, u32, bool)> =
        words.iter().map(|word| (word.text.as_ref(), word.place, word.begins)).collect();
    assert_eq!(
        said,
        [
            ("now", 0, true),
            ("as", 4, true),
            ("soon", 4, false),
            ("as", 4, false),
            ("possible", 4, false),
            ("eight", 5, false),
        ]
    );
    assert!(words.iter().all(|word| word.hash == word_hash(&word.text)));
}

#[test]
fn a_text_is_welsh_where_more_than_a_fifth_of_its_words_are() {
    let finder = finder();
    for (text, is_welsh) in [
        ("", false),
        ("a b c", false),
        ("mae", true),
        ("mae a b c", true),
        ("mae a b c d", false),
        ("mae yn a b c d e f g", true),
        ("mae yn a b c d e f g h", false),
    ] {
        assert_eq!(finder.is_welsh(&words_of(text)), is_welsh, "{text}");
    }
}

#[test]
fn what_is_compared_with_examples_is_a_text_without_its_fillers() {
    let finder = finder();
    let plain = plain("The boiler is broken. The baby is cold");
    let words = words_of(&plain);
    let text = finder.look_up(&words);
    let content: Vec<(&str, bool)> =
        finder.content(&text).iter().map(|one| (one.text, one.begins)).collect();
    assert_eq!(content, [("boiler", true), ("broken", false), ("baby", true), ("cold", false)]);
    assert_eq!(finder.passage_of("The boiler is broken."), " boiler broken ");
}

#[test]
fn authors_see_which_word_another_is_taken_for() {
    let finder = finder();
    for (said, expected) in [
        ("boilr", Some(("boiler", Spelling::Slip))),
        ("boiler", Some(("boiler", Spelling::Written))),
        ("boilers", Some(("boiler", Spelling::Ending))),
        ("the", None),
        ("xyzzy", None),
    ] {
        let words = words_of(said);
        let found = finder.taken_for(words.first().unwrap(), false);
        let found = found.as_ref().map(|(word, how)| (word.as_str(), *how));
        assert_eq!(found, expected, "{said}");
    }
}

#[test]
fn a_text_finds_the_lanes_of_its_words_and_no_other_example() {
    let finder = finder();
    let finds = finder.find(&words_of("a gas leak"), &Shares::default(), 0.0);
    assert_eq!(finds.lanes.get(&Lane::Emergency).map(|found| found.by.as_str()), Some("gas leak"));
    assert!(finds.doubted.is_empty() && finds.likenesses.is_empty());
    assert_eq!(finder.example(0), "");
}
