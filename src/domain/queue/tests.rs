//! Which actions an item allows, which items come first, and what a note says.

use super::*;

fn at() -> DateTime<Utc> {
    "2026-11-02T09:00:00Z".parse().unwrap()
}

/// An item on the queue `limited`.
fn item(state: ItemState, claimed_by: Option<&str>) -> QueueItem {
    QueueItem {
        id: "c-2".to_owned(),
        queue: LIMITED.to_owned(),
        contact: "c-2".to_owned(),
        person: None,
        channel: Channel::Email,
        at: at(),
        disposition: Disposition::Limit,
        reasons: Vec::new(),
        flags: Vec::new(),
        subject: None,
        original_to: Vec::new(),
        sent_by: None,
        issue: None,
        thread: Vec::new(),
        attachments: Vec::new(),
        new: Vec::new(),
        lane_used: None,
        routed_to: None,
        read_by: None,
        overdue: false,
        resembles: Vec::new(),
        archived: None,
        text: None,
        state,
        claimed_by: claimed_by.map(str::to_owned),
        claimed_at: claimed_by.map(|_| at()),
        done_by: None,
        done_at: None,
        filed_from: None,
        notes: Vec::new(),
        attached: Vec::new(),
    }
}

#[test]
fn anybody_opens_again_what_was_put_away_and_only_its_holder_keeps_it() {
    for put_away in [ItemAction::File, ItemAction::Close] {
        let done = item(ItemState::Claimed, Some("Ann")).after(&put_away, "Ann", at()).unwrap();
        let by_bob = done.clone().after(&ItemAction::Reopen, "Bob", at()).unwrap();
        assert_eq!((by_bob.state, &by_bob.claimed_by), (ItemState::Open, &None), "{put_away:?}");
        assert_eq!((by_bob.queue.as_str(), &by_bob.filed_from), (LIMITED, &None));
        let by_ann = done.after(&ItemAction::Reopen, "Ann", at()).unwrap();
        assert_eq!(by_ann.state, ItemState::Claimed);
        assert_eq!((by_ann.claimed_by.as_deref(), by_ann.queue.as_str()), (Some("Ann"), LIMITED));
        let nobodys = item(ItemState::Open, None).after(&put_away, "Ann", at()).unwrap();
        let again = nobodys.after(&ItemAction::Reopen, "Ann", at()).unwrap();
        assert_eq!((again.state, again.claimed_by), (ItemState::Open, None));
    }
}

#[test]
fn an_item_says_since_when_it_is_in_somebodys_name() {
    let later = at() + chrono::TimeDelta::hours(1);
    let does = |item: &QueueItem, action: ItemAction, by: &str| {
        item.clone().after(&action, by, later).unwrap()
    };
    let anns = item(ItemState::Open, None).after(&ItemAction::Claim, "Ann", at()).unwrap();
    assert_eq!(anns.claimed_at, Some(at()));
    assert_eq!(does(&anns, ItemAction::Claim, "Ann"), anns, "a double click changes nothing");
    assert_eq!(does(&anns, ItemAction::Read, "Ann").claimed_at, Some(at()));
    assert_eq!(does(&anns, ItemAction::PutBack, "Ann").claimed_at, None);
    let hand_over = ItemAction::HandOver { to: "Bob".to_owned(), held_by: anns.claimed_by.clone() };
    assert_eq!(does(&anns, hand_over, "Ann").claimed_at, Some(later));
    let closed = does(&anns, ItemAction::Close, "Ann");
    assert_eq!(does(&closed, ItemAction::Reopen, "Ann").claimed_at, Some(at()));
    assert_eq!(does(&closed, ItemAction::Reopen, "Bob").claimed_at, None);
}

#[test]
fn an_item_says_who_finished_it_and_when_until_it_is_opened_again() {
    let later = at() + chrono::TimeDelta::hours(1);
    let kept = QueueItem { archived: Some("x".to_owned()), ..item(ItemState::Open, None) };
    for action in [ItemAction::Release, ItemAction::File, ItemAction::Close] {
        let done = kept.clone().after(&action, "Ann", later).unwrap();
        let said = (done.done_by.as_deref(), done.done_at);
        assert_eq!(said, (Some("Ann"), Some(later)), "{action:?}");
        let noted = done.clone().after(&ItemAction::Note("x".to_owned()), "Bob", at()).unwrap();
        assert_eq!((noted.done_by, noted.done_at), (done.done_by, done.done_at));
    }
    for action in [ItemAction::Claim, ItemAction::Read] {
        let waits = kept.clone().after(&action, "Ann", later).unwrap();
        assert_eq!((waits.done_by, waits.done_at), (None, None), "{action:?}");
    }
    let closed = kept.after(&ItemAction::Close, "Ann", later).unwrap();
    let again = closed.after(&ItemAction::Reopen, "Bob", later).unwrap();
    assert_eq!((again.done_by, again.done_at), (None, None));
}

/// Stores compare an item as read with the one that was read before.
#[test]
fn an_item_that_an_earlier_version_claimed_is_read_as_it_is_and_says_when_it_changes_hands() {
    let earlier = QueueItem { claimed_at: None, ..item(ItemState::Claimed, Some("Ann")) };
    let written = serde_json::to_value(&earlier).unwrap();
    assert!(written.get("claimed_at").is_none(), "{written}");
    assert_eq!(serde_json::from_value::<QueueItem>(written).unwrap(), earlier);
    assert_eq!(earlier.clone().after(&ItemAction::Claim, "Ann", at()).unwrap(), earlier);
    let to = |to: &str| ItemAction::HandOver { to: to.to_owned(), held_by: Some("Ann".to_owned()) };
    let bobs = earlier.after(&to("Bob"), "Ann", at()).unwrap();
    assert_eq!(bobs.claimed_at, Some(at()));
    let written = serde_json::to_value(&bobs).unwrap();
    assert_eq!(serde_json::from_value::<QueueItem>(written).unwrap(), bobs);
}

#[test]
fn what_was_read_is_taken_back_by_its_holder_and_what_was_not_by_nobody() {
    let read = item(ItemState::Read, Some("Ann"));
    let by_bob = read.clone().after(&ItemAction::Reopen, "Bob", at());
    assert_eq!(by_bob, Err(ItemFault::ClaimedByAnother));
    assert_eq!(read.after(&ItemAction::Reopen, "Ann", at()).unwrap().state, ItemState::Claimed);
    let nobodys = item(ItemState::Read, None).after(&ItemAction::Reopen, "Bob", at()).unwrap();
    assert_eq!(nobodys.state, ItemState::Open);
    for (state, holder) in [(ItemState::Open, None), (ItemState::Claimed, Some("Ann"))] {
        let refused = item(state, holder).after(&ItemAction::Reopen, "Ann", at());
        assert_eq!(refused, Err(ItemFault::NothingDone(state.name())));
    }
    let released = item(ItemState::Released, Some("Ann")).after(&ItemAction::Reopen, "Ann", at());
    assert_eq!(released, Err(ItemFault::Done("released")));
}

#[test]
fn a_note_keeps_to_whom_an_item_was_handed_and_no_words_of_it() {
    let to_bob = ItemAction::HandOver { to: "Bob".to_owned(), held_by: None };
    let handed = item(ItemState::Open, None).after(&to_bob, "Ann", at()).unwrap();
    let note = &handed.notes[0];
    assert_eq!((note.text.as_str(), note.handed_to.as_deref()), ("", Some("Bob")));
    assert_eq!(note.in_english(), "Handed over to Bob.");
    assert_eq!(Note::of("Ann", at(), "Rang back.").in_english(), "Rang back.");
    // What earlier versions wrote.
    let kept = r#"{"by": "Ann", "at": "2026-11-02T09:00:00Z", "text": "Rang back."}"#;
    assert_eq!(serde_json::from_str::<Note>(kept).unwrap(), Note::of("Ann", at(), "Rang back."));
}

#[test]
fn what_was_routed_has_no_deadline_once_somebody_took_it_up() {
    let late = at() + chrono::TimeDelta::days(9);
    let of =
        |disposition| QueueItem { disposition, read_by: Some(at()), ..item(ItemState::Open, None) };
    let routed = of(Disposition::Route);
    assert!(routed.missed(late).is_some());
    let noted = routed.clone().after(&ItemAction::Note("n".to_owned()), "Ann", at()).unwrap();
    assert!(noted.missed(late).is_some(), "a note does not take it up");
    let hand_over = ItemAction::HandOver { to: "Bob".to_owned(), held_by: None };
    for (taken, back) in [
        (ItemAction::Claim, Some(ItemAction::PutBack)),
        (ItemAction::Read, Some(ItemAction::Reopen)),
        (ItemAction::Close, Some(ItemAction::Reopen)),
        (ItemAction::File, Some(ItemAction::Reopen)),
        (hand_over, None),
    ] {
        let mut now = routed.clone().after(&taken, "Ann", at()).unwrap();
        if let Some(back) = back {
            now = now.after(&back, "Ann", at()).unwrap();
            assert_eq!(now.state, ItemState::Open, "{taken:?}");
        }
        assert_eq!((now.read_by, now.missed(late)), (None, None), "{taken:?}");
    }
    // Nor is what was passed on overdue any more.
    let passed_on = routed.missed(late).unwrap();
    assert_eq!(passed_on.turn(), Turn::Overdue);
    let noted = passed_on.clone().after(&ItemAction::Note("n".to_owned()), "Dee", at()).unwrap();
    assert_eq!(noted.turn(), Turn::Overdue);
    let claimed = passed_on.after(&ItemAction::Claim, "Dee", at()).unwrap();
    let again = claimed.clone().after(&ItemAction::PutBack, "Dee", at()).unwrap();
    for now in [claimed, again] {
        assert_eq!((now.turn(), now.overdue, now.missed(late)), (Turn::InOrder, false, None));
    }
    // A limited item must still be read.
    let claimed = of(Disposition::Limit).after(&ItemAction::Claim, "Ann", at()).unwrap();
    assert!(claimed.missed(late).is_some());
    assert_eq!(claimed.missed(late).unwrap().turn(), Turn::Overdue);
}

#[test]
fn a_log_shows_when_a_note_was_written_and_not_its_words() {
    let note = Note::of("Ann", DateTime::UNIX_EPOCH, "She called again.");
    assert_eq!(format!("{note:?}"), "Note(at 1970-01-01 00:00:00 UTC)");
}

#[test]
fn a_log_shows_where_an_item_is_and_not_what_is_in_it() {
    let one = QueueItem { subject: Some("Rent".to_owned()), ..item(ItemState::Open, None) };
    assert_eq!(format!("{one:?}"), "QueueItem(c-2, limited, open)");
    let attached =
        Attached { name: "voicemail".to_owned(), value: "https://x.example/1".to_owned() };
    assert_eq!(format!("{attached:?}"), "Attached(voicemail)");
}

#[test]
fn a_state_has_its_name_and_is_waiting_put_away_or_released() {
    for (state, is_waiting, is_put_away) in [
        (ItemState::Open, true, false),
        (ItemState::Claimed, true, false),
        (ItemState::Read, true, false),
        (ItemState::Released, false, false),
        (ItemState::Filed, false, true),
        (ItemState::Closed, false, true),
    ] {
        assert_eq!(serde_json::to_value(state).unwrap(), state.name());
        assert_eq!(
            (state.is_waiting(), state.is_put_away()),
            (is_waiting, is_put_away),
            "{state:?}"
        );
    }
}

#[test]
fn what_is_not_theirs_is_taken_off_their_record_once() {
    let theirs = QueueItem { person: Some("P-1".to_owned()), ..item(ItemState::Closed, None) };
    let disowned = theirs.clone().disowned("Ann", at());
    let note = Note::of("Ann", at(), "Not theirs: taken off the person's record.");
    let expected =
        QueueItem { person: None, flags: vec![Flag::NotTheirs], notes: vec![note], ..theirs };
    assert_eq!(disowned, expected);
    assert_eq!(disowned.disowned("Bob", at()), expected);
}

#[test]
fn a_held_message_is_from_the_address_that_sent_it_however_that_is_typed() {
    let from = |sent_by: Option<&str>| QueueItem {
        sent_by: sent_by.map(str::to_owned),
        ..item(ItemState::Open, None)
    };
    let ann = from(Some("Ann@karbon.example"));
    assert!(ann.is_from(" ann@karbon.example ") && !ann.is_from("bob@karbon.example"));
    // An empty envelope sender names nobody, nor does that of a contact.
    for nobody in [from(Some("")), from(None)] {
        assert!(!nobody.is_from("") && !nobody.is_from("ann@karbon.example"));
    }
}

#[test]
fn a_list_shows_the_beginning_of_each_text_and_the_first_passages() {
    let passages: Vec<String> = (10..30).map(|number| format!("é{number}")).collect();
    let long = QueueItem {
        text: Some("Grüße".to_owned()),
        subject: Some("Hi".to_owned()),
        new: passages,
        ..item(ItemState::Open, None)
    };
    let short = long.with_excerpt(2);
    assert_eq!((short.text.as_deref(), short.subject.as_deref()), (Some("Gr…"), Some("Hi")));
    assert_eq!(short.new.len(), 10);
    assert_eq!((short.new[0].as_str(), short.new[9].as_str()), ("é1…", "é1…"));
}

/// The state, the holder and the queue after an action of Ann's.
fn ann_does(state: ItemState, holder: Option<&str>, action: &ItemAction) -> String {
    let kept = QueueItem { archived: Some("o-1".to_owned()), ..item(state, holder) };
    match kept.after(action, "Ann", at()) {
        Ok(now) => {
            let holder = now.claimed_by.as_deref().unwrap_or("nobody");
            format!("{} {holder} {}", now.state.name(), now.queue)
        }
        Err(fault) => fault.to_string(),
    }
}

#[test]
fn an_action_leads_from_a_state_to_a_state_for_who_holds_the_item() {
    let hand_over = |held_by: Option<&str>| ItemAction::HandOver {
        to: "Bob".to_owned(),
        held_by: held_by.map(str::to_owned),
    };
    let anothers = "the item is claimed by somebody else";
    let (nobody, ann, bob) = (None, Some("Ann"), Some("Bob"));
    for (state, holder, action, expected) in [
        (ItemState::Open, nobody, ItemAction::Claim, "claimed Ann limited"),
        (ItemState::Claimed, ann, ItemAction::Claim, "claimed Ann limited"),
        (ItemState::Read, nobody, ItemAction::Claim, "read Ann limited"),
        (ItemState::Claimed, bob, ItemAction::Claim, anothers),
        (ItemState::Claimed, ann, ItemAction::PutBack, "open nobody limited"),
        (ItemState::Read, ann, ItemAction::PutBack, "read nobody limited"),
        (ItemState::Claimed, bob, ItemAction::PutBack, anothers),
        (ItemState::Open, nobody, hand_over(None), "claimed Bob limited"),
        (ItemState::Claimed, ann, hand_over(ann), "claimed Bob limited"),
        (ItemState::Claimed, bob, hand_over(bob), "claimed Bob limited"),
        (ItemState::Read, ann, hand_over(ann), "read Bob limited"),
        // In the meantime somebody took it, or gave it up.
        (ItemState::Claimed, ann, hand_over(None), anothers),
        (ItemState::Open, nobody, hand_over(ann), anothers),
        (ItemState::Open, nobody, ItemAction::Read, "read nobody limited"),
        (ItemState::Read, ann, ItemAction::Read, "read Ann limited"),
        (ItemState::Claimed, bob, ItemAction::Read, anothers),
        (ItemState::Open, nobody, ItemAction::Release, "released nobody limited"),
        (ItemState::Claimed, ann, ItemAction::File, "filed Ann filed"),
        (ItemState::Open, nobody, ItemAction::Close, "closed nobody limited"),
        (
            ItemState::Closed,
            nobody,
            ItemAction::Claim,
            "the item is closed already; nothing more can be done with it",
        ),
        (ItemState::Closed, bob, ItemAction::Note("x".to_owned()), "closed Bob limited"),
    ] {
        assert_eq!(ann_does(state, holder, &action), expected, "{state:?} {holder:?} {action:?}");
    }
    let without = item(ItemState::Open, None).after(&ItemAction::Release, "Ann", at());
    assert_eq!(without, Err(ItemFault::NothingKept));
}

#[test]
fn the_gateway_puts_back_what_is_in_anybodys_name_and_does_nothing_else_in_it() {
    let held = || item(ItemState::Claimed, Some("Ann"));
    let back = held().after(&ItemAction::PutBack, GATEWAY, at()).unwrap();
    assert_eq!((back.state, back.claimed_by), (ItemState::Open, None));
    assert_eq!(held().after(&ItemAction::Close, GATEWAY, at()), Err(ItemFault::ClaimedByAnother));
}

#[test]
fn an_action_has_a_name_of_its_own() {
    let to_bob = ItemAction::HandOver { to: "Bob".to_owned(), held_by: None };
    let actions = [
        ItemAction::Claim,
        ItemAction::PutBack,
        to_bob,
        ItemAction::Read,
        ItemAction::Reopen,
        ItemAction::Release,
        ItemAction::File,
        ItemAction::Close,
        ItemAction::Note(String::new()),
    ];
    // They are on the audit trail.
    let names = actions.map(|action| action.name());
    assert_eq!(
        names,
        ["claim", "put_back", "hand_over", "read", "reopen", "release", "file", "close", "note"]
    );
}

#[test]
fn what_waits_too_long_or_resembles_a_lane_has_its_turn_before_the_rest() {
    let of = |state, overdue, resembles: &[&str]| QueueItem {
        overdue,
        resembles: resembles.iter().map(|one| (*one).to_owned()).collect(),
        ..item(state, None)
    };
    let lane = ["emergency: gas"];
    let now = at().timestamp_micros();
    let first = of(ItemState::Open, true, &[]).place();
    let second = of(ItemState::Claimed, false, &lane).place();
    for (one, turn, place) in [
        (of(ItemState::Open, true, &lane), Turn::Overdue, first),
        (of(ItemState::Claimed, true, &[]), Turn::Overdue, first),
        (of(ItemState::Open, false, &lane), Turn::Resembles, second),
        (of(ItemState::Open, false, &[]), Turn::InOrder, now),
        (of(ItemState::Read, true, &lane), Turn::InOrder, now),
        (of(ItemState::Closed, true, &lane), Turn::InOrder, now),
    ] {
        assert_eq!((one.turn(), one.place()), (turn, place), "{one:?} {turn:?}");
        assert_eq!(Turn::made_at(place), Some(at()), "{turn:?}");
    }
    assert!(first < Turn::Overdue.end() && Turn::Overdue.end() <= second);
    assert!(second < Turn::Resembles.end() && Turn::Resembles.end() <= now);
    // A turn ends where the next one begins, however old or young an item is.
    let made = |at: DateTime<Utc>, overdue| {
        QueueItem { at, ..of(ItemState::Open, overdue, &lane) }.place()
    };
    let (oldest, youngest) = (DateTime::UNIX_EPOCH, DateTime::<Utc>::MAX_UTC);
    assert_eq!(made(oldest, false), Turn::Overdue.end());
    assert_eq!(made(DateTime::<Utc>::MIN_UTC, false), Turn::Overdue.end());
    assert_eq!(made(youngest, true), Turn::Overdue.end() - 1);
    assert_eq!(made(youngest, false), Turn::Resembles.end() - 1);
    assert_eq!(Turn::InOrder.end(), i64::MAX);
    assert_eq!(Turn::made_at(Turn::Resembles.end()), Some(DateTime::UNIX_EPOCH));
    assert_eq!(Turn::made_at(i64::MAX), None);
}

#[test]
fn what_nobody_read_or_took_up_in_time_is_missed_once() {
    let until = at();
    let of = |disposition, state, read_by: Option<DateTime<Utc>>| QueueItem {
        disposition,
        read_by,
        ..item(state, None)
    };
    let (limit, file, route) = (Disposition::Limit, Disposition::File, Disposition::Route);
    for (disposition, state, read_by, is_unread) in [
        (limit, ItemState::Open, Some(until), true),
        (file, ItemState::Claimed, Some(until), true),
        (limit, ItemState::Read, Some(until), false),
        (file, ItemState::Closed, Some(until), false),
        (limit, ItemState::Open, None, true),
        (route, ItemState::Open, Some(until), true),
        (route, ItemState::Claimed, Some(until), false),
        (route, ItemState::Open, None, false),
        (Disposition::Deliver, ItemState::Open, Some(until), false),
    ] {
        let one = of(disposition, state, read_by);
        assert_eq!(one.is_unread(), is_unread, "{disposition:?} {state:?} {read_by:?}");
        let is_missed = is_unread && read_by.is_some();
        let overdue = QueueItem { overdue: true, ..one.clone() };
        assert_eq!(
            one.missed(until),
            is_missed.then(|| overdue.clone()),
            "{disposition:?} {state:?}"
        );
        assert_eq!(one.missed(until - chrono::TimeDelta::microseconds(1)), None);
        assert_eq!(overdue.missed(until), None);
    }
}
