//! What a people file is by its bytes: text of some coding, or something that only looks like it.

use std::borrow::Cow;

use super::{FileFault, Format};

/// A file's text, and what somebody should know of how it was read.
#[derive(Debug)]
pub struct FileText<'a> {
    pub text: Cow<'a, str>,
    pub notice: Option<&'static str>,
}

const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";
/// The first bytes of file formats that are not ours, and their names.
const OTHERS: [(&[u8], &str); 5] = [
    (b"PK\x03\x04", "is a workbook (xlsx, ods) or another zip archive; save it as CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0", "is an old Excel workbook (xls); save it as CSV UTF-8"),
    (b"\xff\xfe", "is UTF-16 (Excel's \"Unicode Text\"); save it as CSV UTF-8"),
    (b"\xfe\xff", "is UTF-16 (Excel's \"Unicode Text\"); save it as CSV UTF-8"),
    (b"%PDF", "is a PDF; a people file is CSV or JSON"),
];

/// Reads bytes as text: UTF-8, and CSV that is not as Windows-1252, which Excel's plain "CSV" is in
/// these islands.
///
/// # Errors
/// What the file is instead, and what to do about it.
pub fn decode(bytes: &[u8], format: Format) -> Result<FileText<'_>, FileFault> {
    if let Some((_, says)) = OTHERS.iter().find(|(begin, _)| bytes.starts_with(begin)) {
        return Err(of_file(1, (*says).to_owned()));
    }
    let bytes = bytes.strip_prefix(UTF8_BOM).unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(FileText { text: Cow::Borrowed(text), notice: None }),
        Err(error) => {
            let sound = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = 1 + sound.iter().filter(|byte| **byte == b'\n').count();
            match format {
                Format::Json => Err(of_file(line, "is not UTF-8; save it as UTF-8".to_owned())),
                Format::Csv if bytes.contains(&0) => {
                    Err(of_file(line, "is not text; a people file is CSV or JSON".to_owned()))
                }
                Format::Csv => {
                    let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes);
                    let notice = "is not UTF-8, and was read as Windows-1252 (Excel's \"CSV\"); \
                                  look at names with accents, or save it as \"CSV UTF-8\"";
                    Ok(FileText { text, notice: Some(notice) })
                }
            }
        }
    }
}

fn of_file(line: usize, message: String) -> FileFault {
    FileFault { line, column: None, key: String::new(), person: None, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excels_csv_is_read_with_a_notice() {
        let read = decode(b"id,name\r\nP-1,Si\xe2n O\x92Neill\r\n", Format::Csv).unwrap();
        assert_eq!(read.text, "id,name\r\nP-1,Siân O’Neill\r\n");
        assert!(read.notice.unwrap().contains("Windows-1252"));
        let read = decode("\u{feff}id\nŵ\n".as_bytes(), Format::Csv).unwrap();
        assert_eq!((read.text.as_ref(), read.notice), ("id\nŵ\n", None));
    }

    #[test]
    fn what_is_no_text_is_called_what_it_is() {
        for (bytes, format, says) in [
            (&b"PK\x03\x04\x14\0"[..], Format::Csv, "1: is a workbook"),
            (b"\xff\xfei\0d\0", Format::Csv, "1: is UTF-16"),
            (b"id\n\x80\0\n", Format::Csv, "2: is not text"),
            (b"[\n\n\xff]", Format::Json, "3: is not UTF-8"),
        ] {
            let fault = decode(bytes, format).unwrap_err().to_string();
            assert!(fault.starts_with(says), "{fault}");
        }
    }
}
