//! Putting somebody on record, under an id of the gateway's own.

use std::sync::Arc;

use super::acting::Acting;
use super::expected::Expected;
use super::{Desk, Fault};
use crate::domain::organisation::Organisation;
use crate::domain::person::Person;
use crate::runtime::tokens::{hex, random};

/// Random bytes of an id.
const ID_BYTES: usize = 6;

impl Desk {
    /// Writes a person who was not on record before; their id is made here.
    ///
    /// # Errors
    /// [`Fault::Invalid`] with every fault of the record.
    pub async fn add_person(
        &self,
        organisation: &Organisation,
        person: Person,
        acting: Acting<'_>,
    ) -> Result<Arc<Person>, Fault> {
        let person = Person { id: format!("p-{}", hex(&random::<ID_BYTES>()?)), ..person };
        Ok(self.put_person(organisation, person, &Expected::Any, acting).await?.0)
    }
}
