//! `[telemetry]`: where traces go.

use super::context::Context;
use super::endpoint;
use super::reader::{Field, Section};
use crate::runtime::trace::TraceSettings;

/// The default share of contacts that are traced.
const SAMPLE_DEFAULT: f64 = 1.0;

/// Reads `[telemetry]`: the collector, if one is configured.
pub(super) fn read(context: &Context<'_>, root: &Section<'_>) -> Option<TraceSettings> {
    let section = root.field("telemetry").and_then(|field| field.section())?;
    let otlp = section.field("otlp");
    let settings = otlp.and_then(|field| collector(context, &field));
    section.close();
    settings
}

fn collector(context: &Context<'_>, field: &Field<'_>) -> Option<TraceSettings> {
    if !cfg!(feature = "otlp") {
        field.fault(
            "needs a program with OpenTelemetry, and this one was built without",
            "install a package, or build with `--features otlp`",
        );
        return None;
    }
    let section = field.section()?;
    let example = "the collector's address, such as \"http://127.0.0.1:4318\"";
    let endpoint = section
        .need("endpoint", example)
        .and_then(|named| named.parsed(|text| endpoint::collector(text, field.has("token"))));
    let sample = match section.field("sample") {
        Some(field) => field.share(),
        None => Some(SAMPLE_DEFAULT),
    };
    let token = section.field("token").and_then(|field| context.sources.secret(&field));
    section.close();
    Some(TraceSettings { endpoint: endpoint?, sample: sample?, token })
}
