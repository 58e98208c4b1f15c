//! A person's own record as an answer: written while it is read, so that a long one is never whole in memory.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use futures_util::stream;

use crate::casework::Fault;
use crate::casework::own_record::OwnRecord;
use crate::domain::organisation::Organisation;
use crate::render::record::{Form, Writer};

/// The answer's body. If the store fails, it breaks off without its end.
pub(super) fn body(record: OwnRecord, form: Form, organisation: &Organisation) -> Body {
    let (profile, roles) = (Arc::clone(&organisation.profile), record.roles.clone());
    let (writer, head) = Writer::begin(form, &record.cases(), profile, roles, record.made());
    let first = stream::once(async { Ok::<_, Fault>(Bytes::from(head)) });
    let rest = stream::try_unfold(Some((record, writer)), |under_way| async {
        let Some((mut record, mut writer)) = under_way else { return Ok(None) };
        Ok(Some(match record.next().await? {
            Some(piece) => {
                let written = writer.add(&piece);
                (Bytes::from(written), Some((record, writer)))
            }
            None => (Bytes::from(writer.end(record.left_out())), None),
        }))
    });
    Body::from_stream(futures_util::StreamExt::chain(first, rest))
}
