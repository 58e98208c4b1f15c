//! Requests to a server that speaks S3: signed by `rusty-s3`, sent by the HTTP client that the gateway has, tried
//! again where that may help, and bounded in time and number.
//!
//! A request that was signed is as good as its credentials for a while: no URL is ever shown.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, ETAG, USER_AGENT};
use hyper::{Method, Request, Response, StatusCode};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rusty_s3::{Bucket, Credentials, S3Action};
use secrecy::ExposeSecret;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::io::ReaderStream;

use super::fault::S3Fault;
use crate::ports::{Original, StoreError};
use crate::runtime::hashed::Hashed;
use crate::runtime::http_client::connector;
use crate::runtime::limits::{
    ARCHIVE_PIECE_BYTES, ARCHIVE_S3_BYTES_PER_SECOND_MIN, ARCHIVE_S3_IDLE_MAX,
    ARCHIVE_S3_LEFT_ALONE, ARCHIVE_S3_OBJECT_BYTES_MAX, ARCHIVE_S3_PAUSE, ARCHIVE_S3_REQUESTS_MAX,
    ARCHIVE_S3_SIGNED_FOR, ARCHIVE_S3_TEXT_BYTES_MAX, ARCHIVE_S3_TRIES_MAX, ARCHIVE_S3_WAIT,
};
use crate::runtime::tokens::unhex;
use crate::store::settings::S3Settings;

type Body = UnsyncBoxBody<Bytes, io::Error>;
/// Header fields that are signed too.
type Fields = Vec<(&'static str, String)>;

pub(super) struct Wire {
    client: Client<HttpsConnector<HttpConnector>, Body>,
    bucket: Bucket,
    credentials: Credentials,
    /// What every object's name begins with: empty, or with a slash at its end.
    prefix: String,
    pub(super) shown: String,
    turns: Semaphore,
    /// Until when nothing is asked, and what came of asking last.
    left_alone: Mutex<Option<(Instant, S3Fault)>>,
}

/// The request, by the object's name without the archive's prefix.
#[derive(Clone, Copy)]
pub(super) enum Ask<'a> {
    Head(&'a str),
    Get(&'a str),
    /// So many bytes of its beginning.
    Begin(&'a str, u64),
    Put {
        name: &'a str,
        original: &'a Original,
        hashed: &'a Hashed,
        only: Only<'a>,
    },
    Delete(&'a str),
    /// A page of those whose names begin so, behind a page's token.
    List(&'a str, Option<&'a str>),
}

/// Which object a new one may take the place of.
#[derive(Clone, Copy)]
pub(super) enum Only<'a> {
    /// None: the first of several that come at once stays.
    IfNew,
    /// The one that was read, if it is still there.
    IfStill(&'a ETag),
    Any,
}

/// What tells an object from an earlier or later one of its name (RFC 9110 8.8.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ETag(String);

impl ETag {
    fn of(answer: &Response<Incoming>) -> Option<Self> {
        answer.headers().get(ETAG)?.to_str().ok().map(|tag| ETag(tag.to_owned()))
    }
}

/// An object, or as much of it as was asked for.
pub(super) struct Got {
    pub(super) bytes: Bytes,
    pub(super) tag: Option<ETag>,
}

/// An object that was stored.
pub(super) struct Stored {
    pub(super) tag: Option<ETag>,
}

impl Wire {
    /// # Errors
    /// `Refused`: the address can't be one, or this machine knows no certificate authority.
    pub(super) fn new(settings: &S3Settings) -> Result<Self, StoreError> {
        let shown = settings.shown();
        let bucket = settings.addressed().ok_or_else(|| {
            StoreError::Refused(format!("{shown} can't be addressed at [archive] endpoint"))
        })?;
        let connector = connector(settings.endpoint.scheme() == "https")
            .map_err(|fault| StoreError::Refused(fault.to_string()))?;
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(ARCHIVE_S3_IDLE_MAX)
            .build(connector);
        let (key, secret) = (settings.access_key_id.expose_secret(), &settings.secret_access_key);
        let credentials = match &settings.session_token {
            Some(token) => {
                Credentials::new_with_token(key, secret.expose_secret(), token.expose_secret())
            }
            None => Credentials::new(key, secret.expose_secret()),
        };
        let prefix = match settings.prefix.as_str() {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        let (turns, left_alone) = (Semaphore::new(ARCHIVE_S3_REQUESTS_MAX), Mutex::default());
        Ok(Wire { client, bucket, credentials, prefix, shown, turns, left_alone })
    }

    /// How long an object is; `None`: it is not there.
    pub(super) async fn length(&self, name: &str) -> Result<Option<u64>, S3Fault> {
        let found = self.asked(Ask::Head(name)).await?;
        Ok(found.map(|answer| content_length(&answer).unwrap_or_default()))
    }

    /// The tag of an object; `None`: it is not there.
    pub(super) async fn tag(&self, name: &str) -> Result<Option<Option<ETag>>, S3Fault> {
        Ok(self.asked(Ask::Head(name)).await?.as_ref().map(ETag::of))
    }

    /// The content of an object; `None`: it is not there.
    pub(super) async fn bytes(&self, name: &str) -> Result<Option<Bytes>, S3Fault> {
        Ok(self.whole(name).await?.map(|got| got.bytes))
    }

    /// As [`Wire::bytes`], with its tag.
    pub(super) async fn whole(&self, name: &str) -> Result<Option<Got>, S3Fault> {
        self.read(Ask::Get(name), ARCHIVE_S3_OBJECT_BYTES_MAX).await
    }

    /// So many bytes of an object's beginning, or all; `None`: it is not there.
    pub(super) async fn begins(&self, name: &str, bytes: u64) -> Result<Option<Got>, S3Fault> {
        // A server that knows no ranges sends all of it.
        self.read(Ask::Begin(name, bytes), ARCHIVE_S3_OBJECT_BYTES_MAX).await
    }

    /// Stores an object. `None`: it may not take the place of what is there, or no longer is.
    pub(super) async fn put(
        &self,
        name: &str,
        original: &Original,
        hashed: &Hashed,
        only: Only<'_>,
    ) -> Result<Option<Stored>, S3Fault> {
        match self.asked(Ask::Put { name, original, hashed, only }).await {
            Ok(Some(answer)) => Ok(Some(Stored { tag: ETag::of(&answer) })),
            // Amazon's answer where an object with this tag was asked for, and there is none at all.
            Ok(None) if matches!(only, Only::IfStill(_)) => Ok(None),
            // Any other 404 of a PUT: the bucket is not there.
            Ok(None) => Err(S3Fault::NoBucket),
            Err(S3Fault::Refused(code)) if code == "PreconditionFailed" || code == "412" => {
                Ok(None)
            }
            Err(fault) => Err(fault),
        }
    }

    pub(super) async fn delete(&self, name: &str) -> Result<(), S3Fault> {
        self.asked(Ask::Delete(name)).await.map(drop)
    }

    /// A page of a listing, as XML.
    pub(super) async fn page(&self, below: &str, token: Option<&str>) -> Result<String, S3Fault> {
        let most = ARCHIVE_S3_TEXT_BYTES_MAX as u64;
        let page = self.read(Ask::List(below, token), most).await?.ok_or(S3Fault::NoBucket)?;
        String::from_utf8(page.bytes.into()).map_err(|_| S3Fault::Unreadable)
    }

    /// What a listing calls an object, without the archive's prefix.
    pub(super) fn without_prefix<'a>(&self, key: &'a str) -> Option<&'a str> {
        key.strip_prefix(&self.prefix)
    }

    async fn asked(&self, ask: Ask<'_>) -> Result<Option<Response<Incoming>>, S3Fault> {
        let bytes = match ask {
            Ask::Put { hashed, .. } => hashed.bytes,
            _ => 0,
        };
        let _turn = self.turn().await?;
        self.within(bytes, self.tried(ask)).await
    }

    async fn read(&self, ask: Ask<'_>, most: u64) -> Result<Option<Got>, S3Fault> {
        let _turn = self.turn().await?;
        for left in (0..ARCHIVE_S3_TRIES_MAX).rev() {
            let Some(answer) = self.within(0, self.tried(ask)).await? else { return Ok(None) };
            let said = content_length(&answer);
            let bytes = said.unwrap_or(most);
            if bytes > most {
                return Err(S3Fault::Unreadable);
            }
            let tag = ETag::of(&answer);
            let body =
                Limited::new(answer.into_body(), usize::try_from(most).unwrap_or(usize::MAX));
            let read = gathered(body, said.and_then(|said| usize::try_from(said).ok()));
            match self.within(bytes, read).await {
                Err(fault) if fault.passes() && left > 0 => {}
                read => return read.map(|bytes| Some(Got { bytes, tag })),
            }
        }
        Err(S3Fault::Broken)
    }

    async fn turn(&self) -> Result<tokio::sync::SemaphorePermit<'_>, S3Fault> {
        if let Some((until, fault)) = self.left_alone().clone()
            && Instant::now() < until
        {
            return Err(fault);
        }
        let turn = tokio::time::timeout(ARCHIVE_S3_WAIT, self.turns.acquire()).await;
        turn.map_err(|_| S3Fault::Slow)?.map_err(|_| S3Fault::Broken)
    }

    fn left_alone(&self) -> std::sync::MutexGuard<'_, Option<(Instant, S3Fault)>> {
        self.left_alone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for an answer as long as so many bytes may take.
    async fn within<T>(
        &self,
        bytes: u64,
        asking: impl Future<Output = Result<T, S3Fault>>,
    ) -> Result<T, S3Fault> {
        let longer = Duration::from_secs(bytes / ARCHIVE_S3_BYTES_PER_SECOND_MIN);
        let answer = tokio::time::timeout(ARCHIVE_S3_WAIT + longer, asking).await;
        let answer = answer.unwrap_or(Err(S3Fault::Slow));
        *self.left_alone() = match &answer {
            Err(fault) if fault.is_silence() => {
                Some((Instant::now() + ARCHIVE_S3_LEFT_ALONE, fault.clone()))
            }
            _ => None,
        };
        answer
    }

    /// `None`: the object is not there.
    async fn tried(&self, ask: Ask<'_>) -> Result<Option<Response<Incoming>>, S3Fault> {
        let mut pause = ARCHIVE_S3_PAUSE;
        for left in (0..ARCHIVE_S3_TRIES_MAX).rev() {
            match self.once(ask).await {
                Err(fault) if fault.passes() && left > 0 => {}
                answer => return answer,
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        Err(S3Fault::Broken)
    }

    async fn once(&self, ask: Ask<'_>) -> Result<Option<Response<Incoming>>, S3Fault> {
        let request = self.request(ask).await?;
        let answer = self.client.request(request).await.map_err(|error| {
            if error.is_connect() { S3Fault::Unreached } else { S3Fault::Broken }
        })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(Some(answer));
        }
        let body = Limited::new(answer.into_body(), ARCHIVE_S3_TEXT_BYTES_MAX).collect().await;
        let text = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let fault = S3Fault::of(status, &String::from_utf8_lossy(&text));
        match fault {
            S3Fault::NoBucket => Err(fault),
            _ if status == StatusCode::NOT_FOUND => Ok(None),
            // RFC 9110 15.5.17: an empty object has no beginning.
            _ if status == StatusCode::RANGE_NOT_SATISFIABLE => Ok(None),
            fault => Err(fault),
        }
    }

    async fn request(&self, ask: Ask<'_>) -> Result<Request<Body>, S3Fault> {
        let (bucket, by) = (&self.bucket, Some(&self.credentials));
        let key = |name: &str| format!("{}{name}", self.prefix);
        let (method, url, fields, body) = match ask {
            Ask::Head(name) => {
                let (url, fields) = signed(bucket.head_object(by, &key(name)), Vec::new());
                (Method::HEAD, url, fields, nothing())
            }
            Ask::Get(name) => {
                let (url, fields) = signed(bucket.get_object(by, &key(name)), Vec::new());
                (Method::GET, url, fields, nothing())
            }
            Ask::Begin(name, bytes) => {
                let range = vec![("range", format!("bytes=0-{}", bytes.saturating_sub(1)))];
                let (url, fields) = signed(bucket.get_object(by, &key(name)), range);
                (Method::GET, url, fields, nothing())
            }
            Ask::Put { name, original, hashed, only } => {
                let (url, fields) = signed(bucket.put_object(by, &key(name)), of_put(hashed, only));
                (Method::PUT, url, fields, sent(original).await?)
            }
            Ask::Delete(name) => {
                let (url, fields) = signed(bucket.delete_object(by, &key(name)), Vec::new());
                (Method::DELETE, url, fields, nothing())
            }
            Ask::List(below, token) => {
                let mut list = bucket.list_objects_v2(by);
                list.with_prefix(key(below));
                if let Some(token) = token {
                    list.with_continuation_token(token);
                }
                let (url, fields) = signed(list, Vec::new());
                (Method::GET, url, fields, nothing())
            }
        };
        let mut request = Request::builder()
            .method(method)
            .uri(url.as_str())
            .header(USER_AGENT, concat!("contact-gateway/", env!("CARGO_PKG_VERSION")));
        for (name, value) in fields {
            request = request.header(name, value);
        }
        if let Ask::Put { hashed, .. } = ask {
            request = request.header(CONTENT_LENGTH, hashed.bytes);
        }
        request.body(body).map_err(|_| S3Fault::Unreadable)
    }
}

fn signed<'a>(mut action: impl S3Action<'a>, fields: Fields) -> (url::Url, Fields) {
    for (name, value) in &fields {
        action.headers_mut().insert(*name, value.clone());
    }
    (action.sign(ARCHIVE_S3_SIGNED_FOR), fields)
}

/// The checksum is signed, and the server compares it with the bytes that arrive.
fn of_put(hashed: &Hashed, only: Only<'_>) -> Fields {
    let mut fields = vec![
        ("x-amz-checksum-sha256", base64_of(&hashed.sha256)),
        ("x-amz-sdk-checksum-algorithm", "SHA256".to_owned()),
    ];
    match only {
        Only::IfNew => fields.push(("if-none-match", "*".to_owned())),
        Only::IfStill(tag) => fields.push(("if-match", tag.0.clone())),
        Only::Any => {}
    }
    fields
}

/// A digest in hexadecimal as header fields have it.
fn base64_of(hex: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(unhex(hex).unwrap_or_default())
}

fn nothing() -> Body {
    Empty::<Bytes>::new().map_err(|never| match never {}).boxed_unsync()
}

/// The bytes of an original; a file's are read as they are sent.
async fn sent(original: &Original) -> Result<Body, S3Fault> {
    match original {
        Original::Bytes(bytes) => {
            Ok(Full::new(bytes.clone()).map_err(|never| match never {}).boxed_unsync())
        }
        Original::File(path) => {
            let file = tokio::fs::File::open(path).await;
            let file = file.map_err(|error| S3Fault::Local(error.kind()))?;
            let pieces = ReaderStream::with_capacity(file, ARCHIVE_PIECE_BYTES);
            Ok(StreamBody::new(pieces.map_ok(Frame::data)).boxed_unsync())
        }
    }
}

fn content_length(answer: &Response<Incoming>) -> Option<u64> {
    answer.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A whole answer, in memory once: where its length is known it is gathered in one place.
async fn gathered(body: Limited<Incoming>, expected: Option<usize>) -> Result<Bytes, S3Fault> {
    let mut body = body;
    let mut whole = BytesMut::with_capacity(expected.unwrap_or_default());
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(|_| S3Fault::Broken)?.into_data() {
            whole.extend_from_slice(&data);
        }
    }
    Ok(whole.freeze())
}
