//! The queues that every organisation has, by name.

pub const LIMITED: &str = "limited";
pub const FILED: &str = "filed";
pub const REVIEW: &str = "review";
pub const HEAD_OF_SERVICE: &str = "head-of-service";
pub const GOVERNANCE: &str = "governance";
pub const EMERGENCY: &str = "emergency";

/// Those on which contacts are held, until a person has read them.
pub const HELD: [&str; 2] = [LIMITED, FILED];
