//! What keeps a step from being taken.

use crate::domain::refusal_code::RefusalCode;
use serde::Serialize;

/// One thing that keeps a step from being taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broken {
    pub code: RefusalCode,
    pub what: String,
    /// The clause of the policy that asks for it, where one does.
    pub clause: Option<String>,
    /// The key that it is about: of the step, of the restriction or of the profile.
    pub key: Option<String>,
}

impl Broken {
    pub fn new(code: RefusalCode, what: impl Into<String>) -> Self {
        Broken { code, what: what.into(), clause: None, key: None }
    }

    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    pub fn clause(mut self, clause: Option<&str>) -> Self {
        self.clause = clause.map(str::to_owned);
        self
    }
}
