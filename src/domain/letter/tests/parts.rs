//! The names of parts, their headings, and how a letter addresses and signs, in both languages.

use super::super::say::{Says, title};
use super::super::terms::Terms;
use super::super::{Part, Said, sample, says_of};
use super::samples;
use crate::domain::case::letter::LetterKind;
use crate::domain::language::Language;
use crate::domain::nation::Nation;
use crate::domain::organisation::Organisation;
use crate::domain::profile::Profile;

fn says(language: Language) -> &'static dyn Says {
    says_of(language)
}

#[test]
fn a_part_is_asked_for_by_its_name_or_by_a_word_of_policies() {
    for part in Part::ALL {
        assert_eq!(Part::asked_for_as(part.name()), Some(part));
    }
    for (names, part) in [
        (&["decision", "limits", "what_it_means"][..], Part::Restrictions),
        (&["review_date", "review", "end_date", "dates", "how_long"], Part::Duration),
        (&["incidents", "conduct"], Part::Behaviour),
        (&["grounds", "clause", "why"], Part::Reasons),
        (&["adjustments"], Part::Considered),
        (&["contact_details", "how_to_contact"], Part::HowToReach),
        (&["emergency"], Part::AlwaysOpen),
        (&["right_to_appeal", "appeal"], Part::HowToAppeal),
        (&["policy"], Part::PolicyCopy),
    ] {
        for name in names {
            assert_eq!(Part::asked_for_as(name), Some(part), "{name}");
        }
    }
    for other in ["", "Opening", "annual_leave"] {
        assert_eq!(Part::asked_for_as(other), None, "{other}");
    }
}

#[test]
fn what_is_said_knows_its_part_and_a_letter_finds_it() {
    for letter in samples(Language::English) {
        for said in &letter.said {
            assert_eq!(letter.says(said.part().unwrap()), Some(said));
        }
    }
    let own = |name: &str| Said::Own { name: name.to_owned(), text: "Words.".to_owned() };
    assert_eq!(own("why").part(), Some(Part::Reasons));
    assert_eq!(own("annual_leave").part(), None);
    let mut warning = samples(Language::English).remove(0);
    assert_eq!(warning.says(Part::HowToAppeal), None);
    warning.said.insert(0, own("annual_leave"));
    warning.said.push(own("right_to_appeal"));
    assert_eq!(warning.says(Part::HowToAppeal), Some(&own("right_to_appeal")));
}

#[test]
fn a_sample_is_found_by_its_number() {
    let all = samples(Language::Welsh);
    assert_eq!(sample(Language::Welsh, 0), None);
    assert_eq!(sample(Language::Welsh, 1).as_ref(), all.first());
    assert_eq!(sample(Language::Welsh, all.len()).as_ref(), all.last());
    assert_eq!(sample(Language::Welsh, all.len() + 1), None);
}

#[test]
fn headings_depend_on_the_kind_where_a_part_means_something_else() {
    use LetterKind as K;
    let english = |part, kind| says(Language::English).heading(part, kind);
    let welsh = |part, kind| says(Language::Welsh).heading(part, kind);
    for (kind, outcome, terms, outcome_cy, terms_cy) in [
        (
            K::Restriction,
            "What we decided",
            "What we decided, and what it means for you",
            "Beth rydym wedi ei benderfynu",
            "Ein penderfyniad, a beth mae'n ei olygu i chi",
        ),
        (
            K::UpcomingReview,
            "What will happen",
            "The decision",
            "Beth fydd yn digwydd",
            "Y penderfyniad",
        ),
        (
            K::AppealAcknowledged,
            "What happens now",
            "The decision",
            "Beth sy'n digwydd nawr",
            "Y penderfyniad",
        ),
        (
            K::ReviewOutcome,
            "What we decided",
            "What applies now",
            "Beth rydym wedi ei benderfynu",
            "Beth sy'n berthnasol nawr",
        ),
        (
            K::AppealOutcome,
            "What we decided",
            "What applies now",
            "Beth rydym wedi ei benderfynu",
            "Beth sy'n berthnasol nawr",
        ),
        (
            K::NoNotificationRecord,
            "Why we did not notify the person",
            "What a letter would say",
            "Pam na ddywedwyd wrth y person",
            "Beth fyddai llythyr yn ei ddweud",
        ),
    ] {
        assert_eq!(
            (english(Part::Outcome, kind), english(Part::Restrictions, kind)),
            (outcome, terms)
        );
        assert_eq!(
            (welsh(Part::Outcome, kind), welsh(Part::Restrictions, kind)),
            (outcome_cy, terms_cy)
        );
    }
    assert_eq!(Part::Opening.heading(Language::English), "Why we are writing");
    assert_eq!(Part::Opening.heading(Language::Welsh), "Pam rydym yn ysgrifennu");
    for language in Language::ALL {
        let mut headings = Part::ALL.map(|part| part.heading(language)).to_vec();
        headings.sort_unstable();
        headings.dedup();
        assert_eq!(headings.len(), Part::ALL.len(), "each part has a heading of its own");
    }
}

#[test]
fn a_letter_addresses_and_signs_in_its_language() {
    let (english, welsh) = (says(Language::English), says(Language::Welsh));
    assert_eq!((english.dear("Jo"), english.dear("")), ("Dear Jo".into(), "Dear customer".into()));
    assert_eq!((welsh.dear("Jo"), welsh.dear("")), ("Annwyl Jo".into(), "Annwyl gwsmer".into()));
    assert_eq!((english.closing(), welsh.closing()), ("Yours sincerely", "Yn gywir"));
    assert_eq!(english.our_reference("T-1"), "Your reference: T-1");
    assert_eq!(welsh.our_reference("T-1"), "Eich cyfeirnod: T-1");
    for (role, in_english, in_welsh) in [
        ("manager", "Manager", "Rheolwr"),
        ("head_of_service", "Head of service", "Pennaeth Gwasanaeth"),
        ("director", "Director", "Cyfarwyddwr"),
        ("chief_executive", "Chief executive", "Prif Weithredwr"),
        ("executive_team", "Executive team", "Y tîm gweithredol"),
        ("customer_experience_team", "Customer experience team", "Y tîm profiad cwsmeriaid"),
        ("housing_lead", "Housing lead", "Uwch aelod o staff"),
    ] {
        assert_eq!(
            (english.signing(role), welsh.signing(role)),
            (in_english.into(), in_welsh.into())
        );
    }
}

#[test]
fn a_title_says_whether_it_is_about_contact_or_visits() {
    let titles = |kind| {
        let of_kind = samples(Language::English).into_iter().filter(move |one| one.kind == kind);
        let mut titles: Vec<&str> = of_kind.map(|letter| title(&letter)).collect();
        titles.sort_unstable();
        titles.dedup();
        titles
    };
    assert_eq!(titles(LetterKind::Warning), ["A warning about your behaviour"]);
    assert_eq!(
        titles(LetterKind::Lifted),
        ["Our decision on visits has ended", "The limit on your contact has ended"]
    );
    assert_eq!(
        titles(LetterKind::Restriction),
        ["How we will meet you: our decision", "How you can contact us: our decision"]
    );
}

fn terms(json: &str) -> Terms {
    let profile = Profile::silent("Bare Homes", Nation::England);
    let json = format!(r#"{{"id":"R",{json}}}"#);
    Terms::of(&Organisation::new("o", profile), &serde_json::from_str(&json).unwrap())
}

#[test]
fn terms_are_those_of_the_restriction() {
    let matters = || vec!["4711".to_owned()];
    for (json, expected, keeps_back, names_the_way) in [
        (r#""kind":"call_length","minutes":9"#, Terms::CallLength { minutes: 9 }, false, false),
        (r#""kind":"visits_in_pairs""#, Terms::VisitsInPairs, false, false),
        (r#""kind":"appointment_only""#, Terms::AppointmentOnly, false, false),
        (
            r#""kind":"documents_returned","instruction":"destroy""#,
            Terms::DocumentsReturned { destroyed: true },
            false,
            false,
        ),
        (
            r#""kind":"documents_returned","instruction":"return""#,
            Terms::DocumentsReturned { destroyed: false },
            false,
            false,
        ),
        (
            r#""kind":"issue_closed","issues":["4711"]"#,
            Terms::IssueClosed { issues: matters() },
            false,
            false,
        ),
        (
            r#""kind":"complaint_closed","issues":["4711"]"#,
            Terms::ComplaintClosed { issues: matters() },
            false,
            false,
        ),
        (
            r#""kind":"read_and_file","issues":["4711"]"#,
            Terms::ReadAndFile { issues: matters() },
            false,
            false,
        ),
        (r#""kind":"read_and_file""#, Terms::ReadAndFile { issues: Vec::new() }, false, false),
        (
            r#""kind":"representative_only","representatives":["Pat Ward"]"#,
            Terms::OnlyRepresentative { names: vec!["Pat Ward".to_owned()] },
            true,
            true,
        ),
        (r#""kind":"contact_ended""#, Terms::ContactEnded { engages: Vec::new() }, false, true),
    ] {
        let terms = terms(json);
        assert_eq!(terms, expected);
        assert_eq!(
            (terms.keeps_back(), terms.names_the_way()),
            (keeps_back, names_the_way),
            "{json}"
        );
    }
    let quota =
        terms(r#""kind":"contact_quota","limit":1,"per":"week","channels":["email","sms"]"#);
    assert!(quota.keeps_back() && !quota.names_the_way());
    assert!(!Terms::LessThanBefore.keeps_back() && !Terms::LessThanBefore.names_the_way());
}

#[test]
fn hours_are_said_with_their_channels_and_a_point_of_contact_with_theirs() {
    let hours = terms(
        r#""kind":"hours_only","windows":[{"days":["mon"],"from":"09:00","to":"17:00"}],
           "channels":["telephone"],"bank_holidays":true"#,
    );
    let Terms::OnlyHours { channels, hours, bank_holidays } = hours else { panic!("{hours:?}") };
    assert_eq!((channels.len(), hours.len(), bank_holidays), (1, 1, true));
    let point = terms(
        r#""kind":"single_point_of_contact","contact":{"name":"Sam Reed","email":"sam@x.example",
           "phone":"+441914980124","roster":{"windows":[{"days":["mon"],"from":"09:00","to":"17:00"}]}},
           "deputies":[{"name":"Ali Khan"}]"#,
    );
    assert!(point.names_the_way() && !point.keeps_back());
    let Terms::PointOfContact { name, details, hours, deputies } = point else { panic!() };
    assert_eq!((name.as_str(), deputies.as_slice()), ("Sam Reed", &["Ali Khan".to_owned()][..]));
    assert_eq!(details, ["+441914980124", "sam@x.example"]);
    assert_eq!(hours.len(), 1);
}
