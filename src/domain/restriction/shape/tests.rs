use crate::domain::restriction::Restriction;

fn parse(json: &str) -> Result<Restriction, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

#[test]
fn what_is_written_reads_back_the_same() {
    for json in [
        r#"{"id":"R","kind":"contact_quota","limit":2,"per":"week","window":"rolling","channels":["email"]}"#,
        r#"{"id":"R","kind":"hours_only","windows":[{"days":["mon","sun"],"from":"10:00","to":"24:00"}],"bank_holidays":true}"#,
        r#"{"id":"R","kind":"single_point_of_contact","contact":{"name":"Sam"},"absences":[{"contact":"Sam","from":"2026-11-01","to":"2026-11-02"}]}"#,
        r#"{"id":"R","kind":"channels_only","channels":["email","writing"],"starts":"2026-11-01","ends":"2026-12-01T00:00:00Z"}"#,
        r#"{"id":"R","kind":"issue_closed","issues":["C-1"],"answered":["a b c"]}"#,
        r#"{"id":"R","kind":"read_and_file"}"#,
        r#"{"id":"R","kind":"documents_returned","instruction":"destroy"}"#,
    ] {
        let first = parse(json).unwrap();
        let again = parse(&serde_json::to_string(&first).unwrap()).unwrap();
        assert_eq!(first, again);
    }
}

#[test]
fn a_key_of_another_kind_is_refused_by_name() {
    let fault = parse(r#"{"id":"R-9","kind":"contact_ended","limit":2}"#).unwrap_err();
    assert!(fault.contains("unknown key `limit`"), "{fault}");
    let fault = parse(r#"{"id":"R-9","kind":"contact_ended","colour":2}"#).unwrap_err();
    assert!(fault.contains("unknown field `colour`"), "{fault}");
}

#[test]
fn a_missing_or_impossible_parameter_is_named() {
    for (json, named) in [
        (r#"{"id":"R","kind":"contact_quota","per":"week"}"#, "`limit`"),
        (r#"{"id":"R","kind":"contact_quota","limit":0,"per":"week"}"#, "at least 1"),
        (r#"{"id":"R","kind":"channels_only","channels":[]}"#, "one way in"),
        (r#"{"id":"R","kind":"issue_closed"}"#, "`issues`"),
        (
            r#"{"id":"R","kind":"hours_only","windows":[{"days":["mon"],"from":"12:00","to":"10:00"}]}"#,
            "not after",
        ),
        (
            r#"{"id":"R","kind":"hours_only","windows":[{"days":["mon"],"from":"10:00","to":"10:00"}]}"#,
            "not after",
        ),
        (
            r#"{"id":"R","kind":"hours_only","windows":[{"days":[],"from":"10:00","to":"12:00"}]}"#,
            "no `days`",
        ),
        (
            r#"{"id":"R","kind":"hours_only","windows":[{"days":["mon"],"from":"24:00","to":"24:00"}]}"#,
            "`from` is 24:00",
        ),
        (
            r#"{"id":"R","kind":"hours_only","windows":[{"days":["mo"],"from":"10:00","to":"12:00"}]}"#,
            "`mo` is not a day",
        ),
        (
            r#"{"id":"R","kind":"hours_only","windows":[{"days":["mon"],"from":"ten","to":"12:00"}]}"#,
            "`ten` is not a time of day",
        ),
        (r#"{"id":"R","kind":"hours_only","windows":[]}"#, "`windows` is empty"),
        (r#"{"id":"R","kind":"call_length","minutes":0}"#, "`minutes` is 0"),
        (r#"{"id":"R","kind":"contact_quota","limit":1}"#, "`per`"),
        (r#"{"id":"","kind":"visits_in_pairs"}"#, "`id` is empty"),
    ] {
        let fault = parse(json).unwrap_err();
        assert!(fault.contains(named), "{fault}");
    }
}

#[test]
fn a_kind_takes_no_key_of_another() {
    let key = |key: &str| match key {
        "contact" => r#"{"name":"Sam"}"#,
        "bank_holidays" => "true",
        "limit" | "minutes" => "1",
        "per" => r#""week""#,
        "window" => r#""rolling""#,
        "instruction" => r#""return""#,
        _ => "[]",
    };
    for name in [
        "contact",
        "deputies",
        "absences",
        "channels",
        "windows",
        "bank_holidays",
        "limit",
        "per",
        "window",
        "issues",
        "threads",
        "answered",
        "attachments",
        "representatives",
        "minutes",
        "instruction",
    ] {
        let value = key(name);
        let fault = parse(&format!(r#"{{"id":"R","kind":"visits_in_pairs","{name}":{value}}}"#));
        let said = format!("unknown key `{name}`: a `visits_in_pairs` has no keys of its own");
        assert!(fault.unwrap_err().contains(&said), "{name}");
    }
    let foreign = r#"{"id":"R","kind":"issue_quota","limit":1,"per":"week","channels":["email"]}"#;
    assert!(parse(foreign).unwrap_err().contains("has the keys limit, per, window"));
}
