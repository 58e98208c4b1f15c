//! What downstream has taken.

use super::Ground;
use super::facts::{at, karbon};

pub async fn what_was_delivered_is_remembered(ground: &dyn Ground) {
    let store = ground.gateway();
    let keys = ["c-1 a@x".to_owned(), "c-1 b@x".to_owned(), "c-2 a@x".to_owned()];
    assert_eq!(store.delivered(&karbon(), &[]).await.unwrap(), Vec::<bool>::new());
    for _ in 0..2 {
        let taken = vec![keys[0].clone(), keys[2].clone()];
        store.remember_delivered(&karbon(), taken, at(0)).await.unwrap();
    }
    store.remember_delivered(&karbon(), Vec::new(), at(0)).await.unwrap();
    let there = ground.gateway();
    assert_eq!(there.delivered(&karbon(), &keys).await.unwrap(), [true, false, true]);
}
