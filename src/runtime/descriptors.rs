//! How many files and connections the process may have open at once.
//!
//! Service managers start programs with a low soft limit (1,024) and a high hard one: the soft one is for programs that
//! use `select`. If even the hard limit is low, the reduced bounds are shared out, so that connections wait to be
//! accepted before the store can't open its files.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::limits::{
    DESCRIPTORS_OWN, DOWNSTREAM_CONNECTIONS_MAX, HTTP_CONNECTIONS_MAX, HTTP_STAFF_CONNECTIONS_MAX,
    SMTP_SESSIONS_MAX,
};

/// Open files at once when every bound is reached: each connection of a form has one to its handler,
/// each mail session one to the server behind or a spooled message.
pub const WANTED: u64 = (2 * HTTP_CONNECTIONS_MAX
    + HTTP_STAFF_CONNECTIONS_MAX
    + 6 * SMTP_SESSIONS_MAX
    + DOWNSTREAM_CONNECTIONS_MAX) as u64
    + DESCRIPTORS_OWN;

/// Raises the soft limit to the hard one, and returns what holds now. Doing it again changes nothing.
pub fn raise() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        // Where the system refuses, the limit is what it was, and the bounds are fitted to it.
        let _ = setrlimit(Resource::Nofile, raised);
    }
    held_by(getrlimit(Resource::Nofile).current)
}

/// The limit that a gateway started in this environment would have.
pub fn attainable() -> u64 {
    held_by(getrlimit(Resource::Nofile).maximum)
}

/// `None`: no limit.
fn held_by(limit: Option<u64>) -> u64 {
    limit.unwrap_or(u64::MAX)
}

/// A bound on connections as this process can keep it.
pub fn fitted(bound: usize) -> usize {
    fitted_to(bound, held_by(getrlimit(Resource::Nofile).current))
}

/// As much of `bound` as of all bounds together fits under `limit`.
fn fitted_to(bound: usize, limit: u64) -> usize {
    if limit >= WANTED {
        return bound;
    }
    let shared = u128::from(limit.saturating_sub(DESCRIPTORS_OWN));
    let of = u128::from(WANTED - DESCRIPTORS_OWN);
    let fitting = (bound as u128) * shared / of;
    usize::try_from(fitting).unwrap_or(bound).clamp(1, bound)
}

/// What an operator should know of a limit, if anything.
pub fn fault(limit: u64) -> Option<String> {
    (limit < WANTED).then(|| {
        format!(
            "the limit of open files is {limit}; the gateway's bounds want {WANTED}. It serves fewer \
             connections at once ({} for contacts, {} for staff, {} for each mail listener); raise \
             LimitNOFILE= of the service, or `ulimit -Hn`",
            fitted_to(HTTP_CONNECTIONS_MAX, limit),
            fitted_to(HTTP_STAFF_CONNECTIONS_MAX, limit),
            fitted_to(SMTP_SESSIONS_MAX, limit),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_whole_where_all_fit_and_share_what_there_is_otherwise() {
        assert_eq!(fitted_to(HTTP_CONNECTIONS_MAX, WANTED), HTTP_CONNECTIONS_MAX);
        assert_eq!(fitted_to(HTTP_CONNECTIONS_MAX, u64::MAX), HTTP_CONNECTIONS_MAX);
        assert!(fault(WANTED).is_none());
        let low = 1_024;
        let taken = 2 * fitted_to(HTTP_CONNECTIONS_MAX, low)
            + fitted_to(HTTP_STAFF_CONNECTIONS_MAX, low)
            + 6 * fitted_to(SMTP_SESSIONS_MAX, low);
        assert!(taken as u64 + DESCRIPTORS_OWN <= low, "{taken}");
        assert!(fault(low).unwrap().contains("1024"));
        assert_eq!(fitted_to(HTTP_CONNECTIONS_MAX, 0), 1, "some are served all the same");
    }

    #[test]
    fn the_soft_limit_is_raised_to_the_hard_one() {
        assert_eq!(raise(), attainable());
        assert_eq!(raise(), attainable());
    }
}
