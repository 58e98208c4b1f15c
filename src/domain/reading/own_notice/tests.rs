//! How the sentences of a notice are recognised in a text, and what remains of the text.

use proptest::prelude::*;

use super::*;

/// Every word of a text by its characters.
fn words(text: &str) -> Vec<&str> {
    text.split(|c| !is_in_word(c)).filter(|word| !word.is_empty()).collect()
}

fn is_number(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
        || DATES.split_whitespace().any(|date| date == folded(word))
}

proptest! {
    #[test]
    fn tokens_are_words_in_any_script_and_numbers_in_a_row_are_one(
        text in "([a-cA-C1'éŵ’“²\u{301} .]|may|Mai|\n){0,24}",
    ) {
        let tokens = tokens(&text);
        for pair in tokens.windows(2) {
            prop_assert!(!matches!(pair, [(NUMBER, _), (NUMBER, _)]), "{:?}", text);
        }
        let found: Vec<&str> = tokens
            .iter()
            .flat_map(|(_, at)| words(text.get(at.clone()).unwrap()))
            .collect();
        prop_assert_eq!(found, words(&text));
        for (known, at) in &tokens {
            let said = text.get(at.clone()).unwrap();
            if *known == NUMBER {
                prop_assert!(words(said).into_iter().all(is_number), "{said:?} in {text:?}");
            } else {
                prop_assert!(!is_number(said), "{said:?} in {text:?}");
                let capitals = said.to_uppercase();
                prop_assert_eq!(*known, token(&said.to_lowercase()), "{}", said);
                prop_assert!(!said.is_ascii() || *known == token(&capitals), "{said:?}");
            }
        }
    }
}

/// Tokens that occur in no notice.
const OTHER: Token = 7;
const ANOTHER: Token = 8;

#[test]
fn words_are_found_with_their_places_and_numbers_in_a_row_are_one() {
    let text = "Call 0191 498-0123, Jo's gŵr… on 5th May.";
    let found: Vec<(Token, &str)> =
        tokens(text).into_iter().map(|(token, at)| (token, text.get(at).unwrap())).collect();
    let expected = [
        (token("call"), "Call"),
        (NUMBER, "0191 498-0123"),
        (token("jos"), "Jo's"),
        (token("gwr"), "gŵr"),
        (token("on"), "on"),
        (NUMBER, "5th May"),
    ];
    assert_eq!(found, expected);
    assert_eq!(tokens("… – "), []);
}

#[test]
fn a_set_holds_its_tokens_and_no_others_though_they_share_bits() {
    let held = [1, 1 << 32, 1 << 38, (1 << 44) - 1, Token::MAX];
    let set: Tokens = held.into_iter().chain([1]).collect();
    for token in held {
        assert!(set.holds(token), "{token:x}");
    }
    for token in [0, 2, (1 << 32) + 1, (1 << 32) | (1 << 44), Token::MAX - 1] {
        assert!(!set.holds(token), "{token:x}");
    }
    assert!(!Tokens::from_iter([]).holds(0));
}

#[test]
fn sentences_are_known_in_pieces_between_what_is_put_in() {
    let of = |words: &str| words.split(' ').map(token).collect::<Vec<_>>();
    let text = format!("Call us {STAND_IN} by noon. {STAND_IN} 5 May! So be it");
    assert_eq!(runs(&text), [of("call us"), of("by noon"), of("so be it")]);
}

/// A known run of so many tokens, without numbers.
fn short_run(length: usize) -> Vec<Token> {
    let of_length = |run: &&Vec<Token>| run.len() == length && !run.contains(&NUMBER);
    KNOWN.short.iter().filter(of_length).min().unwrap().clone()
}

#[test]
fn short_runs_are_counted_the_longest_first() {
    let all = [1, 2, 3, 4, 5, 6, 7, 8];
    let of = |counts: &[&[Token]]| in_short_runs(&all, |run| counts.contains(&run));
    assert_eq!(of(&[]), 0);
    assert_eq!(of(&[&[1]]), 1);
    assert_eq!(of(&[&[8]]), 1);
    assert_eq!(of(&[&[1, 2, 3, 4], &[1], &[5, 6], &[8]]), 7);
    assert_eq!(of(&[&[1, 2], &[2, 3, 4]]), 2, "one after another");
    assert_eq!(of(&[&[1, 2, 3, 4, 5]]), 0, "longer ones are not short");
    assert_eq!(in_short_runs(&[], |_| true), 0);
}

#[test]
fn a_single_word_is_the_senders_unless_it_is_a_number() {
    let single = KNOWN.short.iter().find(|run| run.len() == 1 && **run != [NUMBER]).unwrap();
    assert!(is_short_run(single) && !is_put_between(single));
    assert!(is_put_between(&[NUMBER]) && !is_put_between(&[OTHER]));
    let two = short_run(2);
    assert!(is_put_between(&two) && !is_put_between(&[OTHER, ANOTHER]));
}

#[test]
fn a_line_is_a_notices_if_more_of_it_is() {
    let of = |words: &[Token], long: &[bool]| {
        let mut blank = long.to_vec();
        blank.resize(words.len(), false);
        is_mostly_notice(words, &blank)
    };
    let others = |count: usize| vec![OTHER; count];
    assert!(of(&others(4), &[true, true, true]));
    assert!(!of(&others(4), &[true, true]), "half of it");
    assert!(of(&[OTHER, OTHER, NUMBER, OTHER], &[true, true]), "numbers count");
    assert!(!of(&others(4), &[]));
    assert!(!of(&[NUMBER; 3], &[]));
    let begun = |others: usize| [short_run(4), vec![OTHER; others]].concat();
    assert!(!of(&begun(0), &[]), "too short");
    for more in 1..=4 {
        assert!(of(&begun(more), &[]), "half of it will do: {more}");
    }
    assert!(!of(&begun(5), &[]));
}

#[test]
fn a_run_that_is_nearly_long_is_the_notices_within_it_and_not_beside_it() {
    let run = short_run(4);
    let plain = [&run[..], &[OTHER, ANOTHER], &run, &[OTHER], &run].concat();
    let mut blank = vec![false; plain.len()];
    let (from, to) = (4, 10);
    (blank[from], blank[to]) = (true, true);
    blank_nearly_long(&plain, &mut blank);
    let places: Vec<usize> = (0..plain.len()).filter(|at| blank[*at]).collect();
    assert_eq!(places, [4, 6, 7, 8, 9, 10]);
    let mut nothing = vec![false; 4];
    blank_nearly_long(&run, &mut nothing);
    assert_eq!(nothing, [false; 4]);
}

#[test]
fn a_gap_between_sentences_is_the_notices_if_half_of_it_is_headings() {
    let gap = |others: usize| {
        let run = short_run(4);
        let plain =
            [&[OTHER, OTHER, OTHER][..], &run, &vec![ANOTHER; others], &[OTHER], &run].concat();
        let mut blank = vec![false; plain.len()];
        let last = 3 + 4 + others;
        (blank[2], blank[last]) = (true, true);
        blank_headings(&plain, &mut blank);
        (0..plain.len()).filter(|at| blank[*at]).collect::<Vec<_>>()
    };
    assert_eq!(gap(0), (2..=7).collect::<Vec<_>>());
    assert_eq!(gap(4), (2..=11).collect::<Vec<_>>());
    assert_eq!(gap(5), [2, 12]);
}

#[test]
fn a_line_right_before_a_notice_is_its_own_if_it_is_made_of_short_runs() {
    let blanked = |first: &[Token], between: &str| {
        let words = |count: usize| vec!["w"; count].join(" ");
        let text = format!("{}\n{between}{}", words(first.len()), words(2));
        let tokens = tokens(&text);
        let mut plain = first.to_vec();
        plain.resize(tokens.len(), OTHER);
        let mut blank = vec![false; plain.len()];
        let notice = plain.len() - 2;
        blank.iter_mut().skip(notice).for_each(|one| *one = true);
        blank_lines(&text, &tokens, &plain, &mut blank);
        blank.iter().take(first.len()).filter(|one| **one).count()
    };
    let of = |runs: &[&[Token]]| runs.concat();
    let (four, two) = (short_run(4), short_run(2));
    let line = of(&[&[NUMBER], &four]);
    assert_eq!(blanked(&line, ""), 5);
    assert_eq!(blanked(&line, "w w\n"), 0, "not right before it");
    assert_eq!(blanked(&of(&[&[NUMBER], &two]), ""), 0, "too short");
    assert_eq!(blanked(&of(&[&line, &[ANOTHER]]), ""), 0, "other words");
}

/// Sentences of notices without placeholders, each one long run.
fn whole_sentences() -> Vec<String> {
    let whole = |sentence: &String| {
        let plain: Vec<Token> = tokens(sentence).into_iter().map(|(token, _)| token).collect();
        runs(sentence) == [plain.clone()] && KNOWN.long_at(&plain) == Some(&plain)
    };
    sentences().into_iter().filter(whole).take(3).collect()
}

#[test]
fn three_sentences_make_a_notice_and_what_is_between_them_is_the_senders() {
    let whole = whole_sentences();
    let [one, two, three] = whole.as_slice() else { panic!("{whole:?}") };
    assert_eq!(set_aside(&format!("{one}\n{two}")), None);
    assert_eq!(set_aside(&format!("{one}\n{two}\n{one}\n{two}")), None, "different ones");
    let rest = set_aside(&format!("Help me\n{one}\nMy roof\n{two}\n{three}\nleaks 9")).unwrap();
    assert_eq!(words(&rest), ["Help", "me", "My", "roof", "leaks", "9"]);
    let last = set_aside(&format!("x {one}\n{two}\n{three}")).unwrap();
    assert_eq!(self::words(&last), [""; 0], "mostly a notice");
    assert_eq!(set_aside("a few words of one's own"), None);
}
