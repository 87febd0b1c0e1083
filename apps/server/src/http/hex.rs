//! Identifiers and times as text, without the machinery of formatting: answers to checks hold several.

use mgmt_core::time::Timestamp;
use serde::{Serialize, Serializer};

/// A short text on the stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Short<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Short<N> {
    /// An empty text.
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; N], length: 0 }
    }

    /// Adds to the end what there is room for.
    pub(crate) fn push(&mut self, text: &[u8]) {
        if let Some(place) = self.bytes.get_mut(self.length..self.length + text.len()) {
            place.copy_from_slice(text);
            self.length += text.len();
        }
    }

    /// Adds a number with leading zeros, in so many digits.
    pub(crate) fn push_digits(&mut self, number: u64, digits: u32) {
        for place in (0..digits).rev() {
            let digit = number / 10_u64.pow(place) % 10;
            self.push(&[b'0' + u8::try_from(digit).unwrap_or_default()]);
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(self.bytes.get(..self.length).unwrap_or_default()).unwrap_or_default()
    }
}

impl<const N: usize> Serialize for Short<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A time as RFC 3339 has it, in UTC with milliseconds. Days are turned into dates as in Howard Hinnant's `civil_from_days`.
pub(crate) fn time(at: Timestamp) -> Short<24> {
    let millis = at.as_millis();
    let (days, rest) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    let since_march_0000 = days + 719_468;
    let (era, day_of_era) = (since_march_0000.div_euclid(146_097), since_march_0000.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months = (5 * day_of_year + 2) / 153;
    let (day, month) = (day_of_year - (153 * months + 2) / 5 + 1, if months < 10 { months + 3 } else { months - 9 });
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let mut short = Short::new();
    if !(0..=9999).contains(&year) {
        short.push(at.to_string().as_bytes());
        return short;
    }
    let parts = [
        (year, 4, b"-"),
        (month, 2, b"-"),
        (day, 2, b"T"),
        (rest / 3_600_000, 2, b":"),
        (rest / 60_000 % 60, 2, b":"),
        (rest / 1_000 % 60, 2, b"."),
        (rest % 1_000, 3, b"Z"),
    ];
    for (number, digits, after) in parts {
        short.push_digits(number.unsigned_abs(), digits);
        short.push(after);
    }
    short
}

/// 32 lower-case hexadecimal digits.
pub(crate) fn hex(bits: u128) -> Short<32> {
    let mut short = Short { bytes: [0; 32], length: 32 };
    for (pair, byte) in short.bytes.chunks_exact_mut(2).zip(bits.to_be_bytes()) {
        if let [high, low] = pair {
            (*high, *low) = (digit(byte >> 4), digit(byte & 15));
        }
    }
    short
}

/// An id: its prefix, an underscore and 32 digits.
pub(crate) fn id(prefix: &str, bits: u128) -> Short<40> {
    let mut short = Short::new();
    short.push(prefix.as_bytes());
    short.push(b"_");
    short.push(hex(bits).as_str().as_bytes());
    short
}

fn digit(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mgmt_core::id::KeyId;

    #[test]
    fn times_are_those_of_the_formatter() {
        // A step that is no multiple of days or seconds, through years 0 to 9999.
        for millis in (-62_167_219_200_000_i64..253_402_300_800_000).step_by(86_399_123_457) {
            let at = Timestamp::from_millis(millis);
            assert_eq!(time(at).as_str(), at.to_string());
        }
        for text in
            ["2024-02-29T23:59:59.999Z", "2000-03-01T00:00:00.000Z", "2100-02-28T12:00:00.001Z", "9999-12-31T23:59:59.999Z"]
        {
            assert_eq!(time(text.parse().unwrap()).as_str(), text);
        }
    }

    #[test]
    fn texts_are_those_of_the_formatter() {
        for bits in [0, 1, 0xabc, u128::MAX, u128::MAX / 3, 0x0192_f3c4_a5b6_7c8d_9e0f_1a2b_3c4d_5e6f] {
            assert_eq!(hex(bits).as_str(), format!("{bits:032x}"));
            assert_eq!(id(KeyId::PREFIX, bits).as_str(), KeyId::from_u128(bits).to_string());
        }
        let mut number = Short::<8>::new();
        number.push_digits(1_234_567, 4);
        number.push_digits(7, 3);
        assert_eq!(number.as_str(), "4567007");
    }
}
