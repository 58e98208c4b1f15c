//! What a policy leaves open, and what somebody needs it for.

use serde::Serialize;

use crate::domain::profile::{Deadline, Exception, Profile};
use crate::domain::restriction::KindName;

/// One value that the profile leaves unset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnsetValue {
    /// The dotted path, as `set` takes it.
    pub path: String,
    /// What can't be done before it is chosen, to follow "needed ".
    pub needed_for: &'static str,
    /// Nothing can be enforced without it.
    pub blocks_enforcement: bool,
    /// How `set` would give it, by example.
    pub example: &'static str,
}

const ACTIVATION: &str = "before a restriction is activated";
const OVERDUE: &str = "before a review falls overdue";
const APPEAL: &str = "before an appeal is received";
const LETTER: &str = "before a letter is written";
const KIND: &str = "before a restriction of that kind is made";
const GROUP: &str = "before a restriction names that group of channels";
const EXCEPTION: &str = "before that exception is made";
const FILED: &str = "before a contact is filed";

/// Everything that the profile leaves unset and that some step will ask for, in the order of the
/// canonical form.
pub fn unset(profile: &Profile) -> Vec<UnsetValue> {
    let mut found = Found::default();
    found.of_kinds(profile);
    found.of_restricting(profile);
    found.of_review(profile);
    found.of_appeal(profile);
    found.of_letter(profile);
    for exception in Exception::ALL {
        let path = format!("exceptions.{}", exception.name());
        let rule = "{ allowed = true, when = \"exceptional\", sign_off = \"head_of_service\" }";
        found.want(profile.exceptions.contains_key(&exception), &path, EXCEPTION, rule);
    }
    found.0
}

#[derive(Default)]
struct Found(Vec<UnsetValue>);

impl Found {
    fn want(&mut self, is_set: bool, path: &str, needed_for: &'static str, example: &'static str) {
        if !is_set {
            self.0.push(UnsetValue {
                path: path.to_owned(),
                needed_for,
                blocks_enforcement: false,
                example,
            });
        }
    }

    fn of_kinds(&mut self, profile: &Profile) {
        for kind in KindName::ALL {
            let rule = "{ allowed = true, clause = \"our own decision\" }";
            self.want(profile.kinds.contains_key(&kind), &format!("kinds.{kind}"), KIND, rule);
        }
        for (group, channels) in &profile.channel_groups {
            let path = format!("channel_groups.{group}");
            self.want(channels.is_some(), &path, GROUP, "[\"letter\", \"email\"]");
        }
    }

    fn of_restricting(&mut self, profile: &Profile) {
        let warn_first = &profile.warn_first;
        self.want(warn_first.required.is_some(), "warn_first.required", ACTIVATION, "true");
        // Where no warning is asked for, there is nothing to be excepted from.
        let excepted = warn_first.except_severe.is_some() || warn_first.required == Some(false);
        self.want(excepted, "warn_first.except_severe", ACTIVATION, "true");
        let responsible = &profile.responsible;
        self.want(responsible.decides.is_some(), "responsible.decides", ACTIVATION, "\"manager\"");
        let hours =
            "{ telephone = [{ days = [\"mon\", \"tue\"], from = \"09:00\", to = \"17:00\" }] }";
        self.want(profile.staffed_hours.is_some(), "staffed_hours", ACTIVATION, hours);
        let is_allowed = |kind: KindName| profile.kinds.get(&kind).is_some_and(|rule| rule.allowed);
        let engages =
            !responsible.engages_after_end.is_empty() || !is_allowed(KindName::ContactEnded);
        let who = "[\"head_of_service\"]";
        self.want(engages, "responsible.engages_after_end", ACTIVATION, who);
        let files = is_allowed(KindName::ReadAndFile);
        let read = profile.read_within_working_days.is_some() || !files;
        self.want(read, "read_within_working_days", FILED, "5");
    }

    fn of_review(&mut self, profile: &Profile) {
        let review = &profile.review;
        if review.every_months.is_none() && !review.per_decision {
            self.0.push(UnsetValue {
                path: "review.every_months".to_owned(),
                needed_for: "before anything is enforced",
                blocks_enforcement: true,
                example: "6",
            });
        }
        self.want(review.longest_months.is_some(), "review.longest_months", ACTIVATION, "12");
        self.want(review.on_overdue.is_some(), "review.on_overdue", OVERDUE, "\"keep\"");
        self.want(review.anchor.is_some(), "review.anchor", ACTIVATION, "\"implementation\"");
    }

    fn of_appeal(&mut self, profile: &Profile) {
        let appeal = &profile.appeal;
        let deadlines = [
            ("appeal.window", appeal.window),
            ("appeal.answer", appeal.answer),
            ("appeal.notify", appeal.notify),
        ];
        for (path, deadline) in deadlines {
            self.deadline(path, deadline);
        }
        self.want(appeal.heard_by.is_some(), "appeal.heard_by", APPEAL, "\"head_of_service\"");
        self.want(appeal.in_force_during.is_some(), "appeal.in_force_during", APPEAL, "true");
    }

    fn deadline(&mut self, path: &str, deadline: Option<Deadline>) {
        match deadline {
            None => self.want(false, path, APPEAL, "{ working_days = 20, from = \"letter\" }"),
            Some(Deadline { from: None, .. }) => {
                self.want(false, &format!("{path}.from"), APPEAL, "\"receipt\"");
            }
            Some(Deadline { from: Some(_), .. }) => {}
        }
    }

    fn of_letter(&mut self, profile: &Profile) {
        let says = !profile.letter.must_say.is_empty();
        self.want(says, "letter.must_say", LETTER, "[\"restrictions\", \"how_to_appeal\"]");
        self.want(profile.ombudsman.is_some(), "ombudsman", LETTER, "{ name = \"…\" }");
    }
}
