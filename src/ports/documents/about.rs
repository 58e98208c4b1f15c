//! The person a document is about.

use serde::Deserialize;

use super::Document;

/// The index of documents that are about a person, under the person's id.
pub const OF_PERSON: &str = "person";

/// What a body says of it.
#[derive(Deserialize)]
struct About {
    person: Option<String>,
}

impl Document {
    /// The person whom it is about: named in its body as `person`, else the one it is listed under by that index.
    pub fn about(&self) -> Option<String> {
        let listed = self.keys.iter().find(|key| key.index == OF_PERSON);
        let named = serde_json::from_str::<About>(self.body.get()).ok();
        named.and_then(|it| it.person).or_else(|| listed.map(|key| key.value.clone()))
    }
}
