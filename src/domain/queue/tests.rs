//! Opening again, and what a note says.

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
