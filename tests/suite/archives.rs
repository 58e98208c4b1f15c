//! What an archive is, for each kind of ground that it may be on; and an archive on S3 with a server that fails.

mod contract;
mod copied;
mod gateways;
mod refused;
mod rekeyed;
pub mod server;
mod troubles;

/// An original that no item knows; its reference.
async fn stray(buckets: &server::Buckets, prefix: &str) -> String {
    use contact_gateway::ports::Archive;
    let state = tempfile::tempdir().unwrap();
    let settings = buckets.settings(prefix);
    let archive = contact_gateway::store::archive::s3::S3Archive::open(&settings, state.path());
    let original = contact_gateway::ports::Original::Bytes(bytes::Bytes::from_static(b"stray"));
    let owner = contact_gateway::ports::Owner::contact("a stray contact");
    let karbon = contact_gateway::domain::organisation::OrganisationId::new("karbon");
    archive.await.unwrap().keep(&karbon, owner, original).await.unwrap().reference().unwrap()
}
