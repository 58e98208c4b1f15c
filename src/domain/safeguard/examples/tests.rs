use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::hash_index::word_hash;
use super::*;

const WORDS: [&str; 16] = [
    "boiler", "boiling", "broken", "baby", "babies", "water", "waters", "ceiling", "rent",
    "rented", "appeal", "letter", "letters", "landlord", "cold", "scalding",
];

fn passages_of(words: &[Vec<usize>]) -> Vec<String> {
    let word = |at: &usize| WORDS.get(*at).map(|word| content(word));
    words.iter().map(|words| passage(&words.iter().filter_map(word).collect::<Vec<_>>())).collect()
}

fn content(text: &str) -> Content<'_> {
    Content { text, begins: false, hash: word_hash(text) }
}

fn groups_of(passage: &str) -> BTreeSet<&str> {
    let longest = usize::from(LETTERS_MAX);
    let least = usize::from(LETTERS_MIN);
    let from = |at| (least..=longest).filter_map(move |letters| passage.get(at..at + letters));
    (0..passage.len()).flat_map(from).collect()
}

/// How like each example the passage is, computed from the definition at the head of this file.
fn as_defined(examples: &[String], passage: &str) -> Vec<f32> {
    let of_examples: Vec<BTreeSet<&str>> = examples.iter().map(|one| groups_of(one)).collect();
    let having = |group: &str| of_examples.iter().filter(|one| one.contains(group)).count();
    let common = (examples.len() / COMMON_SHARE).max(4);
    let weight = |group: &str| weight(examples.len(), having(group));
    let length_of = |groups: &BTreeSet<&str>| groups.iter().map(|one| weight(one)).sum::<f32>();
    let mut length = 0.0;
    let mut said = Vec::new();
    for at in 0..passage.len() {
        for letters in LETTERS_MIN..=LETTERS_MAX {
            let Some(group) = passage.get(at..at + usize::from(letters)) else { break };
            if having(group) == 0 {
                length += super::weight(examples.len(), 1) * f32::from(LETTERS_MAX + 1 - letters);
                break;
            }
            length += weight(group);
            said.push(group);
        }
    }
    let like = |groups: &BTreeSet<&str>| {
        let both = said.iter().filter(|one| groups.contains(**one) && having(one) <= common);
        both.map(|one| weight(one)).sum::<f32>() / (length * length_of(groups)).sqrt()
    };
    of_examples.iter().map(like).collect()
}

proptest! {
    #[test]
    fn the_likest_examples_are_those_that_comparing_with_each_finds(
        of_lanes in prop::collection::vec(prop::collection::vec(0..WORDS.len(), 3..8), 1..12),
        everyday in prop::collection::vec(prop::collection::vec(0..WORDS.len(), 3..8), 0..12),
        text in prop::collection::vec(0..WORDS.len(), 3..PASSAGE_WORDS_MAX),
    ) {
        let (of_lanes, everyday) = (passages_of(&of_lanes), passages_of(&everyday));
        let lane = |at: usize| if at.is_multiple_of(2) { Lane::Emergency } else { Lane::Appeal };
        let with_lanes: Vec<(Lane, String)> =
            of_lanes.iter().enumerate().map(|(at, one)| (lane(at), one.clone())).collect();
        let examples = Examples::new(&with_lanes, &everyday);
        let said: Vec<Content<'_>> = text
            .iter()
            .filter_map(|at| WORDS.get(*at))
            .map(|word| content(word))
            .collect();
        let least = 0.25;
        let found = examples.likenesses(&said, least);
        let passage = passage(&said);
        let all: Vec<String> = of_lanes.iter().chain(&everyday).cloned().collect();
        let scores = as_defined(&all, &passage);
        let best = |scores: &mut dyn Iterator<Item = f32>| scores.fold(0.0, f32::max);
        let everyday = best(&mut scores.iter().skip(of_lanes.len()).copied());
        prop_assume!(groups_of(&passage).len() > 1 && says_enough(&passage));
        for one in [Lane::Emergency, Lane::Appeal] {
            let of_lane = |(at, _): &(usize, &f32)| *at < of_lanes.len() && lane(*at) == one;
            let mut scores = scores.iter().enumerate().filter(of_lane).map(|(_, score)| *score);
            let expected = best(&mut scores);
            let score = found.iter().find(|like| like.lane == one).map(|like| like.score);
            // Summing in another order changes the last digits.
            const NOTHING: f32 = 0.000_1;
            if expected > least.max(everyday) + NOTHING {
                prop_assert!(score.is_some_and(|score| (score - expected).abs() < NOTHING));
            } else if expected < least.max(everyday) - NOTHING {
                prop_assert_eq!(score, None);
            }
        }
    }
}

fn says_enough(passage: &str) -> bool {
    passage.split_ascii_whitespace().count() >= PASSAGE_DIFFERENT_WORDS_MIN
}

#[test]
fn a_text_is_compared_by_sentences_and_a_long_one_in_pieces_that_overlap() {
    let letters = |from: usize, to: usize| -> String {
        (from..to).map(|at| format!(" {}", char::from(b'a' + u8::try_from(at).unwrap()))).collect()
    };
    let passage = |from: usize, to: usize| letters(from, to) + " ";
    for (words, begins, passages) in [
        (3, vec![0], vec![passage(0, 3)]),
        (2, vec![0], vec![]),
        (8, vec![0, 4], vec![passage(0, 4), passage(4, 8)]),
        (8, vec![0, 5], vec![passage(0, 5), passage(5, 8)]),
        (7, vec![0, 3], vec![passage(0, 7)]),
        (14, vec![0], vec![passage(0, 14)]),
        (15, vec![0], vec![passage(0, 14), passage(7, 15)]),
        (18, vec![0, 14], vec![passage(0, 14), passage(14, 18)]),
        (24, vec![0], vec![passage(0, 14), passage(7, 21), passage(14, 24)]),
    ] {
        let text = letters(0, words);
        let said: Vec<Content<'_>> = text
            .split_whitespace()
            .enumerate()
            .map(|(at, word)| Content { begins: begins.contains(&at), ..content(word) })
            .collect();
        let mut found = Vec::new();
        each_passage(&said, |passage| found.push(passage.to_owned()));
        assert_eq!(found, passages, "{words} {begins:?}");
    }
    let again: Vec<Content<'_>> = ["a", "b", "a", "b"].map(content).into();
    each_passage(&again, |passage| panic!("{passage}"));
}

#[test]
fn a_passage_has_each_word_once_whatever_its_hash() {
    assert_eq!(passage(&["a", "b", "a"].map(content)), " a b ");
    let alike = ["a", "b"].map(|text| Content { hash: 7, ..content(text) });
    assert_eq!(passage(&alike), " a b ");
}

#[test]
fn groups_have_three_to_five_letters_and_a_hash_of_their_own() {
    let groups = |passage: &str| {
        let mut groups = Vec::new();
        each_group(passage.as_bytes(), |letters, hash| {
            groups.push((letters, hash));
            true
        });
        groups
    };
    let letters: Vec<u8> = groups("abcdefg").into_iter().map(|(letters, _)| letters).collect();
    assert_eq!(letters, [3, 4, 5, 3, 4, 5, 3, 4, 5, 3, 4, 3]);
    assert!(groups("ab").is_empty());
    let shortest = |passage: &str| groups(passage).first().map(|(_, hash)| *hash);
    let alphabet = || 'a'..='z';
    let all: BTreeSet<Option<u32>> = alphabet()
        .flat_map(|a| alphabet().map(move |b| format!("{a}{b}")))
        .flat_map(|two| alphabet().map(move |c| format!("{two}{c}")))
        .map(|three| shortest(&three))
        .collect();
    assert_eq!(all.len(), 26 * 26 * 26);
    // What is not wanted has no longer ones; and an endless word ends.
    let mut asked = Vec::new();
    each_group(b"abcdef", |letters, _| {
        asked.push(letters);
        false
    });
    assert_eq!(asked, [3, 3, 3, 3]);
    let long = "abcdefgh".repeat(100);
    assert_eq!(groups(&long).len(), 238 + 237 + 236);
}

#[test]
fn the_likest_of_a_lane_is_kept_and_of_equals_the_first() {
    let like = |lane: Lane, score: f32, example: usize| Likeness { lane, score, example };
    let mut best = Vec::new();
    for one in [
        like(Lane::Emergency, 0.5, 3),
        like(Lane::Appeal, 0.9, 7),
        like(Lane::Emergency, 0.5, 4),
        like(Lane::Emergency, 0.4, 1),
        like(Lane::Appeal, 0.95, 8),
        like(Lane::Appeal, 0.95, 6),
    ] {
        keep(&mut best, one);
    }
    assert_eq!(best, [like(Lane::Emergency, 0.5, 3), like(Lane::Appeal, 0.95, 6)]);
}

#[test]
fn what_an_everyday_message_says_as_well_is_like_no_example() {
    let of_lane = [(Lane::Emergency, " boiler broken baby cold ".to_owned())];
    let said = ["boiler", "broken", "baby", "cold"].map(content);
    let alone = Examples::new(&of_lane, &[" rent letter appeal ".to_owned()]);
    let lanes = |examples: &Examples, least: f32| -> Vec<Lane> {
        examples.likenesses(&said, least).iter().map(|like| like.lane).collect()
    };
    assert_eq!(lanes(&alone, 0.9), [Lane::Emergency]);
    assert_eq!(lanes(&alone, 1.1), []);
    let beside = Examples::new(&of_lane, &[" boiler broken baby cold ".to_owned()]);
    assert_eq!(lanes(&beside, 0.1), []);
}

#[test]
fn any_of_many_scores_may_reach_the_least() {
    for (count, high) in
        [(0, vec![]), (3, vec![0]), (8, vec![7]), (11, vec![8]), (11, vec![10]), (16, vec![3, 5])]
    {
        let mut sums = vec![1.0_f32; count];
        for at in &high {
            sums[*at] = 6.0;
        }
        let scales = vec![0.5_f32; count];
        // 6 × 4 × 0.5
        assert_eq!(reaches(12.0, 4.0, &sums, &scales), !high.is_empty(), "{count} {high:?}");
        assert!(!reaches(12.1, 4.0, &sums, &scales));
        assert_eq!(reaches(2.0, 4.0, &sums, &scales), count > 0);
    }
}

#[test]
fn what_fewer_examples_have_weighs_more() {
    for (all, having, expected) in [(9, 1, 5.3019), (9, 0, 5.3019), (9, 5, 0.4805), (9, 10, 0.0)] {
        assert!((weight(all, having) - expected).abs() < 0.0001, "{all} {having}");
    }
}
