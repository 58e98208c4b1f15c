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
    ] {
        let fault = parse(json).unwrap_err();
        assert!(fault.contains(named), "{fault}");
    }
}
