use super::*;
use crate::domain::nation::Nation;
use crate::domain::profile::Profile;
use crate::domain::restriction::Mode;
use crate::domain::safeguard::Safeguards;

fn organisation(mode: Mode) -> Organisation {
    let mut profile = Profile::silent("Bare Homes", Nation::England);
    profile.safeguards = Safeguards::default();
    Organisation { mode, ..Organisation::new("o", profile) }
}

fn looked_at(draft: &str) -> Outlook {
    let person: Person = serde_json::from_str(r#"{"id":"P"}"#).unwrap();
    let draft: Restriction = serde_json::from_str(draft).unwrap();
    let monday = "2026-11-23".parse().unwrap();
    outlook(&organisation(Mode::Enforce), &person, &draft, monday)
}

fn on(outlook: &Outlook, channel: Channel) -> &ByChannel {
    outlook.channels.iter().find(|one| one.channel == channel).unwrap()
}

#[test]
fn a_quota_lets_so_many_through_and_keeps_the_next() {
    let found = looked_at(r#"{"id":"R","kind":"contact_quota","limit":2,"per":"week"}"#);
    let email = on(&found, Channel::Email);
    assert_eq!(email.fate, Fate::Through { to: None });
    assert_eq!(email.then, Some((2, Fate::Limited)));
    assert!(email.open.is_empty() && email.otherwise.is_none(), "at any time: {email:?}");
}

#[test]
fn hours_open_and_close_to_the_minute() {
    let found = looked_at(
        r#"{"id":"R","kind":"hours_only",
            "windows":[{"days":["mon","wed"],"from":"10:10","to":"11:45"}]}"#,
    );
    let calls = on(&found, Channel::Telephone);
    assert_eq!(calls.otherwise, Some(Fate::Limited));
    let day = |day: &str| day.parse::<NaiveDate>().unwrap();
    let open = |on: &str| Open { day: day(on), from: 610, to: 705 };
    assert_eq!(calls.open, [open("2026-11-23"), open("2026-11-25")]);
    assert_eq!(on(&found, Channel::Email).otherwise, None, "hours are for calls and visits");
}

#[test]
fn a_channel_that_is_closed_is_limited_and_one_colleague_answers_the_others() {
    let closed = looked_at(r#"{"id":"R","kind":"channels_only","channels":["letter"]}"#);
    assert_eq!(on(&closed, Channel::Email).fate, Fate::Limited);
    assert_eq!(on(&closed, Channel::Letter).fate, Fate::Through { to: None });
    let point = looked_at(
        r#"{"id":"R","kind":"single_point_of_contact","contact":{"name":"Sam Okoro","email":"sam@o.example"}}"#,
    );
    let to = Some("Sam Okoro".to_owned());
    assert_eq!(on(&point, Channel::Email).fate, Fate::Through { to });
}

#[test]
fn what_is_observed_is_shown_as_it_would_be() {
    let found =
        looked_at(r#"{"id":"R","kind":"channels_only","channels":["letter"],"mode":"observe"}"#);
    assert_eq!(on(&found, Channel::Email).fate, Fate::Limited);
}
