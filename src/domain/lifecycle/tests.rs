//! Steps of one case: what keeps each from being taken, and what it leaves behind.

mod appeals;
mod fairness;
mod guard;
mod letters;
mod records;
mod restrictions;
mod signatures;
mod trail;

use super::*;
use crate::domain::nation::Nation;
use crate::domain::profile::{
    Anchor, Deadline, Exception, ExceptionRule, Ground, KindRule, Length, OnOverdue, Roles,
};
use crate::domain::restriction::KindName;

const ALL_DAY: &str = r#"{"windows": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}]}"#;

/// A person's case on its way, and the organisation that works on it.
struct OneCase {
    organisation: Organisation,
    staff: BTreeMap<String, Role>,
    others: Vec<Arc<Person>>,
    file: CaseFile,
    person: Person,
}

impl OneCase {
    fn new() -> Self {
        Self::under(profile())
    }

    fn under(profile: Profile) -> Self {
        let staff = [
            ("Ann", "agent"),
            ("Max", "manager"),
            ("Hal", "head"),
            ("Hil", "head"),
            ("Bea", "board"),
            ("Ben", "board"),
        ];
        OneCase {
            organisation: Organisation::new("bare", profile),
            staff: staff.map(|(name, role)| (name.to_owned(), Role(role.to_owned()))).into(),
            others: Vec::new(),
            file: CaseFile::of("P-1"),
            person: serde_json::from_value(json!({"id": "P-1"})).unwrap(),
        }
    }

    fn policy(&mut self) -> &mut Profile {
        Arc::make_mut(&mut self.organisation.profile)
    }

    /// The result of a step; its `id` may be among its fields.
    fn tried(&self, at: &str, by: &str, mut act: Value) -> Result<Stepped, Vec<Broken>> {
        let id = act.as_object_mut().unwrap().remove("id");
        let act: Act = serde_json::from_value(act).unwrap();
        let asked = Step {
            organisation: &self.organisation,
            staff: &self.staff,
            others: &self.others,
            act: &act,
            id: id.as_ref().and_then(Value::as_str),
            by,
            at: instant(at),
        };
        step(&self.file, &self.person, &asked)
    }

    fn take(&mut self, at: &str, by: &str, act: Value) -> Stepped {
        let stepped = match self.tried(at, by, act.clone()) {
            Ok(stepped) => stepped,
            Err(broken) => panic!("{act}: {broken:#?}"),
        };
        self.file = stepped.file.clone();
        self.person = stepped.person.clone();
        stepped
    }

    /// The codes with which a step is refused; none: it is taken.
    fn refused(&self, at: &str, by: &str, act: Value) -> Vec<String> {
        self.tried(at, by, act).map_or_else(|broken| codes(&broken), |_| Vec::new())
    }

    /// Puts a list into the file as if it had always been there.
    fn lay(&mut self, list: &str, entries: Value) {
        let mut file = serde_json::to_value(&self.file).unwrap();
        file[list] = entries;
        self.file = serde_json::from_value(file).unwrap();
    }

    /// The same of the person's record.
    fn record(&mut self, list: &str, entries: Value) {
        let mut person = serde_json::to_value(&self.person).unwrap();
        person[list] = entries;
        self.person = serde_json::from_value(person).unwrap();
    }

    fn shown(&self, list: &str) -> Value {
        serde_json::to_value(&self.file).unwrap()[list].clone()
    }

    fn status(&self, id: &str) -> Status {
        self.person.restrictions.iter().find(|one| one.id == id).unwrap().status
    }
}

/// "2026-03-02T10" is an hour of a day.
fn instant(at: &str) -> DateTime<Utc> {
    let at = if at.len() == "2026-03-02T10".len() { format!("{at}:00:00Z") } else { at.to_owned() };
    at.parse().unwrap()
}

/// Each code, with the key and the clause that it names.
fn codes(broken: &[Broken]) -> Vec<String> {
    let said = |one: &Broken| {
        let rest = [one.key.as_deref(), one.clause.as_deref()].into_iter().flatten();
        [one.code.name()].into_iter().chain(rest).collect::<Vec<_>>().join(" ")
    };
    broken.iter().map(said).collect()
}

fn roles(names: &[&str]) -> Option<Roles> {
    Roles::any_of(names.iter().map(|name| Role((*name).to_owned())).collect())
}

/// A policy that has every value a restriction needs, and asks for a warning first.
fn profile() -> Profile {
    let mut profile = Profile::silent("Bare Homes", Nation::England);
    profile.version = "7".to_owned();
    let role = |name: &str| Role(name.to_owned());
    profile.roles = ["agent", "manager", "head", "board"].map(role).to_vec();
    let allowed = [
        (KindName::VisitsInPairs, "6.1"),
        (KindName::ChannelsOnly, "6.2"),
        (KindName::ContactQuota, "6.3"),
        (KindName::RepresentativeOnly, "6.4"),
        (KindName::ContactEnded, "6.5"),
        (KindName::SinglePointOfContact, "6.6"),
        (KindName::ReadAndFile, "6.7"),
    ];
    for (kind, clause) in allowed {
        let rule = KindRule { allowed: true, clause: Some(clause.to_owned()), sign_off: None };
        profile.kinds.insert(kind, rule);
    }
    for (number, exception) in Exception::ALL.into_iter().enumerate() {
        let clause = Some(format!("12.{}", number + 1));
        let rule = ExceptionRule { allowed: true, when: None, clause, sign_off: None };
        profile.exceptions.insert(exception, rule);
    }
    profile.review.every_months = Some(6);
    profile.review.longest_months = Some(12);
    profile.review.on_overdue = Some(OnOverdue::Keep);
    profile.review.anchor = Some(Anchor::Implementation);
    let within =
        |days, from| Some(Deadline { length: Length::WorkingDays(days), from: Some(from) });
    profile.appeal.window = within(10, Anchor::Letter);
    profile.appeal.answer = within(5, Anchor::Receipt);
    profile.appeal.notify = within(2, Anchor::AppealDecision);
    profile.appeal.heard_by = roles(&["board"]);
    profile.appeal.in_force_during = Some(true);
    profile.letter.must_say = vec!["restrictions".to_owned(), "duration".to_owned()];
    profile.responsible.decides = roles(&["head"]);
    profile.responsible.engages_after_end = vec![role("head")];
    profile.read_within_working_days = Some(2);
    profile.warn_first.required = Some(true);
    let all_day = || serde_json::from_str(ALL_DAY).unwrap();
    let staffed =
        [crate::domain::channel::Channel::Telephone, crate::domain::channel::Channel::Email];
    profile.staffed_hours = Some(staffed.map(|channel| (channel, all_day())).into());
    let ground = |name: &str, severe| Ground { name: name.to_owned(), clause: None, severe };
    profile.grounds =
        vec![ground("abuse", false), ground("violence", true), ground("threats", true)];
    let clauses = [
        ("grounds", "2"),
        ("proportionate", "3"),
        ("incidents", "4"),
        ("adjustments", "5"),
        ("warn_first", "7"),
        ("review", "8"),
        ("letter", "9"),
        ("appeal", "10"),
        ("open_way", "11"),
    ];
    profile.clauses = clauses.map(|(path, clause)| (path.to_owned(), clause.to_owned())).into();
    profile
}

/// A case with a warning and conduct after it, on the day before the proposal.
fn warned_case() -> OneCase {
    let mut case = OneCase::new();
    case.take("2026-03-01T10", "Ann", incident("2026-03-01T09:00:00Z"));
    case.take("2026-03-02T10", "Max", warning(&["P-1-I-1"]));
    case.take("2026-03-03T10", "Ann", incident("2026-03-03T09:00:00Z"));
    case
}

fn incident(happened_at: &str) -> Value {
    json!({"act": "record_incident", "ground": "abuse", "severity": "ordinary",
        "happened_at": happened_at, "channel": "telephone", "what": "Shouting."})
}

fn warning(incidents: &[&str]) -> Value {
    json!({"act": "give_warning", "incidents": incidents, "kind": "informal", "medium": "verbal",
        "behaviour": "Shouting.", "must_change": "No shouting."})
}

/// The hour at which proposals of these tests are made.
const PROPOSED: &str = "2026-03-04T10";

/// A proposal that lacks nothing but its signature and its letter, with keys laid over it; those of `restriction` over
/// its restriction.
fn proposal(changes: Value) -> Value {
    let mut proposal = json!({
        "act": "propose",
        "restriction": {"id": "R-1", "kind": "visits_in_pairs", "grounds": "abuse"},
        "incidents": ["P-1-I-2"],
        "aim": "Safe visits.",
        "why_no_lesser": "The warning changed nothing.",
        "adjustments_considered": "None is needed.",
    });
    let Value::Object(changes) = changes else { panic!("not an object") };
    for (key, value) in changes {
        if key == "restriction" {
            for (key, value) in value.as_object().unwrap() {
                proposal["restriction"][key] = value.clone();
            }
        } else {
            proposal[key] = value;
        }
    }
    proposal
}

/// What else keeps a new proposal from being put in force, apart from its signature and letter.
fn rest_of(case: &OneCase, changes: Value) -> Vec<Broken> {
    let stepped = case.tried(PROPOSED, "Max", proposal(changes)).unwrap();
    let mut broken = stepped.still_broken.unwrap();
    broken.retain(|one| {
        !matches!(one.code, RefusalCode::SignOffMissing | RefusalCode::LetterMissing)
            && !one.what.contains("is not signed off")
    });
    broken
}

/// A restriction that was decided elsewhere and is in force.
fn held(changes: Value) -> Value {
    let mut restriction = json!({"id": "R-1", "kind": "visits_in_pairs", "status": "active", "grounds": "abuse",
        "starts": "2026-01-05", "review_due": "2026-07-05", "decided_by": "Dan", "signed_off_by": "Sue"});
    let Value::Object(changes) = changes else { panic!("not an object") };
    for (key, value) in changes {
        restriction[key] = value;
    }
    restriction
}

#[test]
fn a_duty_that_nobody_has_names_the_value_that_is_unset() {
    let lift = json!({"act": "lift", "restriction": "R-1", "why": "Enough."});
    let mut case = OneCase::new();
    case.record("restrictions", json!([held(json!({}))]));
    assert_eq!(
        case.refused(PROPOSED, "Max", lift.clone())[0],
        "role.not_allowed by",
        "somebody else may"
    );
    case.policy().responsible.decides = None;
    assert_eq!(
        case.refused(PROPOSED, "Max", lift)[0],
        "profile.unset responsible.decides",
        "nobody may"
    );
    // Duties that follow no value of the policy are unset where no role has them.
    let record = incident("2026-03-01T09:00:00Z");
    assert_eq!(case.refused(PROPOSED, "Nobody", record.clone()), ["role.not_allowed by"]);
    case.policy().duties.insert(Role("head".to_owned()), std::collections::BTreeSet::new());
    assert_eq!(case.refused(PROPOSED, "Ann", record), ["profile.unset roles"]);
    let mut case = warned_case();
    case.take(PROPOSED, "Max", proposal(json!({})));
    case.take(PROPOSED, "Max", json!({"act": "submit", "proposal": "P-1-PR-1"}));
    case.policy().duties.insert(Role("agent".to_owned()), [Duty::Record].into());
    let sign = json!({"act": "sign_off", "proposal": "P-1-PR-1"});
    assert_eq!(case.refused(PROPOSED, "Hal", sign), ["profile.unset responsible.decides"]);
}

#[test]
fn a_refusal_says_who_lacks_which_duty() {
    let case = warned_case();
    let said = |by: &str, act: Value| {
        let broken = case.tried(PROPOSED, by, act).unwrap_err();
        broken.into_iter().map(|one| one.what).collect::<Vec<_>>()
    };
    assert_eq!(
        said("Ann", proposal(json!({}))),
        ["the role `agent` of Ann does not have the duty `propose`"]
    );
    assert_eq!(
        said("Eve", proposal(json!({}))),
        ["Eve has no role, and so not the duty `propose`"]
    );
    let draft = json!({"act": "draft_letter", "kind": "warning", "for": "P-1-W-1"});
    assert_eq!(
        said("Ann", draft.clone()),
        ["Ann has none of the duties warn, propose, decide, hear"]
    );
    assert!(case.tried(PROPOSED, "Bea", draft).is_ok());
}

#[test]
fn ids_count_up_and_one_that_is_taken_is_refused() {
    let mut case = OneCase::new();
    let mut made = |id: Value| {
        let mut act = incident("2026-03-01T09:00:00Z");
        if !id.is_null() {
            act["id"] = id;
        }
        case.take("2026-03-01T10", "Ann", act).made["id"].as_str().unwrap().to_owned()
    };
    let ids =
        [json!(null), json!("P-1-I-2"), json!(null), json!("I-9"), json!(null)].map(&mut made);
    assert_eq!(ids, ["P-1-I-1", "P-1-I-2", "P-1-I-3", "I-9", "P-1-I-4"]);
    assert_eq!(case.file.version, 5);
    let mut again = incident("2026-03-01T09:00:00Z");
    again["id"] = json!("I-9");
    assert_eq!(case.refused("2026-03-01T10", "Ann", again), ["state.wrong"]);
}

#[test]
fn what_has_run_out_or_ended_is_not_held() {
    let mut case = OneCase::new();
    let lift = json!({"act": "lift", "restriction": "R-1", "why": "Enough."});
    for (changes, codes) in [
        (json!({}), ["letter.not_sent letter 9"]),
        (json!({"status": "under_appeal"}), ["letter.not_sent letter 9"]),
        (json!({"ends": "2026-03-04"}), ["letter.not_sent letter 9"]),
        (json!({"ends": "2026-03-03"}), ["state.wrong"]),
        (json!({"status": "under_appeal", "ends": "2026-03-03"}), ["state.wrong"]),
        (json!({"status": "lifted"}), ["state.wrong"]),
        (json!({"status": "proposed"}), ["state.wrong"]),
        (json!({"id": "R-2"}), ["reference.unknown restriction"]),
    ] {
        case.record("restrictions", json!([held(json!({"id": "R-3"})), held(changes.clone())]));
        assert_eq!(case.refused(PROPOSED, "Hal", lift.clone()), codes, "{changes}");
    }
    let blank = json!({"act": "lift", "restriction": " \u{200b}", "why": ""});
    assert_eq!(
        case.refused(PROPOSED, "Hal", blank),
        ["field.missing why", "field.missing restriction"]
    );
}
