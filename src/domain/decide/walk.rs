//! The walk through the decision order: restrictions in force, findings, record.

use std::cell::OnceCell;

use chrono::{DateTime, Utc};

use super::super::contact::Contact;
use super::super::decision::{QuotaState, Route};
use super::super::explain;
use super::super::flag::Flag;
use super::super::ledger::{Additions, Ledger};
use super::super::organisation::Organisation;
use super::super::person::Person;
use super::super::profile::Profile;
use super::super::reading::Reading;
use super::super::reason_code::ReasonCode;
use super::super::restriction::{Kind, KindName, Mode, Restriction, StaffContact};
use super::super::row::DecisionRow;
use super::super::safeguard::Hit;
use super::super::sender::Standing;
use super::Dossier;
use crate::domain::disposition::Disposition;

/// One thing that a row found.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub code: ReasonCode,
    pub restriction: Option<String>,
    pub kind: Option<KindName>,
    /// The restriction's own clause; the profile's is looked up.
    pub clause: Option<String>,
    /// The safeguard that was found.
    pub hit: Option<Hit>,
    pub observed: bool,
}

impl Finding {
    pub(super) const fn of_contact(code: ReasonCode) -> Self {
        Finding { code, restriction: None, kind: None, clause: None, hit: None, observed: false }
    }

    pub(super) fn of_safeguard(hit: &Hit) -> Self {
        Finding { hit: Some(hit.clone()), ..Finding::of_contact(ReasonCode::Safeguard(hit.lane)) }
    }

    pub(super) fn of(restriction: &Restriction, code: ReasonCode) -> Self {
        Finding {
            restriction: Some(restriction.id.clone()),
            kind: Some(restriction.kind.name()),
            clause: restriction.clause.clone(),
            ..Finding::of_contact(code)
        }
    }
}

/// The state of one walk.
pub(super) struct Walk<'a> {
    pub organisation: &'a Organisation,
    pub dossier: Dossier<'a>,
    pub contact: &'a Contact,
    pub at: DateTime<Utc>,
    /// Since when a point of contact has it, if one does.
    pub(super) had_from: DateTime<Utc>,
    /// The point of contact or the deputy who gets it by an enforced restriction.
    pub(super) routed_to: Option<&'a StaffContact>,
    /// What the contact says, where it had not been read before.
    read_here: OnceCell<Reading>,
    /// The person's restrictions in force, in the order of their ids.
    pub(super) in_force: Vec<&'a Restriction>,
    /// What the rows found.
    pub findings: Vec<(DecisionRow, Finding)>,
    pub(super) flags: Vec<Flag>,
    /// What observed restrictions would have done; the first that would have settled it.
    pub(super) would: Option<Disposition>,
    pub additions: Additions,
    pub quotas: Vec<QuotaState>,
    /// What is new, for the queue item.
    pub news: Vec<String>,
    /// The contact was admitted (row 13).
    pub admitted: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        organisation: &'a Organisation,
        dossier: Dossier<'a>,
        contact: &'a Contact,
        at: DateTime<Utc>,
    ) -> Self {
        let profile = &organisation.profile;
        // Of doubtful senders nothing is applied; what is in force of any candidate still shows whether the
        // organisation enforces or observes here.
        let people: Vec<&Person> = match &dossier.sender.standing {
            Standing::Own(person) | Standing::Representative { person, .. } => vec![person],
            Standing::Doubtful { .. } | Standing::Unknown => {
                dossier.sender.candidates.iter().map(AsRef::as_ref).collect()
            }
        };
        let mut in_force: Vec<&Restriction> = people
            .into_iter()
            .flat_map(|person| &person.restrictions)
            .filter(|restriction| restriction.is_in_force(at, profile))
            .collect();
        in_force.sort_by(|a, b| a.id.cmp(&b.id));
        Walk {
            organisation,
            dossier,
            contact,
            at,
            had_from: at,
            routed_to: None,
            read_here: OnceCell::new(),
            in_force,
            findings: Vec::new(),
            flags: Vec::new(),
            would: None,
            additions: Additions::default(),
            quotas: Vec::new(),
            news: Vec::new(),
            admitted: false,
        }
    }

    pub(super) fn profile(&self) -> &'a Profile {
        &self.organisation.profile
    }

    pub(super) fn reading(&self) -> &Reading {
        let here = || self.read_here.get_or_init(|| Reading::of(self.profile(), self.contact));
        self.dossier.reading.unwrap_or_else(here)
    }

    pub(super) fn in_force(&self) -> Vec<&'a Restriction> {
        self.in_force.clone()
    }

    /// The proven sender's person, or the one for whom a representative acts.
    pub(super) fn person(&self) -> Option<&'a Person> {
        self.dossier.sender.person().map(AsRef::as_ref)
    }

    /// The ledger; while the store is away, an empty one.
    pub(super) fn ledger(&self) -> Option<&'a Ledger> {
        self.dossier.ledger
    }

    pub(super) fn mode_of(&self, restriction: &Restriction) -> Mode {
        self.organisation.mode_of(restriction)
    }

    /// Whether nothing that is in force acts.
    pub(super) fn only_observes(&self) -> bool {
        self.in_force.iter().all(|restriction| self.mode_of(restriction) == Mode::Observe)
    }

    pub(super) fn flag(&mut self, flag: Flag) {
        if !self.flags.contains(&flag) {
            self.flags.push(flag);
        }
    }

    pub(super) fn find(&mut self, row: DecisionRow, finding: Finding) {
        self.findings.push((row, finding));
    }

    /// Records what an observed restriction would have done.
    pub(super) fn observe(
        &mut self,
        row: DecisionRow,
        disposition: Disposition,
        mut finding: Finding,
    ) {
        finding.observed = true;
        self.findings.push((row, finding));
        self.would(disposition);
    }

    pub(super) fn would(&mut self, disposition: Disposition) {
        self.would.get_or_insert(disposition);
    }

    /// Whether what is observed would have ended the search already.
    pub(super) fn observed_search_ended(&self) -> bool {
        self.would.is_some()
    }

    /// Settles a row on what enforced restrictions found; findings of observed ones are recorded with it. `settles`
    /// says what a set of findings amounts to.
    pub(super) fn settle(
        &mut self,
        row: DecisionRow,
        found: Vec<(&'a Restriction, Finding)>,
        disposition: Disposition,
        route: Option<Route>,
    ) -> Option<(Disposition, Option<Route>)> {
        let (enforced, observed): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|(restriction, _)| self.mode_of(restriction) == Mode::Enforce);
        if !self.observed_search_ended() {
            for (_, finding) in observed {
                let mut finding = finding;
                finding.observed = true;
                self.findings.push((row, finding));
                self.would(disposition);
            }
        }
        if enforced.is_empty() {
            return None;
        }
        for (_, finding) in enforced {
            self.find(row, finding);
        }
        Some((disposition, route))
    }

    /// Row 5: a representative in date; where a `representative_only` names some, one of those.
    pub(super) fn is_admitted_representative(&self) -> bool {
        let Standing::Representative { name, .. } = &self.dossier.sender.standing else {
            return false;
        };
        self.in_force.iter().all(|restriction| {
            let Kind::RepresentativeOnly { names: Some(names) } = &restriction.kind else {
                return true;
            };
            self.mode_of(restriction) == Mode::Observe || names.contains(name)
        })
    }

    /// Row 6: a reply to a message that staff sent, or covered by an open invitation.
    pub(super) fn is_invited(&self) -> bool {
        let zone = self.profile().timezone;
        self.contact.invited
            || self.person().is_some_and(|person| {
                person.invitations.iter().any(|invitation| {
                    let on_thread = invitation.thread.as_deref().is_none_or(|thread| {
                        let thread = self::bare_id(thread);
                        self.contact.thread.iter().any(|id| self::bare_id(id) == thread)
                    });
                    let on_channel = invitation.channels.is_empty()
                        || invitation.channels.contains(&self.contact.channel);
                    let open = invitation.until.is_none_or(|until| self.at < until.end(zone));
                    on_thread && on_channel && open
                })
            })
    }

    /// The clause behind a finding: the restriction's own, else the profile's for the kind.
    pub(super) fn clause_of(&self, finding: &Finding) -> Option<String> {
        finding.clause.clone().or_else(|| {
            finding.kind.and_then(|kind| self.profile().clause_for(kind)).map(str::to_owned)
        })
    }
}

/// What an explanation needs of a finding.
pub(super) fn finding_facts<'f>(walk: &'f Walk<'_>, finding: &'f Finding) -> explain::Facts<'f> {
    explain::Facts {
        code: &finding.code,
        restriction: finding
            .restriction
            .as_deref()
            .and_then(|id| walk.in_force.iter().find(|one| one.id == id).copied()),
        clause: walk.clause_of(finding),
        hit: finding.hit.as_ref(),
        channel: walk.contact.channel,
        observed: finding.observed,
    }
}

/// A message-id without its angle brackets and the space around it.
pub(super) fn bare_id(id: &str) -> &str {
    id.trim().trim_start_matches('<').trim_end_matches('>').trim()
}
