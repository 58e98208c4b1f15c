//! JSON bodies, read so that a key that stands twice is seen twice: what a form's handler takes,
//! the first or the last, is not ours to guess.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A JSON value whose objects keep every member.
#[derive(Debug, PartialEq)]
pub enum Node {
    /// A string, or a number or boolean as it is written.
    Scalar(String),
    Null,
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    /// The values at a field: a pointer (RFC 6901) where it starts with `/`, else a member of the
    /// outermost object. Of a list, all.
    pub fn at(&self, field: &str) -> Vec<&str> {
        let path: Vec<String> = match field.strip_prefix('/') {
            Some(pointer) => {
                pointer.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
            }
            None => vec![field.to_owned()],
        };
        let mut found = Vec::new();
        self.walk(&path, &mut found);
        found
    }

    /// Every string in it.
    pub fn all(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.gather(&mut found);
        found
    }

    fn walk<'n>(&'n self, path: &[String], found: &mut Vec<&'n str>) {
        let Some((step, rest)) = path.split_first() else { return self.gather(found) };
        match self {
            Node::Object(members) => {
                for (_, value) in members.iter().filter(|(name, _)| name == step) {
                    value.walk(rest, found);
                }
            }
            Node::List(values) => {
                if let Some(value) = step.parse::<usize>().ok().and_then(|at| values.get(at)) {
                    value.walk(rest, found);
                }
            }
            Node::Scalar(_) | Node::Null => {}
        }
    }

    fn gather<'n>(&'n self, found: &mut Vec<&'n str>) {
        match self {
            Node::Scalar(text) => found.push(text),
            Node::Null => {}
            Node::List(values) => values.iter().for_each(|value| value.gather(found)),
            Node::Object(members) => members.iter().for_each(|(_, value)| value.gather(found)),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Node::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Node::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_by_name_and_pointer_every_time_they_stand() {
        let node: Node = serde_json::from_str(
            r#"{"email":"a@x.example","customer":{"tel/no":447700900001,"mails":["b@x.example"]},"email":"c@x.example","ref":null}"#,
        )
        .unwrap();
        assert_eq!(node.at("email"), ["a@x.example", "c@x.example"]);
        assert_eq!(node.at("/customer/tel~1no"), ["447700900001"]);
        assert_eq!(node.at("/customer/mails/0"), ["b@x.example"]);
        assert_eq!(node.at("/customer/mails"), ["b@x.example"]);
        assert!(node.at("ref").is_empty());
        assert!(node.at("/email/x").is_empty());
        assert_eq!(node.all().len(), 4);
    }
}
