//! Pagination cursors: the last id of a page and what list it belongs to, under a MAC. A cursor that was altered, or that is
//! used with another list, filter or organization, is refused.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;

use crate::{
    error::{Code, Error, Result},
    secret::KeyMaterial,
};

const TAG: usize = 16;

/// Writes a cursor that continues after `last` in the list that `list` describes (organization, filters, order).
#[must_use]
pub fn seal(key: &KeyMaterial, list: &str, last: u128) -> String {
    let mut bytes = last.to_be_bytes().to_vec();
    bytes.extend(tag(key, list, last));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a cursor of the list that `list` describes.
///
/// # Errors
/// `invalid_cursor` when it was altered or belongs to another list.
pub fn open(key: &KeyMaterial, list: &str, text: &str) -> Result<u128> {
    let wrong = || Error::new(Code::InvalidCursor, "the cursor does not belong to this list: leave `cursor` out to start anew");
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
    let (last, mac) = bytes.split_first_chunk::<16>().ok_or_else(wrong)?;
    let last = u128::from_be_bytes(*last);
    if bool::from(tag(key, list, last).ct_eq(mac)) { Ok(last) } else { Err(wrong()) }
}

fn tag(key: &KeyMaterial, list: &str, last: u128) -> [u8; TAG] {
    let mac = key.authenticate(format!("{list}\n{last:032x}").as_bytes());
    let mut short = [0; TAG];
    short.copy_from_slice(mac.first_chunk::<TAG>().unwrap_or(&[0; TAG]));
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parse_is_the_inverse_of_display(last: u128, list in ".{0,40}") {
            let key = KeyMaterial::new([4; 32]);
            prop_assert_eq!(open(&key, &list, &seal(&key, &list, last)).unwrap(), last);
        }

        #[test]
        fn altered_and_foreign_cursors_are_refused(last: u128, at in 0..42_usize, with in "[A-Za-z0-9_-]") {
            let key = KeyMaterial::new([4; 32]);
            let cursor = seal(&key, "keys org_1", last);
            prop_assert!(open(&key, "keys org_2", &cursor).is_err());
            prop_assert!(open(&KeyMaterial::new([5; 32]), "keys org_1", &cursor).is_err());
            let mut altered = cursor.clone();
            altered.replace_range(at..=at, &with);
            if altered != cursor { prop_assert!(open(&key, "keys org_1", &altered).is_err()); }
        }
    }
}
