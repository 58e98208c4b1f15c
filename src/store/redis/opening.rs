//! Opening the store: by one link, or a gateway's, by one for each who asks.

use std::sync::{Arc, Mutex};

use secrecy::ExposeSecret;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::feed::Feed;
use super::ledgers::Ledgers;
use super::link::{Link, LinkFor, Master};
use super::replicas::Replicas;
use super::script::Scripts;
use super::{Redis, address, feed};
use crate::ports::StoreError;
use crate::ports::past::Stores;
use crate::runtime::limits::REDIS_PROBE_EVERY;
use crate::store::record::Codec;
use crate::store::settings::RedisSettings;

impl Redis {
    /// The store of a gateway, by a link for contacts and one for staff. Changes of people are read by staff's: a
    /// gateway whose link is late must know them too.
    ///
    /// # Errors
    /// As [`Redis::open`].
    pub fn open_for_each(
        settings: impl Into<RedisSettings>,
        codec: &Codec,
    ) -> Result<Stores, StoreError> {
        let settings: RedisSettings = settings.into();
        let (runtime, master) = (runtime()?, Master::unknown());
        let contacts = linked(LinkFor::Contacts, &settings, codec, &master)?;
        let staff = linked(LinkFor::Staff, &settings, codec, &master)?;
        let feed = Arc::new(Feed::new(Arc::clone(&staff)));
        let follower = runtime.spawn(feed::follow(Arc::clone(&feed)));
        let probers = [&contacts, &staff].map(|link| runtime.spawn(probe(Arc::clone(link))));
        let [of_contacts, of_staff] = probers;
        Ok(Stores {
            for_contacts: Redis::on(contacts, Arc::clone(&feed), vec![of_contacts]),
            for_staff: Redis::on(staff, feed, vec![of_staff, follower]),
        })
    }

    pub(super) fn by_one_link(
        whose: LinkFor,
        settings: &RedisSettings,
        codec: &Codec,
    ) -> Result<Arc<Self>, StoreError> {
        let runtime = runtime()?;
        let link = linked(whose, settings, codec, &Master::unknown())?;
        let feed = Arc::new(Feed::new(Arc::clone(&link)));
        let follower = runtime.spawn(feed::follow(Arc::clone(&feed)));
        let prober = runtime.spawn(probe(Arc::clone(&link)));
        Ok(Redis::on(link, feed, vec![follower, prober]))
    }

    fn on(link: Arc<Link>, feed: Arc<Feed>, tasks: Vec<JoinHandle<()>>) -> Arc<Self> {
        Arc::new(Redis {
            link,
            scripts: Scripts::new(),
            ledgers: Ledgers::default(),
            feed,
            whole: Mutex::default(),
            indexed: Mutex::default(),
            in_hand_entered: Mutex::default(),
            tasks,
        })
    }
}

fn runtime() -> Result<Handle, StoreError> {
    Handle::try_current()
        .map_err(|_| StoreError::Refused("the Redis store is opened inside a runtime".to_owned()))
}

fn linked(
    whose: LinkFor,
    settings: &RedisSettings,
    codec: &Codec,
    master: &Arc<Master>,
) -> Result<Arc<Link>, StoreError> {
    let address = address::parse(settings.url.expose_secret())?;
    let replicas = Replicas::new(settings.replicas_acknowledged);
    Ok(Arc::new(Link::new(whose, (address, master), replicas, codec.clone())?))
}

async fn probe(link: Arc<Link>) {
    let mut tick = tokio::time::interval(REDIS_PROBE_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        link.probe().await;
    }
}
