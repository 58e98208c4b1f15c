//! Counting decisions.

use super::{Intake, Outcome};
use crate::domain::channel::Channel;
use crate::domain::flag::Flag;
use crate::domain::organisation::OrganisationId;
use crate::domain::restriction::Mode;
use crate::runtime::metrics::{Abuse, AbuseLabels, ContactLabels, FlagLabels, LaneLabels};

impl Intake {
    /// Counts a request that an edge refused.
    pub fn count_abuse(&self, abuse: Abuse) {
        self.metrics.abuse.get_or_create(&AbuseLabels { kind: abuse.name() }).inc();
    }

    pub(super) fn count(&self, organisation: &OrganisationId, channel: Channel, outcome: &Outcome) {
        if outcome.repeated {
            self.metrics.repeats.inc();
            return;
        }
        let decision = &outcome.decision;
        let labels = ContactLabels {
            organisation: organisation.as_str().to_owned(),
            channel: channel.name(),
            disposition: decision.disposition.name(),
            mode: match decision.mode {
                Mode::Enforce => "enforce",
                Mode::Observe => "observe",
            },
        };
        self.metrics.contacts.get_or_create(&labels).inc();
        if decision.stale {
            self.metrics.degraded.inc();
        }
        self.count_flags(organisation, &decision.flags);
        for reason in &decision.reasons {
            if let Some(lane) = reason.code.lane() {
                let organisation = organisation.as_str().to_owned();
                let labels = LaneLabels { organisation, lane: lane.name() };
                self.metrics.safeguards.get_or_create(&labels).inc();
            }
        }
    }

    pub(super) fn count_flags(&self, organisation: &OrganisationId, flags: &[Flag]) {
        for flag in flags {
            // Without its parameter, such as a number of minutes, which would make a series for each value.
            let flag = flag.name().to_owned();
            let organisation = organisation.as_str().to_owned();
            self.metrics.flags.get_or_create(&FlagLabels { organisation, flag }).inc();
        }
    }
}
