//! What the edges behind the contacts listener share: bodies and answers, problems, pages, the way to an
//! upstream, and answers that are given again.

pub mod answer;
pub mod apart;
pub mod body;
pub mod fields;
pub mod look;
pub mod once;
pub mod page;
pub mod path;
pub mod patient;
pub mod problem;
pub mod routes;
pub mod to_the_end;
pub mod upstream;

use std::net::IpAddr;

use hyper::Request;
use hyper::http::Extensions;

use crate::runtime::http_server::Peer;

/// The peer of a request's connection.
pub fn peer<B>(request: &Request<B>) -> Option<IpAddr> {
    peer_of(request.extensions())
}

/// The same, of a request that was taken apart.
pub fn peer_of(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<Peer>().map(|Peer(address)| address.ip())
}
