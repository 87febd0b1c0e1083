//! Percent-encoding, read strictly.

/// Decodes `%XX` and, as forms do, `+`. `None` for an incomplete escape or for what is not UTF-8.
pub(crate) fn decode_form(text: &str) -> Option<String> {
    decode(text, true)
}

/// Decodes `%XX`. `None` for an incomplete escape or for what is not UTF-8.
pub(crate) fn decode_path(text: &str) -> Option<String> {
    decode(text, false)
}

fn decode(text: &str, plus_is_space: bool) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => hex(bytes.next()?)? << 4 | hex(bytes.next()?)?,
            b'+' if plus_is_space => b' ',
            byte => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        assert_eq!(decode_form("a%20b+c%C3%BC").unwrap(), "a b cü");
        assert_eq!(decode_path("a+b").unwrap(), "a+b");
        for wrong in ["%", "%4", "%zz", "%ff", "%C3"] {
            assert_eq!(decode_form(wrong), None, "{wrong}");
        }
    }
}
