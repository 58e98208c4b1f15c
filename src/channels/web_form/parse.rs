//! What a submission says, only for matching: the bytes that are passed on are never touched.

use std::io;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use futures_util::StreamExt;

use super::found::{Found, text_of};
use super::settings::FormFields;
use super::submission::Submission;
use super::{disposition, json};
use crate::domain::contact::Attachment;
use crate::domain::percent;
use crate::runtime::limits::{FORM_FIELD_BYTES_MAX, FORM_PARTS_MAX};
use crate::runtime::tokens::hex;

/// A submission's fields, in one of the forms that pages and scripts send.
#[derive(Debug)]
pub struct Parsed {
    pub fields: Fields,
    /// Files of a multipart form. Their content is digested and never searched.
    pub files: Vec<Attachment>,
    /// SHA-256 of the content. For a multipart form that of its parts, since a browser draws a new
    /// boundary for the second click of a double click.
    pub content: [u8; 32],
}

#[derive(Debug)]
pub enum Fields {
    Read(Found),
    /// A content type that says nothing of fields, or a body that is not what its type says.
    Unread,
}

impl Fields {
    /// The values of a field, in order, blank ones left out.
    pub fn values(&self, field: &str) -> Vec<&str> {
        match self {
            Fields::Read(kept) => kept.values(field),
            Fields::Unread => Vec::new(),
        }
    }

    /// The words of all fields that the settings do not name, where they name none for the text.
    pub fn others(&self) -> &str {
        match self {
            Fields::Read(kept) => kept.others().trim_end(),
            Fields::Unread => "",
        }
    }

    /// Whether values were left out, so that what the handler takes may not be among those here.
    pub fn is_cut(&self) -> bool {
        matches!(self, Fields::Read(kept) if kept.is_cut())
    }
}

/// Which of a form's fields to keep.
fn wanted(names: &FormFields) -> Found {
    let FormFields { email, phone, account, text, subject, issue } = names;
    let named = [email, phone, account, text, subject, issue];
    Found::new(named.into_iter().filter_map(Option::as_deref), text.is_none())
}

/// The fields of a request's query that are named.
pub fn query(query: Option<&str>, names: &FormFields) -> Fields {
    let wanted = wanted(names).without_others();
    Fields::Read(urlencoded(query.unwrap_or_default().as_bytes(), wanted))
}

/// How a body holds its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyKind {
    Urlencoded,
    Json,
    /// With its boundary; `None`: none is given.
    Multipart(Option<String>),
}

impl BodyKind {
    /// The kind that a content type gives; `None`: one that says nothing of fields.
    pub fn of(content_type: &str) -> Option<Self> {
        let essence = content_type.split(';').next().unwrap_or_default();
        let essence = essence.trim().to_ascii_lowercase();
        match &*essence {
            "application/x-www-form-urlencoded" => Some(BodyKind::Urlencoded),
            "multipart/form-data" => {
                Some(BodyKind::Multipart(multer::parse_boundary(content_type).ok()))
            }
            "application/json" => Some(BodyKind::Json),
            essence if essence.ends_with("+json") => Some(BodyKind::Json),
            _ => None,
        }
    }
}

/// Reads the fields of a submission that are named, and the words of the others where no field is
/// named for the text. Nothing else is kept in memory.
///
/// # Errors
/// The spooled body can't be read again.
pub async fn parse(
    submission: &Submission,
    content_type: Option<&str>,
    names: &FormFields,
) -> io::Result<Parsed> {
    let unread = Parsed { fields: Fields::Unread, files: Vec::new(), content: submission.digest };
    Ok(match content_type.and_then(BodyKind::of) {
        Some(BodyKind::Urlencoded) => {
            let body = submission.in_memory().await?;
            Parsed { fields: Fields::Read(urlencoded(&body, wanted(names))), ..unread }
        }
        Some(BodyKind::Json) => {
            let body = submission.in_memory().await?;
            // What Windows puts in front of UTF-8, and lenient readers skip (RFC 8259 8.1).
            let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&body);
            let fields = json::read(text, wanted(names)).map_or(Fields::Unread, Fields::Read);
            Parsed { fields, ..unread }
        }
        Some(BodyKind::Multipart(Some(boundary))) => {
            let read = Box::pin(multipart(submission, boundary, wanted(names))).await?;
            read.unwrap_or(unread)
        }
        Some(BodyKind::Multipart(None)) | None => unread,
    })
}

/// A field with every byte escaped.
const ESCAPED_BYTES_MAX: usize = 3 * FORM_FIELD_BYTES_MAX;

/// Name and value pairs of `a=1&b=2` (WHATWG URL, "urlencoded parsing"), with a lenient reading of
/// other charsets than UTF-8.
fn urlencoded(body: &[u8], mut kept: Found) -> Found {
    let mut rest = Some(body);
    while let Some(body) = rest {
        let (pair, after) = match split_at_first(b'&', body) {
            Some((pair, after)) => (pair, Some(after)),
            None => (body, None),
        };
        rest = after;
        if !pair.is_empty() {
            let (name, value) = split_at_first(b'=', pair).unwrap_or((pair, &[]));
            // Text beyond the bound need not be made.
            let value = value.get(..ESCAPED_BYTES_MAX).unwrap_or(value);
            let name = name.get(..ESCAPED_BYTES_MAX).unwrap_or(name);
            kept.field(&text_of(&unescaped(name)), &text_of(&unescaped(value)));
        }
    }
    kept
}

/// The parts before and after the first such byte.
fn split_at_first(byte: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(byte, bytes)?;
    Some((bytes.get(..at)?, bytes.get(at + 1..)?))
}

/// `+` and `%XX` undone, in bytes: which characters they are is not known yet.
fn unescaped(escaped: &[u8]) -> Vec<u8> {
    let mut bytes = escaped.to_vec();
    for byte in &mut bytes {
        *byte = if *byte == b'+' { b' ' } else { *byte };
    }
    if memchr::memchr(b'%', &bytes).is_some() { percent::decoded(&bytes) } else { bytes }
}

/// The parts of a multipart form (RFC 7578), or `None` where there are too many, or none can be read.
///
/// A body whose last boundary is missing is closed here, as many handlers do; behind the last boundary
/// it says nothing. Where a part in the middle is broken, those in front of it count, and it is said that
/// there was more.
async fn multipart(
    submission: &Submission,
    boundary: String,
    mut kept: Found,
) -> io::Result<Option<Parsed>> {
    let closing = Bytes::from(format!("\r\n--{boundary}--\r\n"));
    let closing = futures_util::stream::once(async move { Ok(closing) });
    let stream = submission.stream().await?.chain(closing);
    let mut parts = multer::Multipart::new(stream, boundary);
    let mut files = Vec::new();
    let mut content = Context::new(&SHA256);
    for number in 0..FORM_PARTS_MAX {
        let part = match parts.next_field().await {
            Ok(part) => part,
            Err(_) if number == 0 => return Ok(None),
            Err(_) => {
                kept.cut_off();
                let content = submission.digest;
                return Ok(Some(Parsed { fields: Fields::Read(kept), files, content }));
            }
        };
        let Some(part) = part else {
            if number == 0 {
                // The boundary is nowhere.
                return Ok(None);
            }
            let content = finished(content);
            return Ok(Some(Parsed { fields: Fields::Read(kept), files, content }));
        };
        let names = disposition::names(part.headers());
        let name = names.first().map_or("", String::as_str);
        let file = part.file_name().map(ToOwned::to_owned);
        // Some handlers take a part whose file has no name for a field.
        let is_field = file.as_ref().is_none_or(String::is_empty);
        let Some((start, bytes, sum)) = read_part(part, is_field).await else {
            return Ok(None);
        };
        for piece in [name.as_bytes(), file.as_deref().unwrap_or_default().as_bytes(), &sum] {
            content.update(&(piece.len() as u64).to_be_bytes());
            content.update(piece);
        }
        match file {
            None => kept.field_of(&names, &text_of(&start)),
            // A file field that was left empty is sent as a nameless file of no bytes.
            Some(name) if name.is_empty() && bytes == 0 => {}
            Some(name) => {
                if is_field {
                    kept.field_of(&names, &text_of(&start));
                }
                files.push(Attachment { name, sha256: hex(&sum), bytes });
            }
        }
    }
    Ok(None)
}

/// A part's beginning (where it is wanted), size and SHA-256; `None` where it breaks off.
async fn read_part(part: multer::Field<'static>, wanted: bool) -> Option<(Vec<u8>, u64, [u8; 32])> {
    let mut start = Vec::new();
    let mut bytes = 0;
    let mut sum = Context::new(&SHA256);
    let mut pieces = part;
    while let Some(piece) = pieces.next().await {
        let piece = piece.ok()?;
        bytes += piece.len() as u64;
        sum.update(&piece);
        if wanted {
            let room = FORM_FIELD_BYTES_MAX.saturating_sub(start.len());
            start.extend(piece.iter().take(room));
        }
    }
    Some((start, bytes, finished(sum)))
}

fn finished(sum: Context) -> [u8; 32] {
    let mut digest = [0; 32];
    digest.copy_from_slice(sum.finish().as_ref());
    digest
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::*;
    use crate::channels::http::body::whole;
    use crate::runtime::limits::FORM_VALUES_MAX;

    async fn parsed(content_type: &str, body: &[u8]) -> Parsed {
        let folder = tempfile::tempdir().unwrap();
        let body = whole(Bytes::copy_from_slice(body));
        let submission =
            Submission::read(body, BytesMut::new(), 1 << 20, folder.path()).await.unwrap();
        let names = |name: &str| Some(name.to_owned());
        let names = FormFields {
            email: names("email"),
            text: names("text"),
            account: names("%"),
            subject: names("name"),
            issue: names("photo"),
            phone: None,
        };
        parse(&submission, Some(content_type), &names).await.unwrap()
    }

    #[tokio::test]
    async fn urlencoded_fields_keep_blanks_order_and_repeats() {
        let form = parsed(
            "application/x-www-form-urlencoded; charset=utf-8",
            b"email=a%40x.example&text=two+words%21&email=&email=b%40x.example&%=%zz",
        )
        .await;
        assert_eq!(form.fields.values("email"), ["a@x.example", "b@x.example"]);
        assert_eq!(form.fields.values("text"), ["two words!"]);
        assert_eq!(form.fields.values("%"), ["%zz"]);
    }

    #[test]
    fn what_is_escaped_and_what_only_looks_so() {
        for (escaped, meant) in [
            ("%41%2b+%2B", "A+ +"),
            ("100%", "100%"),
            ("%4", "%4"),
            ("%%41", "%A"),
            ("%4+1", "%4 1"),
            ("%C3%a9", "é"),
            ("%E9t", "ét"),
        ] {
            assert_eq!(text_of(&unescaped(escaped.as_bytes())), meant, "{escaped}");
        }
    }

    #[tokio::test]
    async fn another_charset_is_read_well_enough_to_match() {
        let form =
            parsed("application/x-www-form-urlencoded", b"name=Jos%E9&email=j@x.example").await;
        assert_eq!(form.fields.values("name"), ["José"]);
        assert_eq!(form.fields.values("email"), ["j@x.example"]);
    }

    const PARTS: &str = "--B\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\na@x.example\r\n\
        --B\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a.png\"\r\n\
        Content-Type: image/png\r\n\r\nemail=evil@x.example\r\n\
        --B\r\nContent-Disposition: form-data; name=\"none\"; filename=\"\"\r\n\r\n\r\n--B--\r\n";

    #[tokio::test]
    async fn files_are_digested_and_never_searched() {
        let form = parsed("multipart/form-data; boundary=B", PARTS.as_bytes()).await;
        assert_eq!(form.fields.values("email"), ["a@x.example"]);
        assert!(form.fields.values("photo").is_empty());
        assert_eq!(form.files.len(), 1);
        assert_eq!(form.files[0].name, "a.png");
        assert_eq!(form.files[0].bytes, 20);
        let sum = crate::runtime::tokens::sha256(b"email=evil@x.example");
        assert_eq!(form.files[0].sha256, hex(&sum));
    }

    #[tokio::test]
    async fn a_new_boundary_is_the_same_content_and_another_file_is_not() {
        let one = parsed("multipart/form-data; boundary=B", PARTS.as_bytes()).await;
        let again = PARTS.replace("--B", "--other");
        let again = parsed("multipart/form-data; boundary=other", again.as_bytes()).await;
        assert_eq!(one.content, again.content);
        let other = PARTS.replace("evil", "good");
        let other = parsed("multipart/form-data; boundary=B", other.as_bytes()).await;
        assert_ne!(one.content, other.content);
    }

    #[tokio::test]
    async fn a_multipart_body_without_its_last_boundary_is_read() {
        let content_type = "multipart/form-data; boundary=B";
        let last = PARTS.rfind("\r\n--B--").unwrap();
        for unclosed in [&PARTS[..last], &PARTS[..last + 2]] {
            let form = parsed(content_type, unclosed.as_bytes()).await;
            assert_eq!(form.fields.values("email"), ["a@x.example"], "{unclosed}");
            assert!(!form.fields.is_cut());
        }
        // Cut off in the middle of a boundary or of a part's head: what stands in front counts.
        let form = parsed(content_type, &PARTS.as_bytes()[..last + 5]).await;
        assert_eq!(form.fields.values("email"), ["a@x.example"]);
        assert!(form.fields.is_cut());
        let form = parsed(content_type, &PARTS.as_bytes()[..90]).await;
        assert_eq!(form.fields.values("email"), ["a@x.example"]);
        assert!(form.fields.is_cut());
        // In the middle of a field: as far as it goes.
        let form = parsed(content_type, &PARTS.as_bytes()[..58]).await;
        assert_eq!(form.fields.values("email"), ["a@x.e"]);
    }

    #[tokio::test]
    async fn what_is_not_what_it_says_is_unread() {
        for (content_type, body) in [
            ("application/json", "{\"email\":"),
            ("multipart/form-data; boundary=B", "email=a@x.example"),
            ("text/plain", "email=a@x.example"),
        ] {
            let form = parsed(content_type, body.as_bytes()).await;
            assert!(matches!(form.fields, Fields::Unread), "{content_type}");
        }
    }

    #[tokio::test]
    async fn of_millions_of_values_a_bounded_number_is_kept_and_the_rest_is_seen() {
        let many = FORM_VALUES_MAX + 1;
        let pairs: String = (0..many).map(|at| format!("email=a{at}@x.example&")).collect();
        let members: String =
            (0..many).map(|at| format!("\"email\":\"a{at}@x.example\",")).collect();
        for (content_type, body) in [
            ("application/x-www-form-urlencoded", pairs),
            ("application/json", format!("{{{members}\"x\":1}}")),
        ] {
            let form = parsed(content_type, body.as_bytes()).await;
            assert_eq!(form.fields.values("email").len(), FORM_VALUES_MAX, "{content_type}");
            assert!(form.fields.is_cut());
        }
        let same =
            parsed("application/json", b"{\"email\":[0,0,0,0,\"\",{\"x\":[]}],\"q\":[9]}").await;
        assert_eq!(same.fields.values("email"), ["0"]);
        assert!(!same.fields.is_cut() && same.fields.others().is_empty());
    }
}
