//! Grounds, proportion, adjustments, the warning before, and the way that stays open.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Case;
use crate::domain::broken::Broken;
use crate::domain::case::conduct::{
    Agreement, AgreementState, Incident, IncidentOutcome, Medium, Severity, Warning,
};
use crate::domain::invisible::is_blank;
use crate::domain::merge::together;
use crate::domain::open_way::{Closed, Question, prove};
use crate::domain::person::{Adjustment, AdjustmentKind, Person};
use crate::domain::profile::Exception;
use crate::domain::refusal_code::RefusalCode;
use crate::domain::restriction::Kind;

/// An agreement that is not answered within so many working days counts as tried.
const AGREEMENT_UNANSWERED_WORKING_DAYS: u32 = 10;

fn says(text: Option<&str>) -> bool {
    text.is_some_and(|text| !is_blank(text))
}

/// Grounds, clause, incidents, and why nothing lesser would do.
pub(super) fn recorded(case: &Case<'_, '_>) -> Vec<Broken> {
    let profile = case.profile();
    let mut broken = Vec::new();
    let grounds = case.restriction.grounds.as_deref();
    let known = |name: &str| profile.grounds.is_empty() || profile.ground(name).is_some();
    match grounds {
        Some(name) if !is_blank(name) && known(name) => {}
        Some(name) if !is_blank(name) => {
            let names: Vec<&str> = profile.grounds.iter().map(|one| one.name.as_str()).collect();
            let what = format!("`{name}` is not a ground of the policy: {}", names.join(", "));
            broken.push(case.broken(RefusalCode::GroundsMissing, "grounds", what).key("grounds"));
        }
        _ => {
            let what = "the grounds are not recorded";
            broken.push(case.broken(RefusalCode::GroundsMissing, "grounds", what).key("grounds"));
        }
    }
    let kind = case.restriction.kind.name();
    if !says(case.restriction.clause.as_deref()) && profile.clause_for(kind).is_none() {
        broken.push(
            Broken::new(RefusalCode::ClauseMissing, "the clause is not recorded").key("clause"),
        );
    }
    broken.extend(incidents_named(case));
    if !says(case.proposal.why_no_lesser.as_deref()) {
        let what = "it is not recorded why nothing lesser would do";
        broken.push(
            case.broken(RefusalCode::LesserMissing, "proportionate", what).key("why_no_lesser"),
        );
    }
    broken
}

fn incidents_named(case: &Case<'_, '_>) -> Vec<Broken> {
    let mut broken = Vec::new();
    for id in &case.proposal.incidents {
        if case.file().incident(id).is_none() {
            let what = format!("`{id}` is not an incident on this person's file");
            broken.push(Broken::new(RefusalCode::ReferenceUnknown, what).key("incidents"));
        }
    }
    if incidents(case).next().is_none() {
        let what = "the proposal names no incident that calls for action";
        broken.push(case.broken(RefusalCode::IncidentMissing, "incidents", what).key("incidents"));
    }
    broken
}

/// The incidents that a proposal may rest on: those named, without those closed as no action.
pub(super) fn incidents<'c>(case: &'c Case<'_, '_>) -> impl Iterator<Item = &'c Incident> {
    let named = case.proposal.incidents.iter().filter_map(|id| case.file().incident(id));
    named.filter(|one| calls_for_action(one))
}

fn calls_for_action(incident: &Incident) -> bool {
    incident.closed.as_ref().is_none_or(|closed| closed.outcome != IncidentOutcome::NoAction)
}

/// Whether some incident is severe, on a ground that the profile calls severe.
pub(super) fn is_severe(case: &Case<'_, '_>) -> bool {
    incidents(case).any(|one| {
        one.severity == Severity::Severe
            && case.profile().ground(&one.ground).is_some_and(|ground| ground.severe)
    })
}

/// Whether some incident is severe violence.
pub(super) fn is_violent(case: &Case<'_, '_>) -> bool {
    incidents(case).any(|one| one.severity == Severity::Severe && one.ground == "violence")
}

/// Adjustments were considered for this person, and none clashes unreconciled.
pub(super) fn adjustments(case: &Case<'_, '_>) -> Vec<Broken> {
    let mut broken = Vec::new();
    if !says(case.proposal.adjustments_considered.as_deref()) {
        let what = "it is not recorded that reasonable adjustments were considered";
        broken.push(
            case.broken(RefusalCode::AdjustmentsNotConsidered, "adjustments", what)
                .key("adjustments_considered"),
        );
    }
    for (index, adjustment) in case.person().adjustments.iter().enumerate() {
        let Some(channel) = adjustment.channel else { continue };
        if adjustment.kind != AdjustmentKind::NeedsChannel || !closes(case, channel) {
            continue;
        }
        let id = name_of(adjustment, index);
        let reconciled = case.file().reconciliations.iter().any(|one| {
            one.holds() && one.adjustment == id && one.restriction == case.restriction.id
        });
        if !reconciled {
            let what = format!(
                "adjustment `{id}` says that the person needs `{channel}`, which this closes"
            );
            broken.push(
                case.broken(RefusalCode::AdjustmentsClash, "adjustments", what).key("adjustments"),
            );
        }
    }
    broken
}

/// How an adjustment is called: by its id, or by its place.
pub(in crate::domain::lifecycle) fn name_of(adjustment: &Adjustment, index: usize) -> String {
    adjustment.id.clone().unwrap_or_else(|| (index + 1).to_string())
}

fn closes(case: &Case<'_, '_>, channel: crate::domain::channel::Channel) -> bool {
    match &case.restriction.kind {
        Kind::ChannelsOnly { channels } => !case.profile().set_contains(channels, channel),
        Kind::RepresentativeOnly { .. } | Kind::ContactEnded => true,
        _ => false,
    }
}

/// A warning came before, or an agreement was tried, or the exception is asked for.
pub(super) fn warned(case: &Case<'_, '_>) -> Option<Broken> {
    let profile = case.profile();
    if case.proposal.asked(Exception::NoWarning).is_some() {
        return None;
    }
    let rule = &profile.warn_first;
    let ground = case.restriction.grounds.as_deref().unwrap_or_default();
    let agreement_first = rule.voluntary_agreement == Some(true)
        && (rule.agreement_grounds.is_empty()
            || rule.agreement_grounds.iter().any(|one| one == ground));
    if agreement_first {
        let answers_something = |one: &&Agreement| {
            let mut before = case.file().incidents.iter();
            case.file().is_from_elsewhere("agreements", &one.id)
                || before.any(|was| was.happened_at <= one.offered_at && calls_for_action(was))
        };
        let mut offered = case.file().agreements.iter().filter(answers_something);
        let tried = offered.any(|one| match one.state {
            AgreementState::Refused | AgreementState::Breached => true,
            AgreementState::Offered => {
                let offered = crate::domain::case::anchors::day(profile, one.offered_at);
                let days = AGREEMENT_UNANSWERED_WORKING_DAYS;
                case.work.today() > profile.bank_holidays.add_working_days(offered, days)
            }
            AgreementState::Accepted | AgreementState::Kept => false,
        });
        let what = "no agreement was tried first: refused, breached, or left unanswered";
        return (!tried).then(|| {
            case.broken(RefusalCode::AgreementMissing, "warn_first.voluntary_agreement", what)
                .key("incidents")
        });
    }
    if rule.required != Some(true) {
        return None;
    }
    let went_on = |since: DateTime<Utc>| incidents(case).any(|one| one.happened_at > since);
    let warned = case.file().warnings.iter().any(|warning| {
        counts_from(case.file(), warning).is_some_and(|since| {
            // A warning does not count if all its incidents were closed without action.
            let mut about = warning.incidents.iter().filter_map(|id| case.file().incident(id));
            about.any(|one| one.happened_at <= since && calls_for_action(one)) && went_on(since)
        })
    });
    let what = "no earlier warning counts: it must have been given, its letter sent if written, \
        and a later incident named here";
    (!warned).then(|| {
        case.broken(RefusalCode::WarningMissing, "warn_first.required", what).key("incidents")
    })
}

/// In every 7 days some staffed way stays open, over everything that restricts the person.
pub(super) fn open_way(case: &Case<'_, '_>) -> Option<Broken> {
    let (profile, person) = (case.profile(), case.person());
    if matches!(case.restriction.kind, Kind::ContactEnded) || profile.staffed_hours.is_none() {
        return None;
    }
    let zone = profile.timezone;
    let today = case.work.today();
    let first = case.restriction.starts.map_or(today, |starts| starts.day(zone)).max(today);
    // Over all records of the person together.
    let own = Arc::new(person.clone());
    let records: Vec<Arc<Person>> =
        std::iter::once(own).chain(case.work.step.others.iter().cloned()).collect();
    let whole = together(&records).into_iter().next();
    let person = whole.as_deref().unwrap_or(person);
    let question = Question::of(profile, person, Some(&case.restriction), first);
    let Err(Closed { from }) = prove(&question) else { return None };
    let what = format!(
        "in the 7 days from {from} no staffed way stays open with all of this person's restrictions"
    );
    Some(case.broken(RefusalCode::OpenWayNone, "open_way", what))
}

/// Whether a warning counts, and from when: one in writing from the day its letter went.
pub(in crate::domain::lifecycle) fn counts_from(
    file: &crate::domain::case::CaseFile,
    warning: &Warning,
) -> Option<chrono::DateTime<chrono::Utc>> {
    match warning.medium {
        Medium::Verbal => Some(warning.at),
        Medium::Written => {
            let letter =
                file.sent(crate::domain::case::letter::LetterKind::Warning, &warning.id)?;
            letter.sent.as_ref().map(|sent| sent.at)
        }
    }
}
