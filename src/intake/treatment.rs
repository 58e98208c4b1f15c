//! The treatment of a decided contact: the one reading of a disposition, and of what could not be kept. Every channel
//! matches on it and carries it out in its own way.

use super::{Again, Outcome};
use crate::domain::channel::Channel;
use crate::domain::decision::{Decision, Disposition};
use crate::ports::Decided;

/// What a channel does with a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// Nothing is accepted: a sender who can try again is asked to, any other gets through.
    TryAgain(Again),
    /// It goes on to its recipients.
    PassOn,
    /// It goes to the target of its route, and waits on that queue.
    Route { queued: Queued, unreached: Unreached },
    /// It waits on a queue, and the sender is notified.
    Limit(Queued),
    /// It waits on a queue, and the sender hears of no restriction.
    File(Queued),
}

/// How much of a contact its queue holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queued {
    Whole,
    /// The original could not be kept. Where nobody else is handed it, a sender who has it still is asked
    /// to keep it.
    TextOnly,
}

/// What becomes of a routed contact where nobody of its route is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreached {
    /// A safeguard always reaches somebody: it goes on to its recipients.
    PassOn,
    /// It waits on its queue.
    Waits,
}

impl Outcome {
    pub fn treatment(&self, channel: Channel) -> Treatment {
        let queued = if self.unkept { Queued::TextOnly } else { Queued::Whole };
        match self.defer {
            Some(again) => Treatment::TryAgain(again),
            None => treatment(&self.decision, channel, queued),
        }
    }

    /// The answer to a caller who asked for the decision itself and can ask again: a program, staff.
    pub fn decided(self) -> Decided {
        if self.conflicting {
            Decided::Conflicting(self.decision)
        } else if self.durable {
            Decided::Recorded(self.decision)
        } else {
            Decided::NotRecorded
        }
    }
}

impl Treatment {
    /// That of a decision which was recorded before.
    pub fn recorded(decision: &Decision, channel: Channel) -> Self {
        let queued = if decision.lacks_original() { Queued::TextOnly } else { Queued::Whole };
        treatment(decision, channel, queued)
    }
}

fn treatment(decision: &Decision, channel: Channel, queued: Queued) -> Treatment {
    if decision.goes_on(channel) {
        return Treatment::PassOn;
    }
    match decision.disposition {
        Disposition::Deliver => Treatment::PassOn,
        Disposition::Route => {
            let is_safeguard = decision.lane().is_some();
            let unreached = if is_safeguard { Unreached::PassOn } else { Unreached::Waits };
            Treatment::Route { queued, unreached }
        }
        Disposition::Limit => Treatment::Limit(queued),
        Disposition::File => Treatment::File(queued),
    }
}
