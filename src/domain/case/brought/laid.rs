//! Laying a case from elsewhere over the record.

use chrono::{DateTime, Utc};

use super::super::anchors::{appeal_window_ends, day};
use super::super::appeal::{self, AppealDecision, Hearer, Received};
use super::super::conduct::{self, Closed, IncidentOutcome, Medium};
use super::super::letter::{CaseLetter, Format, LetterKind, Means, Sent};
use super::super::restraint::{self, Restraint};
use super::super::{CaseFile, letter};
use super::{Appeal, Brought};
use crate::domain::channel::Channel;
use crate::domain::language::Language;
use crate::domain::moment::Moment;
use crate::domain::person::Person;
use crate::domain::profile::{Profile, Role};
use crate::domain::restriction::{Restriction, Status};

/// Who did something, where the file does not say.
const NOT_RECORDED: &str = "not recorded";
const ROLE_NOT_RECORDED: &str = "not_recorded";

/// What laying a case over a file did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Laid {
    /// How many entries were added, or corrected.
    pub changed: usize,
    /// Entries that are on record otherwise, and stay so: `appeals A-1`.
    pub kept: Vec<String>,
}

struct Laying<'a> {
    profile: &'a Profile,
    person: &'a Person,
    at: DateTime<Utc>,
    done: Laid,
}

impl CaseFile {
    /// Adds what a file from elsewhere says, and marks it so. Steps taken here stay as they are.
    pub fn lay(
        &mut self,
        brought: &Brought,
        person: &Person,
        profile: &Profile,
        at: DateTime<Utc>,
    ) -> Laid {
        let mut laying = Laying { profile, person, at, done: Laid::default() };
        laying.incidents(self, brought);
        laying.tried(self, brought);
        laying.complaints(self, brought);
        laying.warnings(self, brought);
        laying.reviews(self, brought);
        laying.restraints(self, brought);
        for one in &brought.appeals {
            laying.appeal(self, one);
        }
        laying.done
    }

    /// Days and people of what was decided elsewhere follow its record while no step was taken of it.
    pub fn follow_record(&mut self, person: &Person, profile: &Profile, at: DateTime<Utc>) -> bool {
        let mut laying = Laying { profile, person, at, done: Laid::default() };
        laying.restraints(self, &Brought::default());
        laying.done.changed > 0
    }

    /// Marks an entry as one that a file from elsewhere brought.
    fn mark_elsewhere(&mut self, part: &str, id: &str) {
        self.elsewhere.insert(format!("{part} {id}"));
    }

    /// Whether a file from elsewhere brought an entry.
    pub fn is_from_elsewhere(&self, part: &str, id: &str) -> bool {
        self.elsewhere.contains(&format!("{part} {id}"))
    }
}

impl Laying<'_> {
    fn instant(&self, at: Moment) -> DateTime<Utc> {
        at.start(self.profile.timezone)
    }

    /// Adds an entry to its part, unless one of its id is on record; whether it was added.
    fn put<T: PartialEq>(
        &mut self,
        into: &mut Vec<T>,
        new: T,
        part: &str,
        id: (&str, fn(&T) -> &str),
    ) -> bool {
        let (id, id_of) = id;
        match into.iter().find(|one| id_of(one) == id) {
            Some(known) if *known == new => false,
            Some(_) => {
                self.done.kept.push(format!("{part} {id}"));
                false
            }
            None => {
                into.push(new);
                self.done.changed += 1;
                true
            }
        }
    }

    fn incidents(&mut self, file: &mut CaseFile, brought: &Brought) {
        for one in &brought.incidents {
            let happened_at = self.instant(one.happened);
            let reported_by = by(one.reported_by.as_ref());
            let closed = one.answered.map(|answered| Closed {
                at: self.instant(answered),
                by: reported_by.clone(),
                outcome: IncidentOutcome::Answered,
                why: String::new(),
            });
            let new = conduct::Incident {
                id: one.id.clone(),
                recorded_at: happened_at,
                reported_by,
                ground: one.ground.clone(),
                severity: one.severity,
                happened_at,
                channel: one.channel,
                what: one.what.clone(),
                contacts: Vec::new(),
                interaction_ended: one.interaction_ended,
                told: one.told.clone(),
                staff: one.staff.clone(),
                closed,
            };
            if self.put(&mut file.incidents, new, "incidents", (&one.id, |it| &it.id)) {
                file.mark_elsewhere("incidents", &one.id);
            }
        }
    }

    fn tried(&mut self, file: &mut CaseFile, brought: &Brought) {
        for one in &brought.agreements {
            let offered_at = self.instant(one.offered);
            let new = conduct::Agreement {
                id: one.id.clone(),
                offered_at,
                by: by(one.by.as_ref()),
                terms: one.terms.clone(),
                until: one.until,
                state: one.state,
                since: one.since.map_or(offered_at, |since| self.instant(since)),
                what: one.what.clone(),
            };
            if self.put(&mut file.agreements, new, "agreements", (&one.id, |it| &it.id)) {
                file.mark_elsewhere("agreements", &one.id);
            }
        }
        for one in &brought.mediations {
            let new = conduct::Mediation {
                id: one.id.clone(),
                at: self.instant(one.at),
                by: by(one.by.as_ref()),
                step: one.step,
                why: one.why.clone().unwrap_or_default(),
            };
            if self.put(&mut file.mediations, new, "mediations", (&one.id, |it| &it.id)) {
                file.mark_elsewhere("mediations", &one.id);
            }
        }
    }

    fn complaints(&mut self, file: &mut CaseFile, brought: &Brought) {
        for one in &brought.staff_complaints {
            let closed = one.closed.map(|closed| Closed {
                at: self.instant(closed),
                by: by(one.by.as_ref()),
                outcome: one.outcome.clone().unwrap_or_default(),
                why: String::new(),
            });
            let new = conduct::StaffComplaint {
                id: one.id.clone(),
                at: self.instant(one.at),
                by: by(one.by.as_ref()),
                about: one.about.clone(),
                what: one.what.clone(),
                closed,
            };
            let id = (one.id.as_str(), (|it| &it.id) as fn(&conduct::StaffComplaint) -> &str);
            if self.put(&mut file.staff_complaints, new, "staff_complaints", id) {
                file.mark_elsewhere("staff_complaints", &one.id);
            }
        }
    }

    fn warnings(&mut self, file: &mut CaseFile, brought: &Brought) {
        for one in &brought.warnings {
            let new = conduct::Warning {
                id: one.id.clone(),
                at: self.instant(one.given),
                by: by(one.by.as_ref()),
                incidents: one.incidents.clone(),
                kind: one.kind,
                medium: one.medium,
                behaviour: one.behaviour.clone(),
                must_change: one.must_change.clone().unwrap_or_default(),
                consequences: one.consequences.clone(),
            };
            let (at, sender) = (new.at, new.by.clone());
            if !self.put(&mut file.warnings, new, "warnings", (&one.id, |it| &it.id)) {
                continue;
            }
            file.mark_elsewhere("warnings", &one.id);
            if one.medium == Medium::Written {
                let sent = Sent { at, by: sender, means: Means::Post, mail: None };
                self.letter(file, LetterKind::Warning, &one.id, sent);
            }
        }
    }

    /// A letter that went before the gateway: that it went is on record, its words are not.
    fn letter(&self, file: &mut CaseFile, kind: LetterKind, about: &str, sent: Sent) {
        if file.sent(kind, about).is_some() {
            return;
        }
        let id = format!("{about}-{}", kind.name());
        file.mark_elsewhere("letters", &id);
        file.letters.push(CaseLetter {
            id,
            kind,
            about: about.to_owned(),
            language: self.person.language.unwrap_or(Language::English),
            format: Format::of(self.person),
            parts: letter::parts_of(self.profile, kind),
            changes: serde_json::Map::new(),
            why: None,
            words: std::collections::BTreeMap::new(),
            drafted_at: sent.at,
            drafted_by: sent.by.clone(),
            approval: None,
            sent: Some(sent),
        });
    }

    fn reviews(&mut self, file: &mut CaseFile, brought: &Brought) {
        let zone = self.profile.timezone;
        for one in &brought.reviews {
            let new = restraint::Review {
                id: one.id.clone(),
                restriction: one.restriction.clone(),
                at: self.instant(one.at),
                by: by(one.by.as_ref()),
                was_due: one.was_due.map(|due| due.day(zone)),
                outcome: one.outcome,
                why: one.why.clone().unwrap_or_default(),
                conduct: one.conduct.clone(),
                next_due: one.next_due.map(|due| due.day(zone)),
                letter_owed: false,
            };
            if self.put(&mut file.reviews, new, "reviews", (&one.id, |it| &it.id)) {
                file.mark_elsewhere("reviews", &one.id);
            }
        }
    }

    /// The days from which the clocks of what was decided elsewhere run.
    fn restraints(&mut self, file: &mut CaseFile, brought: &Brought) {
        for restriction in &self.person.restrictions {
            let decision = brought.decision(&restriction.id);
            let known = file.restraint(&restriction.id).cloned();
            let may_follow = known.as_ref().is_none_or(|known| known.decided_elsewhere)
                && file.taken_here(&restriction.id).is_none();
            if !may_follow || (known.is_none() && decision.is_none()) {
                continue;
            }
            // Days that a file gave before stay, unless the record has another start since.
            let known_decision = file.decisions.get(&restriction.id).cloned();
            let decision = decision.or(known_decision.as_ref());
            let new = self.restraint(restriction, decision, file);
            if let Some(decision) = brought.decision(&restriction.id) {
                file.decisions.insert(restriction.id.clone(), decision.clone());
                if let Some(went) = decision.letter_sent {
                    let means = decision.letter_means.unwrap_or(Means::Post);
                    let sender = by(restriction.decided_by.as_ref());
                    let sent = Sent { at: self.instant(went), by: sender, means, mail: None };
                    self.letter(file, LetterKind::Restriction, &restriction.id, sent);
                }
            }
            if known.as_ref() != Some(&new) {
                file.restraints.retain(|one| one.restriction != new.restriction);
                file.restraints.push(new);
                self.done.changed += 1;
            }
        }
    }

    fn restraint(
        &self,
        restriction: &Restriction,
        decision: Option<&super::Decision>,
        file: &CaseFile,
    ) -> Restraint {
        let bare = CaseFile::of(&file.person);
        let mut restraint = bare.known_or_elsewhere(self.profile, restriction, self.at);
        let Some(decision) = decision else { return restraint };
        let zone = self.profile.timezone;
        let day_of = |at: Option<Moment>| at.map(|at| at.day(zone));
        if let Some(decided) = day_of(decision.decided) {
            restraint.decided = decided;
        }
        if let Some(sent) = day_of(decision.letter_sent) {
            restraint.letter_sent = Some(sent);
        }
        if let Some(implemented) = day_of(decision.implemented) {
            restraint.implemented = implemented;
        }
        for name in &decision.took_part {
            if !restraint.took_part.contains(name) {
                restraint.took_part.push(name.clone());
            }
        }
        restraint
    }

    fn appeal(&mut self, file: &mut CaseFile, one: &Appeal) {
        let Some(restriction) =
            self.person.restrictions.iter().find(|held| held.id == one.restriction)
        else {
            return;
        };
        let known = file.known_or_elsewhere(self.profile, restriction, self.at);
        let received_at = self.instant(one.received);
        let received_on = day(self.profile, received_at);
        let out_of_time =
            appeal_window_ends(self.profile, &known).is_some_and(|last| received_on > last);
        let decision = one.outcome.zip(one.decided).map(|(outcome, decided)| AppealDecision {
            at: self.instant(decided),
            by: by(one.heard_by.as_ref()),
            outcome,
            why: one.why.clone().unwrap_or_default(),
        });
        let heard = one.heard_by.as_ref().filter(|_| decision.is_some());
        let new = appeal::Appeal {
            id: one.id.clone(),
            restriction: one.restriction.clone(),
            received: Received {
                at: received_at,
                channel: one.channel.unwrap_or(Channel::Letter),
                grounds: one.grounds.clone(),
                text: one.text.clone(),
                contact: None,
                recorded_by: NOT_RECORDED.to_owned(),
            },
            joined: Vec::new(),
            out_of_time,
            suspends: decision.is_none() && restriction.status == Status::UnderAppeal,
            hearer: heard.map(|name| Hearer {
                name: name.clone(),
                role: Role(ROLE_NOT_RECORDED.to_owned()),
                assigned_at: received_at,
            }),
            decision,
            notified_at: one.notified.map(|at| self.instant(at)),
            withdrawn_at: None,
        };
        if self.put(&mut file.appeals, new, "appeals", (&one.id, |it| &it.id)) {
            file.mark_elsewhere("appeals", &one.id);
        }
    }
}

fn by(name: Option<&String>) -> String {
    name.map_or_else(|| NOT_RECORDED.to_owned(), Clone::clone)
}
