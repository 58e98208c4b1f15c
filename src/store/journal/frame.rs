//! Frames: how a payload is written so that a torn or damaged one is recognised.

use crate::runtime::limits::JOURNAL_ENTRY_BYTES_MAX;
use crate::runtime::tokens::sha256;

const MAGIC: &[u8; 4] = b"CGJ1";
const CHECKSUM_BYTES: usize = 8;
/// Magic, length, checksum.
pub(super) const HEAD_BYTES: usize = MAGIC.len() + 4 + CHECKSUM_BYTES;

/// The frame of a payload, or `None` if the payload is too long for one.
pub(super) fn frame(payload: &[u8]) -> Option<Vec<u8>> {
    if payload.len() > JOURNAL_ENTRY_BYTES_MAX {
        return None;
    }
    let length = u32::try_from(payload.len()).ok()?;
    let mut frame = Vec::with_capacity(HEAD_BYTES + payload.len());
    frame.extend_from_slice(MAGIC);
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(&checksum(payload));
    frame.extend_from_slice(payload);
    Some(frame)
}

/// The payload of the frame at the beginning of these bytes, or `None` if it is incomplete.
pub(super) fn payload(bytes: &[u8]) -> Option<&[u8]> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<CHECKSUM_BYTES>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    if length > JOURNAL_ENTRY_BYTES_MAX {
        return None;
    }
    let payload = rest.get(..length)?;
    (checksum(payload) == *sum).then_some(payload)
}

/// How far it is from the beginning of these bytes to the next whole frame, if there is one.
pub(super) fn next_whole(bytes: &[u8]) -> Option<usize> {
    let windows = bytes.windows(MAGIC.len()).enumerate();
    windows
        .filter(|(_, window)| window == MAGIC)
        .map(|(offset, _)| offset)
        .find(|offset| bytes.get(*offset..).and_then(payload).is_some())
}

fn checksum(payload: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut sum = [0; CHECKSUM_BYTES];
    for (to, from) in sum.iter_mut().zip(sha256(payload)) {
        *to = from;
    }
    sum
}
