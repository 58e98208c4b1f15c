//! Incidents, warnings, agreements and mediation.

use crate::domain::broken::Broken;
use crate::domain::case::act::{
    AnswerAgreement, CloseIncident, EndAgreement, GiveWarning, OfferAgreement, RecordIncident,
    RecordMediation,
};
use crate::domain::case::conduct::{
    Agreement, AgreementState, Closed, Incident, IncidentOutcome, Mediation, Warning, WarningKind,
};
use crate::domain::duty::Duty;
use crate::domain::invisible::is_blank;
use crate::domain::lifecycle::Work;
use crate::domain::refusal_code::RefusalCode;

pub(in crate::domain::lifecycle) fn record_incident(work: &mut Work<'_>, fields: &RecordIncident) {
    work.must(Duty::Record);
    let ground = work.text(&fields.ground, "ground");
    if let Some(ground) = &ground {
        known_ground(work, ground);
    }
    let severity = work.need(&fields.severity, "severity");
    let happened_at = work.need(&fields.happened_at, "happened_at");
    if happened_at.is_some_and(|happened| happened > work.step.at) {
        let what = "the incident is dated after it was recorded";
        work.refuse(Broken::new(RefusalCode::DatesOrder, what).key("happened_at"));
    }
    let channel = work.need(&fields.channel, "channel");
    let what = work.text(&fields.what, "what");
    let id = work.new_id("I", |file, id| file.incident(id).is_some());
    let (Some(ground), Some(severity), Some(happened_at), Some(channel), Some(what)) =
        (ground, severity, happened_at, channel, what)
    else {
        return;
    };
    work.make(&id, "incident");
    work.file.incidents.push(Incident {
        id,
        recorded_at: work.step.at,
        reported_by: work.step.by.to_owned(),
        ground,
        severity,
        happened_at,
        channel,
        what,
        contacts: fields.contacts.clone(),
        interaction_ended: fields.interaction_ended,
        told: fields.told.clone(),
        staff: fields.staff.clone(),
        closed: None,
    });
}

/// Refuses a ground that is not one of the profile's.
pub(super) fn known_ground(work: &mut Work<'_>, ground: &str) {
    let grounds = &work.profile().grounds;
    if !grounds.is_empty() && work.profile().ground(ground).is_none() {
        let names: Vec<&str> = grounds.iter().map(|one| one.name.as_str()).collect();
        let what = format!("`{ground}` is not a ground of the policy: {}", names.join(", "));
        let clause = work.profile().clause_of("grounds");
        work.refuse(Broken::new(RefusalCode::GroundsMissing, what).clause(clause).key("ground"));
    }
}

pub(in crate::domain::lifecycle) fn close_incident(work: &mut Work<'_>, fields: &CloseIncident) {
    work.must(Duty::Record);
    let id = work.text(&fields.incident, "incident");
    let outcome = work.need(&fields.outcome, "outcome");
    let why = work.text(&fields.why, "why");
    let (Some(id), Some(outcome), Some(why)) = (id, outcome, why) else { return };
    let closed = Closed { at: work.step.at, by: work.step.by.to_owned(), outcome, why };
    match work.file.incidents.iter_mut().find(|one| one.id == id) {
        None => work.unknown("incident", &id),
        Some(incident) if incident.closed.is_some() => {
            work.wrong_state(format!("incident `{id}` is closed already"));
        }
        Some(incident) => incident.closed = Some(closed),
    }
}

pub(in crate::domain::lifecycle) fn give_warning(work: &mut Work<'_>, fields: &GiveWarning) {
    work.must(Duty::Warn);
    check_incidents(work, &fields.incidents);
    let kind = work.need(&fields.kind, "kind");
    let medium = work.need(&fields.medium, "medium");
    let media = &work.profile().warn_first.media;
    if let Some(medium) = medium
        && !media.is_empty()
        && !media.iter().any(|allowed| allowed == medium.name())
    {
        let what = format!("the policy warns {}, not {}", media.join(" or "), medium.name());
        work.refuse_by(RefusalCode::MediumNotAllowed, "warn_first.media", what);
    }
    let behaviour = warning_part(work, &fields.behaviour, "behaviour");
    let must_change = warning_part(work, &fields.must_change, "must_change");
    let asked = work.profile().warn_first.must_say.iter().any(|part| part == "consequences");
    let consequences = if asked || kind == Some(WarningKind::Formal) {
        warning_part(work, &fields.consequences, "consequences")
    } else {
        fields.consequences.clone()
    };
    let id = work.new_id("W", |file, id| file.warning(id).is_some());
    let (Some(kind), Some(medium), Some(behaviour), Some(must_change)) =
        (kind, medium, behaviour, must_change)
    else {
        return;
    };
    work.make(&id, "warning");
    work.file.warnings.push(Warning {
        id,
        at: work.step.at,
        by: work.step.by.to_owned(),
        incidents: fields.incidents.clone(),
        kind,
        medium,
        behaviour,
        must_change,
        consequences,
    });
}

/// A part that a warning must have; its clause is that of the policy that asks for it.
fn warning_part(work: &mut Work<'_>, field: &Option<String>, key: &str) -> Option<String> {
    let said = field.as_deref().map(str::trim).filter(|text| !is_blank(text));
    if said.is_none() {
        let clause = work.profile().clause_of("warn_first.must_say");
        let what = format!("the warning does not say `{key}`");
        work.refuse(Broken::new(RefusalCode::FieldMissing, what).clause(clause).key(key));
    }
    said.map(str::to_owned)
}

/// Refuses a list of incidents that is empty or names one that is not on file.
fn check_incidents(work: &mut Work<'_>, incidents: &[String]) {
    if incidents.is_empty() {
        work.refuse(
            Broken::new(RefusalCode::IncidentMissing, "no incident is named").key("incidents"),
        );
    }
    for id in incidents {
        match work.file.incident(id).map(|one| one.closed.as_ref().map(|closed| closed.outcome)) {
            None => work.unknown("incidents", id),
            Some(Some(IncidentOutcome::NoAction)) => {
                work.wrong_state(format!("incident `{id}` was closed without action"));
            }
            Some(_) => {}
        }
    }
}

pub(in crate::domain::lifecycle) fn offer_agreement(work: &mut Work<'_>, fields: &OfferAgreement) {
    work.must(Duty::Warn);
    let terms = work.text(&fields.terms, "terms");
    let id = work.new_id("G", |file, id| file.agreements.iter().any(|one| one.id == id));
    let Some(terms) = terms else { return };
    work.make(&id, "agreement");
    work.file.agreements.push(Agreement {
        id,
        offered_at: work.step.at,
        by: work.step.by.to_owned(),
        terms,
        until: fields.until,
        state: AgreementState::Offered,
        since: work.step.at,
        what: None,
    });
}

pub(in crate::domain::lifecycle) fn answer_agreement(
    work: &mut Work<'_>,
    fields: &AnswerAgreement,
) {
    work.must(Duty::Warn);
    let accepted = work.need(&fields.accepted, "accepted");
    let state = match accepted {
        Some(true) => AgreementState::Accepted,
        Some(false) | None => AgreementState::Refused,
    };
    change_agreement(work, &fields.agreement, AgreementState::Offered, state, None);
}

/// An accepted agreement was breached, or was kept to its end.
pub(in crate::domain::lifecycle) fn end_agreement(
    work: &mut Work<'_>,
    fields: &EndAgreement,
    breached: bool,
) {
    work.must(Duty::Warn);
    if !breached {
        let what = fields.what.clone().or_else(|| fields.why.clone());
        let (from, to) = (AgreementState::Accepted, AgreementState::Kept);
        change_agreement(work, &fields.agreement, from, to, what);
        return;
    }
    let what = work.text(&fields.what, "what");
    let (from, to) = (AgreementState::Accepted, AgreementState::Breached);
    change_agreement(work, &fields.agreement, from, to, what);
}

fn change_agreement(
    work: &mut Work<'_>,
    id: &Option<String>,
    from: AgreementState,
    to: AgreementState,
    what: Option<String>,
) {
    let Some(id) = work.text(id, "agreement") else { return };
    let at = work.step.at;
    match work.file.agreements.iter_mut().find(|one| one.id == id) {
        None => work.unknown("agreement", &id),
        Some(agreement) if agreement.state != from => {
            let now = agreement.state;
            work.wrong_state(format!("agreement `{id}` is {now:?} by now").to_lowercase());
        }
        Some(agreement) => {
            agreement.state = to;
            agreement.since = at;
            agreement.what = what;
        }
    }
}

pub(in crate::domain::lifecycle) fn record_mediation(
    work: &mut Work<'_>,
    fields: &RecordMediation,
) {
    work.must(Duty::Warn);
    let step = work.need(&fields.step, "step");
    let why = work.text(&fields.why, "why");
    let id = work.new_id("M", |file, id| file.mediations.iter().any(|one| one.id == id));
    let (Some(step), Some(why)) = (step, why) else { return };
    work.make(&id, "mediation");
    let by = work.step.by.to_owned();
    work.file.mediations.push(Mediation { id, at: work.step.at, by, step, why });
}
