//! The API's own document (OpenAPI 3.1): what the handlers say of themselves, and what holds for
//! all of them.

use std::sync::Arc;

use utoipa::OpenApi as Describe;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, ContentBuilder, OpenApi, PathItem, Ref, RefOr};

use super::shape;

#[derive(Describe)]
#[openapi(
    info(
        title = "contact-gateway",
        description = "The staff side: log contacts, see why each was decided as it was, work the \
            queues, keep people and restrictions, read the audit trail. A token opens one \
            organisation, and what its role's duties allow; `program` logs and previews contacts and \
            asks whether somebody may be contacted. Errors are problem details (RFC 9457); `type` is \
            `urn:contact-gateway:problem:` and one of: sign-in-needed, token-expired, \
            too-many-sign-ins, other-organisation, role-not-allowed, not-found, moved, method-not-allowed, \
            malformed-json, unknown-key, invalid-body, invalid-query, invalid-record, refused, \
            body-too-large, exists, ambiguous, item-done, item-not-done, item-claimed, nothing-kept, \
            own-message, original-missing, original-altered, \
            release-under-way, step-refused, step-needed, template-refused, contended, not-delivered, store-unavailable, no-room, too-slow, internal.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(shape::Problem)),
    tags(
        (name = "contacts", description = "Letters, visits, posts and chats, logged by staff or programs"),
        (name = "people", description = "People on record and their restrictions"),
        (name = "cases", description = "From incident to lifted restriction: case files, steps, diary, figures"),
        (name = "queues", description = "Contacts waiting for staff, each with its reason"),
        (name = "audit", description = "What was decided and done, by whom, when"),
        (name = "events", description = "Events that other systems did not accept"),
        (name = "letters", description = "How letters are worded"),
        (name = "tokens", description = "Tokens of programs, each shown once"),
        (name = "monitoring", description = "Metrics, health, this document"),
    )
)]
struct Described;

/// The document before the routes are added to it.
pub(in crate::staff) fn described() -> OpenApi {
    Described::openapi()
}

/// The whole document as JSON, with what applies to every route: the token, and how a problem looks.
pub(in crate::staff) fn written(mut document: OpenApi) -> Arc<str> {
    let components = document.components.get_or_insert_with(Components::new);
    components
        .add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    for (path, item) in &mut document.paths.paths {
        let open = path.starts_with("/health/");
        for operation in operations(item) {
            describe_problems(operation);
            if !open {
                operation.security =
                    Some(vec![utoipa::openapi::security::SecurityRequirement::new::<
                        _,
                        [&str; 0],
                        &str,
                    >("token", [])]);
            }
        }
    }
    // The document is made of plain values: writing it can't fail, and an empty one is a test's
    // failure.
    Arc::from(document.to_json().unwrap_or_default())
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete]
        .into_iter()
        .filter_map(Option::as_mut)
}

fn describe_problems(operation: &mut Operation) {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let problem = ResponseBuilder::new()
        .description("A problem (RFC 9457)")
        .content("application/problem+json", content)
        .build();
    operation.responses.responses.insert("default".to_owned(), RefOr::T(problem));
}
