//! Cases of the demo at several stages: taken as steps of the last weeks, each at its own time, by the same
//! casework as any.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::app;
use crate::casework::case::{Asked, StaffList};
use crate::casework::{Desk, Fault as Refused};
use crate::cli::Fault;
use crate::config::Settings;
use crate::domain::case::act::Act;
use crate::domain::profile::Role;
use crate::ports::Clock;

const CASES: &str = include_str!("../../../config/demo/cases.json");

/// Who works at every organisation of the demo, with their roles. The first two sign in.
pub(super) const STAFF: [(&str, &str); 4] = [
    ("Sam Okoro", "manager"),
    ("Dee Price", "head_of_service"),
    ("Bo Carr", "governance"),
    ("Kim Reed", "agent"),
];

/// Where an incident's own time is left out, it was so long before it was recorded.
const RECORDED_AFTER: TimeDelta = TimeDelta::minutes(40);

/// One step of the last weeks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    organisation: String,
    person: String,
    hours_ago: i64,
    by: String,
    #[serde(default)]
    id: Option<String>,
    step: Map<String, Value>,
}

/// A clock that shows the time of the step that is taken.
struct Then(Mutex<DateTime<Utc>>);

impl Clock for Then {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the steps, before the gateway starts.
pub(super) async fn stage(settings: &Settings, now: DateTime<Utc>) -> Result<(), Fault> {
    let samples: Vec<Sample> = serde_json::from_str(CASES).map_err(Fault::internal)?;
    let clock = Arc::new(Then(Mutex::new(now)));
    let desk = app::desk_by(settings, clock.clone())
        .await
        .map_err(|fault| Fault::input(fault.to_string()))?;
    let staff: StaffList =
        STAFF.iter().map(|(name, role)| ((*name).to_owned(), Role((*role).to_owned()))).collect();
    for sample in samples {
        let at = now - TimeDelta::hours(sample.hours_ago);
        *clock.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
        take(&desk, settings, &staff, sample, at).await?;
    }
    Ok(())
}

async fn take(
    desk: &Desk,
    settings: &Settings,
    staff: &StaffList,
    sample: Sample,
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    let Sample { organisation, person, by, id, mut step, .. } = sample;
    let Some(organisation) = settings.organisation(&organisation) else { return Ok(()) };
    if step.get("act").and_then(Value::as_str) == Some("record_incident") {
        let happened = at - RECORDED_AFTER;
        step.entry("happened_at").or_insert_with(|| happened.to_rfc3339().into());
    }
    let act: Act = serde_json::from_value(Value::Object(step)).map_err(Fault::internal)?;
    let asked = Asked { person: &person, act: &act, id: id.as_deref(), by: &by, version: None };
    match desk.step(organisation, staff, asked).await {
        Ok(_) => Ok(()),
        Err(Refused::Broken(broken)) => {
            let lines =
                broken.into_iter().map(|one| format!("{person}, {}: {}", act.name(), one.what));
            Err(Fault { lines: lines.collect() })
        }
        Err(other) => Err(Fault::internal(other)),
    }
}
