//! The code with which something is refused: stable, and the same wherever the same rule is broken.

use std::fmt;

use serde::{Serialize, Serializer};

/// Declares each code once: its variant, its name, and the list that it is in.
macro_rules! refusal_codes {
    (steps { $($step:ident = $step_name:literal,)+ } records { $($record:ident = $record_name:literal,)+ }) => {
        /// A rule that can be broken, by its code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RefusalCode {
            $($step,)+
            $($record,)+
        }

        impl RefusalCode {
            /// The codes of a step of a case.
            pub const OF_STEPS: &[RefusalCode] = &[$(RefusalCode::$step,)+];
            /// The codes of work on whole records: merging, erasing, retention.
            pub const OF_RECORDS: &[RefusalCode] = &[$(RefusalCode::$record,)+];

            pub const fn name(self) -> &'static str {
                match self {
                    $(RefusalCode::$step => $step_name,)+
                    $(RefusalCode::$record => $record_name,)+
                }
            }
        }
    };
}

refusal_codes! {
    steps {
        FieldMissing = "field.missing",
        StateWrong = "state.wrong",
        ReferenceUnknown = "reference.unknown",
        RoleNotAllowed = "role.not_allowed",
        KindNotAllowed = "kind.not_allowed",
        KindUnset = "kind.unset",
        ProfileUnset = "profile.unset",
        GroundsMissing = "grounds.missing",
        ClauseMissing = "clause.missing",
        IncidentMissing = "incident.missing",
        LesserMissing = "lesser.missing",
        AdjustmentsNotConsidered = "adjustments.not_considered",
        AdjustmentsClash = "adjustments.clash",
        WarningMissing = "warning.missing",
        AgreementMissing = "agreement.missing",
        MediumNotAllowed = "medium.not_allowed",
        SignOffMissing = "sign_off.missing",
        SignOffRole = "sign_off.role",
        SignOffProposer = "sign_off.proposer",
        ExceptionNotAllowed = "exception.not_allowed",
        ExceptionUnsigned = "exception.unsigned",
        DatesOrder = "dates.order",
        DatesTooLong = "dates.too_long",
        ReviewMissing = "review.missing",
        LetterMissing = "letter.missing",
        LetterPartMissing = "letter.part_missing",
        LetterNotSent = "letter.not_sent",
        LetterNotApproved = "letter.not_approved",
        LetterChanged = "letter.changed",
        LetterNotReviewed = "letter.not_reviewed",
        LetterTemplate = "letter.template",
        OpenWayNone = "open_way.none",
        DeciderAccused = "decider.accused",
        HearerInvolved = "hearer.involved",
        HearerRole = "hearer.role",
        AppealNotHearer = "appeal.not_hearer",
        VaryHeavier = "vary.heavier",
        ChangesInvalid = "changes.invalid",
        RecordInvalid = "record.invalid",
    }
    records {
        MergeSame = "merge.same",
        MergeAlready = "merge.already",
        MergeSameRestriction = "merge.same_restriction",
        MergeRepresents = "merge.represents",
        MergeTooMany = "merge.too_many",
        ErasureMerged = "erasure.merged",
        ErasureHeld = "erasure.held",
        ErasureInForce = "erasure.in_force",
        ErasureAppealOpen = "erasure.appeal_open",
        ErasureClause = "erasure.clause",
        ErasureSamePerson = "erasure.same_person",
        RetentionSamePerson = "retention.same_person",
        ClockDoubtful = "clock.doubtful",
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for RefusalCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_shown_and_written_by_a_name_of_its_own() {
        let codes = [RefusalCode::OF_STEPS, RefusalCode::OF_RECORDS].concat();
        let mut names: Vec<&str> = codes.iter().map(|code| code.name()).collect();
        for (code, name) in codes.iter().zip(&names) {
            assert_eq!(code.to_string(), *name);
            assert_eq!(serde_json::to_value(code).unwrap(), *name);
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), codes.len());
        assert_eq!(RefusalCode::OpenWayNone.name(), "open_way.none");
    }
}
