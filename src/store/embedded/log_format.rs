//! Reading the files of a database without SQLite: its header (sqlite.org/fileformat2.html, 1.3), its log
//! (sqlite.org/fileformat2.html, 4.1) and the index of the log (sqlite.org/walformat.html, 2.1.1).

/// The header of a database file, as far as it is looked at.
pub(super) const HEADER_BYTES: usize = 100;
/// The header of the log.
pub(super) const LOG_HEADER_BYTES: usize = 32;
/// In front of each page in the log.
pub(super) const FRAME_HEADER_BYTES: usize = 24;
/// A header of the log's index, which has two copies of it.
pub(super) const INDEX_BYTES: usize = 48;

/// The size of a page in bytes, and how many there are. `None`: the file has no header yet.
pub(super) fn size_and_pages(header: &[u8; HEADER_BYTES]) -> Option<(u64, u64)> {
    let size = page_bytes(u16::from_be_bytes(part(header, 16)?))?;
    Some((size, u64::from(u32::from_be_bytes(part(header, 28)?))))
}

/// What the header of a log says that its frames repeat: it has others once it is begun anew.
pub(super) fn salts(log_header: &[u8; LOG_HEADER_BYTES]) -> Option<[u8; 8]> {
    part(log_header, 16)
}

/// Where the header of a page is in the log. `place`: the page's in the log, from 1.
pub(super) fn frame_at(place: u32, page_bytes: u64) -> u64 {
    LOG_HEADER_BYTES as u64 + u64::from(place.saturating_sub(1)) * frame_bytes(page_bytes)
}

/// How long a page in the log is, with its header.
pub(super) const fn frame_bytes(page_bytes: u64) -> u64 {
    FRAME_HEADER_BYTES as u64 + page_bytes
}

/// The header of a page in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameHeader {
    /// The page's number in the database, from 1.
    pub(super) page: u32,
    /// In the last page of a transaction, how many pages the database has then; else 0.
    pub(super) pages: u32,
    pub(super) salts: [u8; 8],
    /// Over everything in the log up to this page.
    pub(super) checksum: [u8; 8],
}

impl FrameHeader {
    pub(super) fn of(bytes: &[u8; FRAME_HEADER_BYTES]) -> Option<Self> {
        Some(FrameHeader {
            page: u32::from_be_bytes(part(bytes, 0)?),
            pages: u32::from_be_bytes(part(bytes, 4)?),
            salts: part(bytes, 8)?,
            checksum: part(bytes, 16)?,
        })
    }
}

/// The last page that was committed to the log, by the log's index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LastPage {
    /// Its place in the log, from 1.
    pub(super) place: u32,
    pub(super) page_bytes: u64,
    /// As in its header.
    pub(super) salts: [u8; 8],
    /// As in its header.
    pub(super) checksum: [u8; 8],
}

impl LastPage {
    /// `None`: nothing is in the log, or the index is being written.
    pub(super) fn of(index: &[u8; 2 * INDEX_BYTES]) -> Option<Self> {
        let (header, copy) = index.split_at(INDEX_BYTES);
        let is_filled = header.get(12) == Some(&1);
        let place = u32::from_ne_bytes(part(header, 16)?);
        if header != copy || !is_filled || place == 0 {
            return None;
        }
        // In the machine's byte order there, always big-endian in the log.
        let [first, second] = [24, 28].map(|at| {
            let number: [u8; 4] = part(header, at)?;
            Some(u32::from_ne_bytes(number).to_be_bytes())
        });
        let mut checksum = [0; 8];
        let (left, right) = checksum.split_at_mut(4);
        left.copy_from_slice(&first?);
        right.copy_from_slice(&second?);
        Some(LastPage {
            place,
            page_bytes: page_bytes(u16::from_ne_bytes(part(header, 14)?))?,
            salts: part(header, 32)?,
            checksum,
        })
    }
}

/// The size of a page, which is written in two bytes: 1 is 65,536. `None`: nothing is written.
fn page_bytes(written: u16) -> Option<u64> {
    match written {
        0 => None,
        1 => Some(65_536),
        bytes => Some(u64::from(bytes)),
    }
}

/// So many bytes at a place. `None`: they are not all there.
fn part<const BYTES: usize>(of: &[u8], at: usize) -> Option<[u8; BYTES]> {
    of.get(at..at + BYTES)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_how_long_its_file_is() {
        let mut header = [0; HEADER_BYTES];
        assert_eq!(size_and_pages(&header), None);
        header[16..18].copy_from_slice(&4096_u16.to_be_bytes());
        header[28..32].copy_from_slice(&3_u32.to_be_bytes());
        assert_eq!(size_and_pages(&header), Some((4096, 3)));
        header[16..18].copy_from_slice(&1_u16.to_be_bytes());
        assert_eq!(size_and_pages(&header), Some((65_536, 3)));
    }

    #[test]
    fn an_index_says_which_page_of_the_log_is_the_last() {
        let mut header = [0; INDEX_BYTES];
        header[12] = 1;
        header[14..16].copy_from_slice(&1_u16.to_ne_bytes());
        header[16..20].copy_from_slice(&3_u32.to_ne_bytes());
        header[24..28].copy_from_slice(&0x0102_0304_u32.to_ne_bytes());
        header[28..32].copy_from_slice(&0x0506_0708_u32.to_ne_bytes());
        header[32..40].copy_from_slice(b"saltsalt");
        let index = |copy: [u8; INDEX_BYTES]| {
            let mut index = [0; 2 * INDEX_BYTES];
            index[..INDEX_BYTES].copy_from_slice(&header);
            index[INDEX_BYTES..].copy_from_slice(&copy);
            index
        };
        let last = LastPage::of(&index(header)).unwrap();
        let frame: Vec<u8> = [[0; 8], last.salts, last.checksum].concat();
        let frame = FrameHeader::of(frame.as_slice().try_into().unwrap()).unwrap();
        assert_eq!((frame.salts, frame.checksum), (*b"saltsalt", [1, 2, 3, 4, 5, 6, 7, 8]));
        assert_eq!(frame_at(last.place, last.page_bytes), 32 + 2 * (24 + 65_536));
        let mut copy = header;
        copy[16] ^= 1;
        assert_eq!(LastPage::of(&index(copy)), None, "it is being written");
    }
}
