//! A queue as tickets for another help desk, written while it is read.

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt as _, stream};

use super::download;
use super::permit::OpenOffice;
use crate::casework::Fault;
use crate::domain::organisation::OrganisationId;
use crate::domain::queue::ItemState;
use crate::render::tickets::Form;
use crate::runtime::limits::EXPORT_ITEMS_MAX;

struct UnderWay {
    office: OpenOffice,
    organisation: OrganisationId,
    queue: String,
    states: Vec<ItemState>,
    after: Option<String>,
    form: Form,
    written: usize,
}

/// The queue's items in these states (none: those that wait) as a file to be saved. If the store fails while it is
/// written it breaks off, so that nobody takes a part for the whole.
pub(super) fn exported(
    office: OpenOffice,
    organisation: OrganisationId,
    (queue, states): (String, Vec<ItemState>),
    form: Form,
) -> Response {
    let headers = download::saved(form.content_type(), &queue, form.ending());
    let head = stream::once(async move { Ok::<_, Fault>(Bytes::from(form.head())) });
    let under_way = UnderWay { office, organisation, queue, states, after: None, form, written: 0 };
    let rest = stream::try_unfold(Some(under_way), |under_way| async {
        match under_way {
            Some(under_way) => under_way.piece().await.map(Some),
            None => Ok(None),
        }
    });
    (headers, Body::from_stream(head.chain(rest))).into_response()
}

impl UnderWay {
    /// The next few items, and the rest.
    async fn piece(mut self) -> Result<(Bytes, Option<Self>), Fault> {
        let casework = self.office.casework();
        let desk = &casework.desk;
        let after = self.after.take();
        let page = desk.whole_items(&self.organisation, &self.queue, &self.states, after).await?;
        let mut text = String::new();
        for item in &page.items {
            let person = match &item.person {
                Some(id) => casework.person_known(&self.organisation, id).await?,
                None => None,
            };
            text.push_str(&self.form.item(item, person.as_deref()));
        }
        self.written += page.items.len();
        self.after = page.next;
        let goes_on = self.after.is_some() && self.written < EXPORT_ITEMS_MAX;
        Ok((Bytes::from(text), goes_on.then_some(self)))
    }
}
