//! The bare indexed queries: the same rows by nothing but the store's own query.

use std::time::{Duration, Instant};

use super::{ROWS, TIMES, contact_id, middle};

/// Entries of a Redis stream: id, and fields.
type Entries = Vec<(String, Vec<(String, String)>)>;

/// A connection of its own to the store.
pub(crate) enum Bare {
    Embedded(rusqlite::Connection),
    Redis(redis::Connection),
}

impl Bare {
    /// The records of a page of a queue.
    pub(crate) fn queue(&mut self, id: &str, deep: Option<usize>) -> Vec<String> {
        match self {
            Bare::Embedded(connection) => {
                let from = i64::MIN;
                let after = deep.map(contact_id).unwrap_or_default();
                let mut statement = connection
                    .prepare_cached(
                        "SELECT record FROM item WHERE organisation = ?1 AND queue = 'limited'
                         AND state IN ('open', 'claimed', 'read')
                         AND (at, id) > (coalesce((SELECT at FROM item WHERE organisation = ?1
                             AND id = ?3), ?2), ?3)
                         ORDER BY at, id LIMIT 50",
                    )
                    .unwrap();
                let rows =
                    statement.query_map(rusqlite::params![id, from, after], |row| row.get(0));
                rows.unwrap().map(Result::unwrap).collect()
            }
            Bare::Redis(connection) => {
                let waiting = format!("cg1:{{{id}}}:waiting:limited");
                let score: Option<f64> = deep.and_then(|deep| {
                    let member = contact_id(deep);
                    redis::cmd("ZSCORE").arg(&waiting).arg(member).query(connection).unwrap()
                });
                let from = score.map_or("-inf".to_owned(), |score| format!("({score}"));
                let ids: Vec<String> = redis::cmd("ZRANGEBYSCORE")
                    .arg(&waiting)
                    .arg(from)
                    .arg("+inf")
                    .arg("LIMIT")
                    .arg(0)
                    .arg(ROWS)
                    .query(connection)
                    .unwrap();
                redis::cmd("HMGET")
                    .arg(format!("cg1:{{{id}}}:items"))
                    .arg(ids)
                    .query(connection)
                    .unwrap()
            }
        }
    }

    /// How many wait on each queue, and since when.
    pub(crate) fn counts(&mut self, id: &str) -> Vec<String> {
        match self {
            Bare::Embedded(connection) => {
                let mut statement = connection
                    .prepare_cached(
                        "SELECT queue, count(*), min(at) FROM item WHERE organisation = ?1
                         AND state IN ('open', 'claimed', 'read') GROUP BY queue",
                    )
                    .unwrap();
                let rows = statement.query_map([id], |row| row.get(0));
                rows.unwrap().map(Result::unwrap).collect()
            }
            Bare::Redis(connection) => {
                let waiting = format!("cg1:{{{id}}}:waiting:limited");
                let mut both = redis::pipe();
                both.cmd("ZCARD").arg(&waiting).cmd("ZRANGE").arg(&waiting).arg(0).arg(0);
                let (_, first): (usize, Vec<String>) = both.query(connection).unwrap();
                first
            }
        }
    }

    /// Entries of the trail, of one person or of all, below a number.
    pub(crate) fn trail(&mut self, id: &str, person: Option<&str>, below: u64) -> Vec<String> {
        match self {
            Bare::Embedded(connection) => {
                let sql = match person {
                    Some(_) => {
                        "SELECT record FROM audit_mark JOIN audit USING (organisation, number)
                         WHERE organisation = ?1 AND mark = ?2 AND number < ?3
                         ORDER BY number DESC LIMIT 50"
                    }
                    None => {
                        "SELECT record FROM audit WHERE organisation = ?1 AND ?2 = ?2
                         AND number < ?3 ORDER BY number DESC LIMIT 50"
                    }
                };
                let mark = format!("person:{}", person.unwrap_or_default());
                let below = i64::try_from(below).unwrap_or(i64::MAX);
                let mut statement = connection.prepare_cached(sql).unwrap();
                let rows =
                    statement.query_map(rusqlite::params![id, mark, below], |row| row.get(0));
                rows.unwrap().map(Result::unwrap).collect()
            }
            Bare::Redis(connection) => {
                let audit = format!("cg1:{{{id}}}:audit");
                let found: Vec<Entries> = match person {
                    Some(person) => {
                        let numbers: Vec<u64> = redis::cmd("ZREVRANGEBYSCORE")
                            .arg(format!("cg1:{{{id}}}:marked:person:{person}"))
                            .arg(format!("({below}"))
                            .arg("-inf")
                            .arg("LIMIT")
                            .arg(0)
                            .arg(ROWS)
                            .query(connection)
                            .unwrap();
                        let mut pipeline = redis::pipe();
                        for number in &numbers {
                            let entry = format!("{number}-0");
                            pipeline.cmd("XRANGE").arg(&audit).arg(&entry).arg(&entry);
                        }
                        pipeline.query(connection).unwrap()
                    }
                    None => vec![
                        redis::cmd("XREVRANGE")
                            .arg(&audit)
                            .arg(format!("({below}-0"))
                            .arg("-")
                            .arg("COUNT")
                            .arg(ROWS)
                            .query(connection)
                            .unwrap(),
                    ],
                };
                let fields = found.into_iter().flatten().flat_map(|(_, fields)| fields);
                let entries = fields.filter(|(name, _)| name == "entry").map(|(_, entry)| entry);
                // Its number is the id of the stream's entry.
                entries.map(|entry| entry.replacen('{', "{\"number\":1,", 1)).collect()
            }
        }
    }

    /// How long a query takes, and how long with what it found read.
    pub(crate) fn takes(
        &mut self,
        mut query: impl FnMut(&mut Self) -> Vec<String>,
        read: impl Fn(&str),
    ) -> (Duration, Duration) {
        let (mut bare, mut and_read) = (Vec::new(), Vec::new());
        for _ in 0..TIMES {
            let begun = Instant::now();
            let found = query(self);
            bare.push(begun.elapsed());
            assert!(!found.is_empty(), "nothing was found");
            found.iter().for_each(|one| read(one));
            and_read.push(begun.elapsed());
        }
        (middle(bare), middle(and_read))
    }
}
