use super::super::channel::Channel;
use super::super::contact::SenderIdentifier;
use super::super::identifier::Assurance;
use super::super::lane::AskedLane;
use super::*;

fn finds(phrases: &[&str], text: &str) -> bool {
    let phrases = phrases.iter().map(|p| (*p).to_owned()).collect();
    let lanes = BTreeMap::from([(Lane::Emergency, LaneRule::new(phrases, None))]);
    !Safeguards::new(lanes, Vec::new(), Vec::new()).matches_of(text).hits.is_empty()
}

#[test]
fn misspellings_of_longer_words_are_tolerated() {
    assert!(finds(&["emergency"], "THIS IS AN EMERGANCY!!"));
    assert!(finds(&["emergency"], "its an emregency"));
    assert!(finds(&["subject access request"], "a subjct acess requst please"));
    assert!(!finds(&["gas leak"], "it has a leak"));
}

#[test]
fn a_phrase_that_everyday_words_resemble_is_found_as_written() {
    assert!(finds(&["flooding"], "new flooring please"));
    assert!(!finds(&["=flooding"], "new flooring please"));
    assert!(finds(&["=flooding"], "The kitchen is FLOODING"));
}

#[test]
fn a_phrase_is_words_in_a_row_whatever_stands_between_them() {
    assert!(finds(&["gas leak"], "Gas-leak; come"));
    assert!(!finds(&["gas leak"], "gas is fine, no leak"));
    assert!(finds(&["can't breathe"], "I can’t breathe"));
}

#[test]
fn welsh_is_found_with_and_without_its_accents() {
    assert!(finds(&["argyfwng"], "Mae'n argyfwng"));
    assert!(finds(&["tân"], "Mae tan yma"));
    assert!(finds(&["cyfreithiwr"], "siaradwch â fy nghyfreithiwr"));
    assert!(finds(&["camdriniaeth"], "ei chamdriniaeth"));
}

#[test]
fn a_protected_domain_covers_what_is_below_it_and_nothing_beside_it() {
    let covers = |value: &str| is_protected(&["@parliament.uk".to_owned()], [value].into_iter());
    assert!(covers("a.member@parliament.uk"));
    assert!(covers("a@commons.parliament.uk"));
    assert!(!covers("a@notparliament.uk"));
    assert!(!covers("parliament.uk"));
    let board = ["board@x.example".to_owned()];
    assert!(is_protected(&board, ["BOARD@x.example"].into_iter()));
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn phrases(phrases: &[&str]) -> LaneWords {
    LaneWords { phrases: texts(phrases), ..LaneWords::default() }
}

fn concepts(concepts: &[&str]) -> LaneWords {
    LaneWords { concepts: texts(concepts), ..LaneWords::default() }
}

/// Safeguards whose built-in part has these words for emergencies, and sets, fillers and everyday words.
fn built_in(words: LaneWords) -> Written {
    let fires = Set { words: texts(&["fire alarm", "candle"]), welsh: Vec::new() };
    Written {
        lanes: BTreeMap::from([(Lane::Emergency, words)]),
        sets: BTreeMap::from([("fires".to_owned(), fires)]),
        fillers: texts(&["the"]),
        welsh_fillers: texts(&["mae", "yn"]),
        everyday: Everyday::new(["flooring"].into_iter()),
        ..Written::default()
    }
}

fn safeguards(built_in: BuiltIn, own: LaneRule) -> Safeguards {
    let lanes = BTreeMap::from([(Lane::Emergency, own)]);
    Safeguards::beside(Arc::new(built_in), lanes, Vec::new(), Vec::new())
}

fn of(words: LaneWords) -> Safeguards {
    safeguards(BuiltIn::new(built_in(words)), LaneRule::default())
}

fn own(phrases: &[&str], concepts: &[&str]) -> LaneRule {
    LaneRule { concepts: texts(concepts), ..LaneRule::new(texts(phrases), None) }
}

/// What opened the first lane.
fn found(safeguards: &Safeguards, text: &str) -> Option<(String, FoundBy, Spelling)> {
    let first = safeguards.matches_of(text).hits.into_iter().next();
    first.map(|hit| (hit.by, hit.part, hit.spelling))
}

fn shown(safeguards: &Safeguards, text: &str) -> Option<String> {
    found(safeguards, text).map(|(by, ..)| by)
}

#[test]
fn words_in_any_order_are_at_most_three_words_apart() {
    let safeguards = of(phrases(&["~ water ceiling leak"]));
    for (text, by) in [
        ("water ceiling leak", Some("water … ceiling … leak")),
        ("so it is a long tale of water ceiling leak", Some("water … ceiling … leak")),
        ("a leak by my ceiling of water", Some("leak … ceiling … water")),
        ("water a b c ceiling d e f leak", Some("water … ceiling … leak")),
        ("water a b c d ceiling leak", None),
        ("so it is a long tale of water ceiling a b c d e leak", None),
        ("water on a ceiling", None),
    ] {
        assert_eq!(shown(&safeguards, text).as_deref(), by, "{text}");
    }
    let one = found(&of(phrases(&["~ water"])), "a water").map(|(_, part, _)| part);
    assert_eq!(one, Some(FoundBy::Words), "a word has no order");
}

#[test]
fn elements_of_a_concept_are_words_of_their_own_within_its_reach() {
    const EIGHT: &str = "a b c d e f g h";
    let (near, far) = (format!("boiler {EIGHT} broken"), format!("boiler {EIGHT} i broken"));
    let far_joke = format!("broken boiler {EIGHT} i joke");
    for (concept, text, found) in [
        ("boiler broken", "my boiler is broken", true),
        ("boiler broken", "broken is my boiler", true),
        ("boiler broken", "my boiler", false),
        ("boiler broken", near.as_str(), true),
        ("boiler broken", far.as_str(), false),
        ("boiler broken /2", "boiler a broken", true),
        ("boiler broken /2", "boiler a b broken", false),
        ("boiler broken !joke", "boiler broken", true),
        ("boiler broken !joke", "boiler broken, my joke", false),
        ("boiler broken !joke", far_joke.as_str(), true),
        ("@fires alarm", "a fire alarm", false),
        ("@fires alarm", "a fire alarm alarm", true),
        ("@fires fire", "a fire alarm", false),
        ("@fires fire", "a candle fire", true),
    ] {
        let part = self::found(&of(concepts(&[concept])), text).map(|(_, part, _)| part);
        assert_eq!(part, found.then_some(FoundBy::Concept), "{concept}: {text}");
    }
}

#[test]
fn of_several_findings_the_surest_is_shown_and_of_equals_the_first() {
    // Which is looked for first depends on other lanes' words as well: the order of the rules counts.
    let kettle = phrases(&["kettle"]);
    let both = built_in(concepts(&["boiler broken", "kettle spilt"]));
    let lanes = both.lanes.into_iter().chain([(Lane::Legal, kettle)]).collect();
    let both = safeguards(
        BuiltIn::new(Written { lanes, ..built_in(LaneWords::default()) }),
        own(&[], &[]),
    );
    for text in ["boiler broken, kettle spilt", "kettle spilt, boiler broken"] {
        let by = both.matches_of(text).hits.into_iter().next().map(|hit| (hit.lane, hit.part));
        assert_eq!(by, Some((Lane::Emergency, FoundBy::Concept)), "{text}");
        assert!(shown(&both, text).unwrap().contains("boiler"), "{text}");
    }
    let spelling = |text: &str| found(&of(phrases(&["boiler"])), text).map(|(.., how)| how);
    assert_eq!(spelling("boiler and boilr"), Some(Spelling::Written));
    assert_eq!(spelling("boilr and boiler"), Some(Spelling::Slip));
    let gaps = LaneWords { phrases: texts(&["~ water leak"]), ..concepts(&["water leak"]) };
    let part = found(&of(gaps), "water leak").map(|(_, part, _)| part);
    assert_eq!(part, Some(FoundBy::Gaps));
    for (words, own, by) in [
        (phrases(&["boiler"]), own(&["broken"], &[]), "boiler"),
        (concepts(&["boiler cold"]), own(&["broken"], &[]), "broken"),
        (phrases(&["boiler"]), own(&[], &["broken cold"]), "boiler"),
    ] {
        let safeguards = safeguards(BuiltIn::new(built_in(words)), own);
        assert_eq!(shown(&safeguards, "a broken cold boiler").as_deref(), Some(by));
    }
}

#[test]
fn a_hit_says_how_its_words_were_spelt() {
    let words =
        LaneWords { welsh: texts(&["cyfreithiwr"]), ..phrases(&["boiler", "sewage", "gas leak"]) };
    let safeguards = of(words);
    for (text, how) in [
        ("boiler", Spelling::Written),
        ("boilers", Spelling::Written),
        ("boilr", Spelling::Slip),
        ("sewidge", Spelling::Sound),
        ("fy nghyfreithiwr", Spelling::Mutation),
        ("gas, the leak", Spelling::Written),
    ] {
        assert_eq!(found(&safeguards, text).map(|(.., how)| how), Some(how), "{text}");
    }
}

#[test]
fn an_organisations_own_words_are_read_as_the_built_in_ones_are() {
    let rule = own(&["gas leak", "boiler", "flooding", "cyfreithiwr"], &["@fires curtain"]);
    let safeguards = safeguards(BuiltIn::new(built_in(phrases(&["boiler"]))), rule);
    for (text, by) in [
        ("gas the leak", Some("gas leak")),
        ("gas my leak", None),
        ("a candle by my curtain", Some("candle … curtain")),
        ("it is a floodin here", Some("flooding")),
        ("my new flooring", None),
        ("fy nghyfreithiwr", Some("cyfreithiwr")),
        ("mae yn floodin", None),
    ] {
        assert_eq!(shown(&safeguards, text).as_deref(), by, "{text}");
    }
    assert_eq!(safeguards.rule(Lane::Emergency).map(|rule| rule.phrases.len()), Some(4));
    assert!(safeguards.rule(Lane::Legal).is_none());
    assert!(safeguards.built_in().written().lanes.contains_key(&Lane::Emergency));
}

#[test]
fn a_text_that_is_worded_like_a_lane_opens_it_or_is_a_little_like_it() {
    let text = "nobody learnt these words of mine from anything that was said before";
    for (evidence, hits, resembles) in
        [(1.0, 6, Some((73, true))), (0.0, 0, Some((50, false))), (-0.4, 0, None)]
    {
        let wording = Wording::written(&[(evidence, 1.0); LEARNT.len()], &[]);
        let built_in =
            BuiltIn::new(Written::default()).with_wording(Wording::read(&wording).unwrap());
        let matches = safeguards(built_in, LaneRule::default()).matches_of(text);
        assert_eq!(matches.hits.len(), hits, "{evidence}");
        assert!(matches.hits.iter().all(|hit| hit.part == FoundBy::Wording));
        let like = matches.resembles.first().map(|like| (like.percent, like.opens()));
        assert_eq!(like, resembles, "{evidence}");
    }
}

#[test]
fn no_wording_speaks_against_what_is_not_a_hint() {
    let wording = Wording::written(&[(-1_000.0, 1.0); LEARNT.len()], &[]);
    let words = LaneWords {
        phrases: texts(&["gas leak", "~ water ceiling"]),
        ..concepts(&["boiler baby"])
    };
    let built_in = BuiltIn::new(built_in(words)).with_wording(Wording::read(&wording).unwrap());
    let safeguards = safeguards(built_in, LaneRule::default());
    for said in ["gas leak", "ceiling of water", "baby boiler"] {
        let text = format!("is my {said} a hobby or only something that you like to read of");
        assert!(found(&safeguards, &text).is_some(), "{text}");
    }
}

#[test]
fn of_two_examples_the_one_that_a_text_is_more_like_is_shown() {
    const WATER: &str = "water pours through a ceiling";
    const LIFT: &str = "somebody sits stuck between floors again";
    let words = LaneWords { examples: texts(&[WATER]), ..LaneWords::default() };
    let own = LaneRule { examples: texts(&[LIFT]), ..LaneRule::default() };
    let safeguards = safeguards(BuiltIn::new(built_in(words)), own);
    for (text, by) in [
        (WATER.to_owned(), WATER),
        (LIFT.to_owned(), LIFT),
        (format!("{WATER}. {LIFT}"), WATER),
        (format!("{LIFT}. {WATER}"), WATER),
        (format!("{WATER}. somebody sits stuck between houses"), WATER),
        (format!("water pours through a roof. {LIFT}"), LIFT),
    ] {
        let matches = safeguards.matches_of(&text);
        let best = matches.resembles.first().map(|like| (like.by.as_str(), like.percent));
        assert_eq!(best, Some((by, 100)), "{text}");
        assert_eq!(matches.hits.first().map(|hit| hit.part), Some(FoundBy::Example), "{text}");
    }
}

#[test]
fn a_key_and_an_address_open_lanes_besides_the_words() {
    let lanes = BTreeMap::from([
        (Lane::Emergency, own(&["gas leak"], &[])),
        (Lane::Appeal, LaneRule::new(texts(&["appeal"]), Some("board".to_owned()))),
    ]);
    let safeguards = Safeguards::new(lanes, texts(&["@X.example"]), texts(&["Clerk@y.example"]));
    let at = "2026-11-21T10:00:00Z".parse().unwrap();
    let from = |kind: IdentifierKind| SenderIdentifier {
        kind,
        value: "board@x.example".to_owned(),
        assurance: Assurance::Asserted,
    };
    let plain = Contact::new("c".to_owned(), Channel::Email, at);
    let lanes = |contact: &Contact, words: &str| -> Vec<(Lane, FoundBy)> {
        let hits = safeguards.matches_in(contact, words).hits;
        hits.iter().map(|hit| (hit.lane, hit.part)).collect()
    };
    let (emergency, sender) =
        ((Lane::Emergency, FoundBy::Words), (Lane::ProtectedSender, FoundBy::Address));
    assert_eq!(lanes(&plain, "a gas leak"), [emergency]);
    let by_key = (Lane::Appeal, FoundBy::Choice);
    let asks = Contact { lane: Some(AskedLane::Appeal), ..plain.clone() };
    assert_eq!(lanes(&asks, ""), [by_key]);
    assert_eq!(lanes(&asks, "an appeal and a gas leak"), [emergency, by_key]);
    let protected = Contact {
        from: vec![from(IdentifierKind::Email)],
        to: texts(&["other@y.example", "clerk@Y.example"]),
        ..asks
    };
    let recipient = (Lane::ProtectedRecipient, FoundBy::Address);
    assert_eq!(lanes(&protected, "a gas leak"), [emergency, by_key, sender, recipient]);
    let account = Contact { from: vec![from(IdentifierKind::Account)], ..plain };
    assert!(lanes(&account, "").is_empty());
    for (lane, queue) in [
        (Lane::Appeal, Some("board")),
        (Lane::Emergency, Lane::Emergency.default_queue()),
        (Lane::ProtectedSender, None),
    ] {
        assert_eq!(safeguards.queue(lane), queue);
    }
}

#[test]
fn safeguards_are_equal_where_all_that_they_were_made_of_is() {
    let lanes = || BTreeMap::from([(Lane::Emergency, own(&["gas"], &[]))]);
    let with = |lanes, senders: &[&str], recipients: &[&str]| {
        Safeguards::new(lanes, texts(senders), texts(recipients))
    };
    let plain = || with(lanes(), &["a"], &["b"]);
    assert!(plain() == plain());
    let built_in = Arc::new(BuiltIn::new(built_in(LaneWords::default())));
    for other in [
        with(BTreeMap::new(), &["a"], &["b"]),
        with(lanes(), &["c"], &["b"]),
        with(lanes(), &["a"], &["c"]),
        plain().with_percents(41, WORDING_PERCENT),
        plain().with_percents(RESEMBLES_PERCENT, 71),
        Safeguards::beside(built_in, lanes(), texts(&["a"]), texts(&["b"])),
    ] {
        assert!(other != plain() && other == other.clone(), "{other:?}");
    }
    assert!(format!("{:?}", plain()).contains("resembles_percent: 42"));
}

#[test]
fn an_organisation_asks_for_less_and_neither_for_more_nor_for_next_to_nothing() {
    for (asked, used) in
        [((42, 72), (42, 72)), ((90, 90), (42, 72)), ((30, 50), (30, 50)), ((0, 0), (20, 20))]
    {
        let safeguards = Safeguards::default().with_percents(asked.0, asked.1);
        let percents = (safeguards.resembles_percent(), safeguards.wording_percent());
        assert_eq!(percents, used);
    }
    for (share, whole) in [
        (0.0, 0),
        (0.004, 0),
        (0.006, 1),
        (0.424, 42),
        (0.426, 43),
        (1.0, 100),
        (3.0, 100),
        (-1.0, 0),
    ] {
        assert_eq!(percent(share), whole, "{share}");
    }
}

#[test]
fn those_who_write_the_lists_see_what_a_word_is_taken_for_and_a_texts_features() {
    let safeguards = of(phrases(&["boiler"]));
    let taken_for = |word: &str, in_welsh: bool| {
        let taken = safeguards.taken_for(word, in_welsh);
        taken.map(|taken| (taken.word, taken.other, taken.how))
    };
    let boiler = |how| Some(("boilr".to_owned(), "boiler".to_owned(), how));
    assert_eq!(taken_for("Boilr", false), boiler(Spelling::Slip));
    assert_eq!(taken_for("Boilr", true), None);
    assert_eq!(taken_for("boilr boilr", false), None);
    assert_eq!(taken_for("kettle", false), None);
    assert_eq!(safeguards.features_of("Gas gas").len(), 6 + 1);
}

#[test]
fn a_word_finds_nothing_within_a_phrase_in_which_it_is_harmless() {
    let written = Written { harmless: texts(&["fire door"]), ..built_in(phrases(&["fire"])) };
    let safeguards = safeguards(BuiltIn::new(written), LaneRule::default());
    for (text, by) in [
        ("my fire door sticks", None),
        ("a fire at my door", Some("fire")),
        ("a fire behind my fire door", Some("fire")),
    ] {
        assert_eq!(shown(&safeguards, text).as_deref(), by, "{text}");
    }
}
