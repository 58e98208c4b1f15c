//! What the console's pages of a case need: a permit for each set of duties that steps ask for. The step itself asks
//! for more (`domain/lifecycle`).

use super::Permit;
use crate::domain::duty::Duty;
use crate::domain::organisation::Organisation;
use crate::domain::profile::Role;

macro_rules! permits {
    ($($(#[$doc:meta])* $name:ident: $what:literal, $duties:expr;)+) => {
        $(
            $(#[$doc])*
            pub(in crate::staff) struct $name;

            impl Permit for $name {
                const WHAT: &'static str = $what;
                const DUTIES: Option<&'static [Duty]> = Some($duties);
            }
        )+

        /// What a step's page needs, for the description of the step.
        #[derive(Debug, Clone, Copy)]
        pub(in crate::staff) enum StepPermit {
            $($(#[$doc])* $name,)+
        }

        impl StepPermit {
            pub(in crate::staff) fn allows(self, organisation: &Organisation, role: &Role) -> bool {
                match self {
                    $(StepPermit::$name => $name::allows(organisation, role),)+
                }
            }
        }
    };
}

permits! {
    /// Those who record what happened: in the console they open people, cases and lists as well.
    RecordsCases: "records what happened", &[Duty::Record];
    /// Those who warn, and agree with people what they do.
    Warns: "gives warnings", &[Duty::Warn];
    /// Those who propose restrictions.
    Proposes: "proposes restrictions", &[Duty::Propose];
    /// Those who decide on restrictions in force.
    Decides: "decides on restrictions", &[Duty::Decide];
    /// Those who sign proposals.
    SignsOff: "signs proposals", &[Duty::SignOff];
    /// Those who put a proposal in force.
    PutsInForce: "puts restrictions in force", &[Duty::Propose, Duty::Decide, Duty::SignOff];
    /// Those who see to it that an appeal is heard and answered.
    LeadsAppeals: "leads appeals", &[Duty::Propose, Duty::Decide, Duty::Hear];
    /// Those who decide appeals: a role that a policy names to hear may have no other duty of the kind.
    HearsAppeals: "hears appeals", &[Duty::Hear, Duty::Decide, Duty::SignOff];
    /// Those who write letters.
    WritesLetters: "writes letters", &[Duty::Warn, Duty::Propose, Duty::Decide, Duty::Hear];
}
