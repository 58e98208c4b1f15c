//! From where a walk ended to its verdict: flags, quotas and the decision itself.

use super::outcome::{doubts, verdict};
use super::walk::{Walk, finding_facts};
use super::{Verdict, limits};
use crate::domain::channel::Channel;
use crate::domain::decision::{Decision, Disposition, Route};
use crate::domain::flag::Flag;
use crate::domain::restriction::{Kind, Mode, Restriction};
use crate::domain::row::DecisionRow;
use crate::domain::{explain, queue};

impl<'a> Walk<'a> {
    /// Puts flags on and makes the verdict.
    pub(super) fn finish(mut self, settled: (Disposition, Option<Route>)) -> Verdict {
        let (disposition, route) = match settled {
            (held @ (Disposition::Limit | Disposition::File), _) if self.contact.unstoppable => {
                self.would(held);
                self.flag(Flag::NotHeldBack);
                (Disposition::Deliver, None)
            }
            settled => settled,
        };
        for doubt in doubts(self.dossier.sender, self.contact) {
            self.flag(doubt);
        }
        let reviewed = route.as_ref().is_some_and(|route| route.queue == queue::REVIEW);
        self.add_marker_flags(disposition, reviewed);
        // The rows up to the invitations settle a contact without looking at quotas.
        let deepest = self.findings.iter().map(|(row, _)| *row).max();
        if deepest > Some(DecisionRow::Invited) && self.is_counted_sender() {
            self.quotas = limits::quota_states(&self);
        }
        if self.dossier.ledger.is_none() && !self.quotas_in_force().is_empty() {
            self.flag(Flag::LimitsUnchecked);
        }
        let reasons = self
            .findings
            .iter()
            .map(|(_, finding)| explain::reason(self.profile(), finding_facts(&self, finding)))
            .collect();
        let mode = if self.only_observes() { Mode::Observe } else { Mode::Enforce };
        let decision = Decision {
            contact: self.contact.id.clone(),
            person: self.person().map(|person| person.id.clone()),
            disposition,
            mode,
            route,
            reasons,
            flags: self.flags.clone(),
            quotas: self.quotas.clone(),
            notice: None,
            would: self.would.filter(|would| *would != disposition || mode == Mode::Observe),
            stale: self.dossier.ledger.is_none(),
        };
        verdict(self, decision)
    }

    /// Neither a representative nor invited: the quotas apply.
    pub(super) fn is_counted_sender(&self) -> bool {
        !self
            .findings
            .iter()
            .any(|(row, _)| matches!(row, DecisionRow::Representative | DecisionRow::Invited))
    }

    fn add_marker_flags(&mut self, disposition: Disposition, reviewed: bool) {
        if !self.dossier.sender.is_believed() {
            return;
        }
        let mut minutes: Option<u32> = None;
        for restriction in self.in_force() {
            if self.mode_of(restriction) == Mode::Observe {
                continue;
            }
            match &restriction.kind {
                Kind::VisitsInPairs => self.flag(Flag::VisitsInPairs),
                Kind::AppointmentOnly => self.flag(Flag::AppointmentOnly),
                Kind::CallLength { minutes: limit } => {
                    minutes = Some(minutes.map_or(*limit, |least: u32| least.min(*limit)));
                }
                Kind::DocumentsReturned { instruction }
                    if disposition == Disposition::File || reviewed =>
                {
                    self.flag(Flag::DocumentsReturned(*instruction));
                }
                Kind::DocumentsReturned { .. }
                | Kind::SinglePointOfContact(_)
                | Kind::ChannelsOnly { .. }
                | Kind::HoursOnly(_)
                | Kind::ContactQuota { .. }
                | Kind::IssueClosed(_)
                | Kind::IssueQuota(_)
                | Kind::RepresentativeOnly { .. }
                | Kind::ReadAndFile { .. }
                | Kind::ContactEnded
                | Kind::ComplaintClosed(_) => {}
            }
        }
        let goes_on = matches!(disposition, Disposition::Deliver | Disposition::Route);
        let settled_by_safeguard =
            self.findings.iter().any(|(row, _)| *row == DecisionRow::Safeguard);
        if let Some(minutes) = minutes
            && self.contact.channel == Channel::Telephone
            && goes_on
            && !settled_by_safeguard
        {
            self.flag(Flag::CallLength { minutes });
        }
    }

    fn quotas_in_force(&self) -> Vec<&'a Restriction> {
        self.in_force
            .iter()
            .filter(|one| matches!(one.kind, Kind::ContactQuota { .. } | Kind::IssueQuota(_)))
            .copied()
            .collect()
    }
}
