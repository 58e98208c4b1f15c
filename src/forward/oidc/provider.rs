//! One provider: what it says of itself, and the two halves of a sign-in.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim,
    CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreResponseType,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AccessToken, AuthType, AuthenticationFlow, AuthorizationCode, Client, ClientId, ClientSecret,
    CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields,
    IssuerUrl, LogoutRequest, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier,
    PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl, RequestTokenError, Scope,
    StandardErrorResponse, StandardTokenResponse, TokenResponse,
};
use secrecy::ExposeSecret;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use super::answer::{self, Claims, Others, Token, UserInfo, Wrong};
use super::flow::{self, Flow};
use super::http::{Http, NoAnswer};
use super::settings::ProviderSettings;
use crate::domain::provider::Claimed;
use crate::ports::{Departure, Errand, IdentityProvider, ProviderFault, Returned};
use crate::runtime::http_client::{NoAuthorities, is_private};
use crate::runtime::limits::{PROVIDER_AWAY_AGE, PROVIDER_DESCRIPTION_AGE};
use crate::runtime::sealed::Seal;

type Fields = IdTokenFields<
    Others,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Tokens = StandardTokenResponse<Fields, CoreTokenType>;
type Refusal = StandardErrorResponse<CoreErrorResponseType>;
/// The console, as the provider's client.
type Relying = Client<
    Others,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    Refusal,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What a provider says of itself: its addresses and keys (OpenID Connect Discovery 1.0).
type Description = Arc<ProviderMetadataWithLogout>;

/// What came of asking a provider about itself.
struct Asked {
    answer: Result<Description, ProviderFault>,
    at: Instant,
}

impl Asked {
    fn holds(&self) -> bool {
        let age = match self.answer {
            Ok(_) => PROVIDER_DESCRIPTION_AGE,
            Err(_) => PROVIDER_AWAY_AGE,
        };
        self.at.elapsed() < age
    }
}

/// What keeps a provider from being used at all.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    #[error(transparent)]
    NoAuthorities(#[from] NoAuthorities),
    #[error("provider `{0}`: {1}")]
    Settings(String, &'static str),
}

/// A provider by its address.
pub struct OpenIdProvider {
    settings: ProviderSettings,
    issuer: IssuerUrl,
    callback: RedirectUrl,
    http: Http,
    seal: Seal,
    /// What it was last asked about itself.
    asked: Mutex<Option<Asked>>,
}

impl OpenIdProvider {
    /// Asks the provider nothing yet: one that is away keeps no gateway from starting.
    ///
    /// # Errors
    /// [`Unusable`]
    pub fn new(settings: ProviderSettings) -> Result<Self, Unusable> {
        let unusable = |why| Unusable::Settings(settings.name.clone(), why);
        let issuer = IssuerUrl::new(settings.issuer.clone())
            .map_err(|_| unusable("its issuer is not a URL"))?;
        let callback = RedirectUrl::new(settings.callback())
            .map_err(|_| unusable("staff.public_url is not a URL"))?;
        let seal = flow::seal(&settings).ok_or_else(|| {
            unusable(
                "no key can be made from its \
            secret",
            )
        })?;
        let http = Http::new(issuer.url().scheme() == "https")?;
        Ok(OpenIdProvider { settings, issuer, callback, http, seal, asked: Mutex::new(None) })
    }

    fn client_id(&self) -> ClientId {
        ClientId::new(self.settings.client_id.clone())
    }

    async fn described(&self) -> Result<Description, ProviderFault> {
        // Who comes meanwhile waits for the one question, and shares what comes of it: a failure too.
        let mut asked = self.asked.lock().await;
        if let Some(asked) = asked.as_ref().filter(|asked| asked.holds()) {
            return asked.answer.clone();
        }
        let described =
            ProviderMetadataWithLogout::discover_async(self.issuer.clone(), &self.http).await;
        let answer = described.map(Arc::new).map_err(|error| {
            tracing::warn!(provider = self.settings.name, %error, "no description of the provider");
            ProviderFault::Away("no description")
        });
        *asked = Some(Asked { answer: answer.clone(), at: Instant::now() });
        answer
    }

    /// The description after an old one: asked for again, unless somebody else did so meanwhile.
    async fn described_since(&self, old: &Description) -> Result<Description, ProviderFault> {
        let is_old = |asked: &mut Asked| {
            asked.answer.as_ref().is_ok_and(|description| Arc::ptr_eq(description, old))
        };
        self.asked.lock().await.take_if(is_old);
        self.described().await
    }

    fn relying(&self, description: &ProviderMetadataWithLogout) -> Relying {
        let secret = ClientSecret::new(self.settings.client_secret.expose_secret().to_owned());
        let relying =
            Relying::from_provider_metadata(description.clone(), self.client_id(), Some(secret))
                .set_redirect_uri(self.callback.clone());
        // By RFC 6749 2.3.1 every provider takes the secret in a header, unless it says otherwise.
        let taken = description.token_endpoint_auth_methods_supported();
        let in_header = taken.is_none_or(|taken| {
            taken.contains(&CoreClientAuthMethod::ClientSecretBasic)
                || !taken.contains(&CoreClientAuthMethod::ClientSecretPost)
        });
        let way = if in_header { AuthType::BasicAuth } else { AuthType::RequestBody };
        relying.set_auth_type(way)
    }

    async fn tokens(
        &self,
        relying: &Relying,
        code: String,
        verifier: String,
    ) -> Result<Tokens, ProviderFault> {
        let exchange = relying
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|_| ProviderFault::Away("it names no token endpoint"))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier));
        exchange.request_async(&self.http).await.map_err(|error| self.no_tokens(&error))
    }

    fn no_tokens(&self, error: &RequestTokenError<NoAnswer, Refusal>) -> ProviderFault {
        match error {
            // The code is not one of its own, was used, or is too old.
            RequestTokenError::ServerResponse(refusal)
                if *refusal.error() == CoreErrorResponseType::InvalidGrant =>
            {
                ProviderFault::Untrusted("code")
            }
            RequestTokenError::ServerResponse(refusal) => {
                let code = refusal.error();
                tracing::warn!(provider = self.settings.name, %code, "it refuses the console");
                ProviderFault::Away("it refuses client_id or client_secret")
            }
            RequestTokenError::Request(_) => ProviderFault::Away("no answer"),
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                ProviderFault::Untrusted("token")
            }
        }
    }

    /// The claims of a token that is right. With a key that is not known, the provider is asked for its keys again,
    /// once: it may have changed them since.
    async fn trusted<'t>(
        &self,
        token: &'t Token,
        description: &Description,
        (nonce, access): (&str, &AccessToken),
        now: DateTime<Utc>,
    ) -> Result<&'t Claims, ProviderFault> {
        let client = self.client_id();
        let to_fit = (&client, nonce, access);
        let relying = self.relying(description);
        match answer::checked(token, relying.id_token_verifier(), to_fit, now) {
            Err(Wrong::Key) => {
                let relying = self.relying(self.described_since(description).await?.as_ref());
                Ok(answer::checked(token, relying.id_token_verifier(), to_fit, now)?)
            }
            checked => Ok(checked?),
        }
    }

    /// What the userinfo endpoint adds, of the same subject; none: there is no such endpoint.
    async fn more(
        &self,
        relying: &Relying,
        access: &AccessToken,
        claims: &Claims,
    ) -> Result<Option<UserInfo>, ProviderFault> {
        let subject = Some(claims.subject().clone());
        let Ok(asked) = relying.user_info(access.clone(), subject) else { return Ok(None) };
        let more = asked.request_async::<Others, _, CoreGenderClaim>(&self.http).await;
        more.map(Some).map_err(|_| ProviderFault::Away("userinfo"))
    }
}

#[async_trait]
impl IdentityProvider for OpenIdProvider {
    async fn depart(&self, errand: Errand, now: DateTime<Utc>) -> Result<Departure, ProviderFault> {
        let description = self.described().await?;
        let no_random = ProviderFault::Away("no random bytes");
        let flow = Flow::new(errand, now).ok_or(no_random)?;
        let cookie = flow.sealed(&self.seal).ok_or(no_random)?;
        let (state, nonce) = (CsrfToken::new(flow.state), Nonce::new(flow.nonce));
        let verifier = PkceCodeVerifier::new(flow.verifier);
        let relying = self.relying(&description);
        let code_flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let (url, ..) = relying
            .authorize_url(code_flow, move || state, move || nonce)
            .add_scopes(self.settings.scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        if !is_private(&url) {
            return Err(ProviderFault::Away("its sign-in page is not https"));
        }
        Ok(Departure { url: url.into(), cookie })
    }

    async fn arrive(
        &self,
        cookie: Option<&str>,
        returned: Returned,
        now: DateTime<Utc>,
    ) -> Result<(Errand, Claimed), ProviderFault> {
        let flow = Flow::of_cookie(&self.seal, cookie, now)?;
        let code = flow.code_of(returned, &self.settings.issuer)?;
        let description = self.described().await?;
        let relying = self.relying(&description);
        let tokens = self.tokens(&relying, code, flow.verifier).await?;
        let token = tokens.id_token().ok_or(ProviderFault::Untrusted("token"))?;
        let access = tokens.access_token();
        let claims = self.trusted(token, &description, (&flow.nonce, access), now).await?;
        let more = match answer::lacks(claims, &self.settings.groups_claim) {
            true => self.more(&relying, access, claims).await?,
            false => None,
        };
        Ok((flow.errand, answer::claimed(claims, more.as_ref(), &self.settings.groups_claim)))
    }

    async fn farewell(&self, back: &str) -> Option<String> {
        let description = self.described().await.ok()?;
        let end = description.additional_metadata().end_session_endpoint.clone()?;
        let back = PostLogoutRedirectUrl::new(back.to_owned()).ok()?;
        let url: Url = LogoutRequest::from(end)
            .set_client_id(self.client_id())
            .set_post_logout_redirect_uri(back)
            .http_get_url();
        is_private(&url).then(|| url.into())
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::domain::organisation::OrganisationId;
    use crate::domain::provider::{Admission, Unknown};
    use crate::runtime::limits::PROVIDER_WAIT;

    fn provider(issuer: String) -> OpenIdProvider {
        let admission = Admission {
            roles: Vec::new(),
            unknown: Unknown::Refuse,
            methods: Vec::new(),
            contexts: Vec::new(),
        };
        OpenIdProvider::new(ProviderSettings {
            name: "entra".to_owned(),
            issuer,
            client_id: "console".to_owned(),
            client_secret: SecretString::from("a secret"),
            scopes: Vec::new(),
            groups_claim: "groups".to_owned(),
            public_url: "https://desk.example".to_owned(),
            admission,
            label: None,
            label_welsh: None,
        })
        .unwrap()
    }

    // By the runtime's own clock, which goes on at once when everybody waits.
    #[tokio::test(start_paused = true)]
    async fn while_a_provider_hangs_everybody_waits_for_one_question() {
        // Connections are made, and never read.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let provider = provider(format!("http://{}", silent.local_addr().unwrap()));
        let depart = || {
            let errand = Errand {
                organisation: OrganisationId::new("karbon"),
                next: "/".to_owned(),
                invitation: None,
            };
            provider.depart(errand, DateTime::UNIX_EPOCH)
        };
        let away = Some(ProviderFault::Away("no description"));
        let began = Instant::now();
        let (one, two, three) = tokio::join!(depart(), depart(), depart());
        for none in [one, two, three, depart().await] {
            assert_eq!(none.err(), away);
        }
        assert_eq!(provider.farewell("https://desk.example").await, None);
        assert!(began.elapsed() < 2 * PROVIDER_WAIT, "{:?}", began.elapsed());
        // After a while it is asked again.
        tokio::time::advance(PROVIDER_AWAY_AGE).await;
        assert_eq!(depart().await.err(), away);
        let waited = began.elapsed();
        assert!(waited >= 2 * PROVIDER_WAIT + PROVIDER_AWAY_AGE, "{waited:?}");
    }
}
