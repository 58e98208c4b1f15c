//! Where a settled contact is routed to.

use crate::domain::channel::Channel;
use crate::domain::decision::Route;
use crate::domain::organisation::Organisation;
use crate::domain::queue;

/// The route to one of the organisation's queues.
pub(super) fn queue_route(organisation: &Organisation, queue: &str) -> Route {
    Route {
        queue: queue.to_owned(),
        name: None,
        email: organisation.queue_mailboxes.get(queue).cloned(),
        phone: None,
        sip: None,
        then: Vec::new(),
    }
}

/// The route of a safeguard. A call about an emergency is put through to the emergency number.
pub(super) fn safeguard_route(organisation: &Organisation, queue: &str, channel: Channel) -> Route {
    let mut route = queue_route(organisation, queue);
    if channel == Channel::Telephone && queue == queue::EMERGENCY {
        let (number, sip) = organisation
            .emergency
            .iter()
            .cloned()
            .partition::<Vec<String>, _>(|line| line.starts_with('+'));
        (route.phone, route.sip) = (number.into_iter().next(), sip.into_iter().next());
    }
    route
}
