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
/// What an id begins with.
const PREFIX: &str = "p-";

/// The id of somebody who is to be put on record. It is made with the form: sent twice, the form makes one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPersonId(String);

impl NewPersonId {
    /// # Errors
    /// The system gives no random bytes.
    pub fn random() -> Result<Self, Fault> {
        Ok(NewPersonId(format!("{PREFIX}{}", hex(&random::<ID_BYTES>()?))))
    }

    /// An id that was made here, as it comes back. `None`: it is not such an id.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(PREFIX)?;
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_own = digits.len() == 2 * ID_BYTES && digits.bytes().all(is_digit);
        is_own.then(|| NewPersonId(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Desk {
    /// Writes a person who was not on record before, under a new id.
    ///
    /// # Errors
    /// [`Fault::Invalid`] with every fault of the record; [`Fault::Exists`]: somebody was put on record under this id
    /// already.
    pub async fn add_person(
        &self,
        organisation: &Organisation,
        id: &NewPersonId,
        person: Person,
        acting: Acting<'_>,
    ) -> Result<Arc<Person>, Fault> {
        let person = Person { id: id.as_str().to_owned(), ..person };
        Ok(self.put_person(organisation, person, &Expected::Nobody, acting).await?.person)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_back_as_it_was_made_and_no_other_text_is_one() {
        let id = NewPersonId::random().unwrap();
        assert_eq!(NewPersonId::parse(id.as_str()), Some(id.clone()));
        assert_ne!(NewPersonId::random().unwrap(), id);
        for other in ["", "P-1", "p-", "p-0123456789a", "p-0123456789AB", "p-0123456789abc"] {
            assert_eq!(NewPersonId::parse(other), None, "{other}");
        }
    }
}
