//! A restriction's cells that can't be read: all of them, not only the first.

use serde_json::{Map, Value, json};

use super::column_of;
use crate::domain::restriction::Restriction;
use crate::runtime::limits::IMPORT_ROW_FAULTS_MAX;

/// A fault of one cell.
pub(in crate::casework::import) struct CellFault {
    pub column: String,
    pub message: String,
}

/// The restriction of a row, as far as it can be read, and every cell of it that is wrong.
pub(in crate::casework::import) fn read(
    mut cells: Map<String, Value>,
) -> (Option<Restriction>, Vec<CellFault>) {
    let mut found: Vec<CellFault> = Vec::new();
    for _ in 0..IMPORT_ROW_FAULTS_MAX {
        let read = serde_path_to_error::deserialize::<_, Restriction>(Value::Object(cells.clone()));
        let error = match read {
            Ok(restriction) => return (Some(restriction), found),
            Err(error) => error,
        };
        let message = error.inner().to_string();
        let path = match error.path().to_string() {
            path if path == "." => named_key(&message).unwrap_or_default().to_owned(),
            path => path,
        };
        let column = column_of(&format!("restrictions[0].{path}"));
        let is_new = !found.iter().any(|known| known.column == column);
        if is_new {
            found.push(CellFault { column, message });
        }
        // Something readable in its place, so that the next fault is found too.
        let key = path.split(['.', '[']).next().unwrap_or_default();
        if !is_new || !stand_in(&mut cells, key) {
            break;
        }
    }
    (None, found)
}

/// The key that a message about a whole restriction names.
fn named_key(message: &str) -> Option<&str> {
    let (_, after) = ["missing field `", "the key `", "unknown key `"]
        .iter()
        .find_map(|mark| message.split_once(mark))?;
    after.split('`').next()
}

/// Puts something readable in a key's place; `false`: nothing would do.
fn stand_in(cells: &mut Map<String, Value>, key: &str) -> bool {
    let value = match key {
        "limit" | "minutes" => json!(1),
        "per" => json!("week"),
        "channels" => json!(["letter"]),
        "windows" => json!([{ "days": ["mon"], "from": "09:00", "to": "17:00" }]),
        "instruction" => json!("return"),
        "id" => json!("?"),
        "contact" => json!({ "name": "?" }),
        // What need not be there, or what the kind does not have.
        "kind" | "" => return false,
        other => return cells.remove(other).is_some(),
    };
    cells.insert(key.to_owned(), value);
    true
}
