//! Defaults of a profile where a policy is silent, and look-ups by name.

use super::*;

fn role(name: &str) -> Role {
    Role(name.to_owned())
}

fn silent() -> Profile {
    Profile::silent("Bare Homes", Nation::Wales)
}

#[test]
fn roles_are_one_or_several_and_never_none() {
    assert_eq!(Roles::any_of(Vec::new()), None);
    let one = Roles::any_of(vec![role("manager")]).unwrap();
    let two = Roles::any_of(vec![role("manager"), role("director")]).unwrap();
    assert_eq!(two.as_slice(), [role("manager"), role("director")]);
    assert!(two.include(&role("director")) && !one.include(&role("director")));
    assert_eq!(
        (one.to_string(), two.to_string()),
        ("manager".into(), "manager or director".into())
    );
    assert_eq!(serde_json::to_string(&one).unwrap(), r#""manager""#);
    assert_eq!(serde_json::to_string(&two).unwrap(), r#"["manager","director"]"#);
    assert!(Role::none().is_none() && !role("agent").is_none());
}

#[test]
fn exceptions_are_named_as_in_json() {
    let names = Exception::ALL.map(Exception::name);
    let expected = ["no_warning", "no_notification", "longer_than_longest", "contact_ended"];
    assert_eq!(names, expected);
    for exception in Exception::ALL {
        let json = serde_json::to_string(&exception).unwrap();
        assert_eq!(json, format!("\"{}\"", exception.name()));
    }
}

#[test]
fn a_silent_policy_favours_the_sender() {
    let mut profile = silent();
    assert_eq!((profile.name.as_str(), profile.nation), ("Bare Homes", Nation::Wales));
    assert_eq!(profile.limited_read_within, 1);
    assert!(!profile.kept_during_appeal());
    assert_eq!(profile.assurance_asked(Channel::Email), Assurance::Asserted);
    profile.appeal.in_force_during = Some(true);
    assert!(profile.kept_during_appeal());
    profile.appeal.in_force_during = Some(false);
    assert!(!profile.kept_during_appeal());
    profile.assurance.insert(Channel::Email, Assurance::Proven);
    assert_eq!(profile.assurance_asked(Channel::Email), Assurance::Proven);
    assert_eq!(profile.assurance_asked(Channel::Sms), Assurance::Asserted);
}

#[test]
fn a_set_has_its_channels_and_those_of_its_groups() {
    let mut profile = silent();
    profile
        .channel_groups
        .insert("spoken".into(), Some(vec![Channel::Telephone, Channel::InPerson]));
    profile.channel_groups.insert("unsaid".into(), None);
    let group = |name: &str| ChannelOrGroup::Group(name.to_owned());
    let of = |entries: Vec<ChannelOrGroup>| {
        let set = ChannelSet(entries);
        Channel::ALL.into_iter().filter(|one| profile.set_contains(&set, *one)).collect::<Vec<_>>()
    };
    let written = vec![
        Channel::Email,
        Channel::WebForm,
        Channel::Sms,
        Channel::Whatsapp,
        Channel::Letter,
        Channel::Social,
        Channel::WebChat,
    ];
    assert_eq!(of(Vec::new()), []);
    assert_eq!(of(vec![ChannelOrGroup::Channel(Channel::Sms)]), [Channel::Sms]);
    assert_eq!(of(vec![group("spoken")]), [Channel::Telephone, Channel::InPerson]);
    assert_eq!(
        of(vec![group("spoken"), ChannelOrGroup::Channel(Channel::Letter)]),
        [Channel::Telephone, Channel::Letter, Channel::InPerson]
    );
    assert_eq!(of(vec![group("unsaid")]), written);
    assert_eq!(of(vec![group("no such group")]), written);
}

#[test]
fn a_clause_covers_what_is_within_it() {
    let mut profile = silent();
    for (path, clause) in [("review", "8"), ("review.every_months", "8.4")] {
        profile.clauses.insert(path.to_owned(), clause.to_owned());
    }
    for (path, clause) in [
        ("review.every_months", Some("8.4")),
        ("review.every_months.more", Some("8.4")),
        ("review.earlier", Some("8")),
        ("review", Some("8")),
        ("reviews", None),
        ("appeal.window", None),
        ("", None),
    ] {
        assert_eq!(profile.clause_of(path), clause, "{path}");
    }
    let rule = KindRule { allowed: true, clause: Some("6.2".to_owned()), sign_off: None };
    profile.kinds.insert(KindName::CallLength, rule);
    assert_eq!(profile.clause_for(KindName::CallLength), Some("6.2"));
    assert_eq!(profile.clause_for(KindName::IssueQuota), None);
}

#[test]
fn only_grounds_of_the_policy_are_printed() {
    let mut profile = silent();
    let ground = |name: &str| Ground { name: name.to_owned(), clause: None, severe: false };
    profile.grounds = vec![ground("abuse"), ground("complaints_process")];
    assert_eq!(profile.ground("complaints_process"), Some(&ground("complaints_process")));
    assert_eq!(profile.ground("Abuse"), None);
    for (given, printed) in [
        (None, "unknown"),
        (Some("abuse"), "abuse"),
        (Some(" Complaints-process "), "complaints_process"),
        (Some("COMPLAINTS PROCESS"), "complaints_process"),
        (Some("abuse of Jo Doe"), "other"),
        (Some(""), "other"),
    ] {
        assert_eq!(profile.published_ground(given), printed, "{given:?}");
    }
}

#[test]
fn a_bank_holiday_is_one_in_the_organisations_time() {
    let mut profile = silent();
    let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
    profile.bank_holidays = BankHolidays::new([day("2026-08-31")], None);
    let at = |text: &str| profile.is_bank_holiday(text.parse().unwrap());
    assert!(!at("2026-08-30T22:59:59Z"));
    assert!(at("2026-08-30T23:00:00Z"), "midnight in summer");
    assert!(at("2026-08-31T22:59:59Z"));
    assert!(!at("2026-08-31T23:00:00Z"));
}

#[test]
fn what_a_profile_shows_of_its_digest_is_only_that_it_has_one() {
    assert_eq!(format!("{:?}", silent().rules), "RulesDigest");
    assert_eq!(silent(), silent());
    assert_eq!(silent().rules().len(), 22);
}
