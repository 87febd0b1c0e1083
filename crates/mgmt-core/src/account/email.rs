//! E-mail addresses as identities: one form for all the ways to write one, and none that passes for another's.

use std::fmt;

use idna::{
    AsciiDenyList,
    uts46::{DnsLength, Hyphens, Uts46},
};
use serde::{Serialize, Serializer};
use unicode_normalization::UnicodeNormalization;
use unicode_security::{MixedScript, skeleton};

use crate::error::{Error, Result};

const MAX: usize = 254;
const MAX_LOCAL: usize = 64;
const MARKS: &str = "!#$%&'*+-/=?^_`{|}~.";

/// An e-mail address in the form that identities are compared in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

impl Email {
    /// Reads an address: NFKC, lower case, one `@`, a domain in the ASCII form of IDNA (UTS #46, `xn--…`). Dots and `+` in the local
    /// part are kept: what they mean is the receiver's affair.
    ///
    /// # Errors
    /// `invalid_request` under `field`: it is none, or it could be taken for another one, because it mixes scripts, is made of letters that
    /// look like Latin ones (UTS #39), or has a letter that is written in two ways in lower case.
    pub fn parse(field: &str, text: &str) -> Result<Self> {
        let wrong = || Error::invalid(field, "must be an e-mail address, such as `ana@example.com`");
        // No spelling of an address is that long, and Punycode takes the square of the length.
        if text.len() > 8 * MAX {
            return Err(wrong());
        }
        let clean: String = text.trim().nfkc().collect::<String>().to_lowercase().nfkc().collect();
        let (local, domain) = clean.rsplit_once('@').ok_or_else(wrong)?;
        let is_local = !local.is_empty()
            && local.len() <= MAX_LOCAL
            && local.chars().all(|c| c.is_alphanumeric() || MARKS.contains(c))
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..");
        if !is_local {
            return Err(wrong());
        }
        let domain = Uts46::new()
            .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
            .map_err(|_| wrong())?;
        if local.len() + 1 + domain.len() > MAX {
            return Err(wrong());
        }
        if is_disguised(local) || idna::domain_to_unicode(&domain).0.split('.').any(is_disguised) {
            return Err(Error::invalid(field, "must not mix scripts, and must not be made of letters that look like Latin ones"));
        }
        if local.to_uppercase().to_lowercase() != local {
            return Err(Error::invalid(field, "must not hold letters that have two forms in lower case, such as `ß`"));
        }
        Ok(Self(format!("{local}@{domain}")))
    }

    /// An address as it was stored, maybe when the rules for new ones were others.
    ///
    /// # Errors
    /// `invalid_request` when it has no `@`.
    pub fn stored(text: String) -> Result<Self> {
        if text.contains('@') { Ok(Self(text)) } else { Err(Error::invalid("email", "must be an e-mail address")) }
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether people could take a text for another one.
fn is_disguised(text: &str) -> bool {
    !text.is_ascii() && (!text.is_single_script() || skeleton(text).all(|c| c.is_ascii()))
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[address]")
    }
}

impl Serialize for Email {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<String> {
        Email::parse("email", text).ok().map(|email| email.as_str().to_owned())
    }

    #[test]
    fn addresses_are_compared_in_one_form() {
        for (text, form) in [
            (" Ana@Example.COM ", "ana@example.com"),
            ("ana+x.y@example.com", "ana+x.y@example.com"),
            ("ＡＮＡ＠example.com", "ana@example.com"),
            ("Jose\u{301}@example.com", "josé@example.com"),
            ("JOSÉ@example.com", "josé@example.com"),
            ("АННА@пример.рф", "анна@xn--e1afmkfd.xn--p1ai"),
            ("ana@Bücher.example", "ana@xn--bcher-kva.example"),
            ("ana@BU\u{308}CHER。example", "ana@xn--bcher-kva.example"),
            ("ana@xn--bcher-kva.example", "ana@xn--bcher-kva.example"),
            ("ana@r3--sn.example", "ana@r3--sn.example"),
            ("山田@例え.jp", "山田@xn--r8jz45g.jp"),
        ] {
            assert_eq!(read(text).as_deref(), Some(form), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in [
            "",
            "ana",
            "@example.com",
            "ana@",
            "a b@example.com",
            "ana@exa mple.com",
            "ana@exa_mple.com",
            "ana@-a.com",
            "ana@a-.com",
            "a..b@example.com",
            "ana@example..com",
            "ana@example.com.",
            "ana@xn--a.com",
            "a\u{200B}@example.com",
            "a\u{202E}@x.com",
            "ana@exam\u{202E}ple.com",
            "ana@exam\u{200B}ple\u{0}.com",
        ] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
        assert_eq!(read(&format!("a@{}.com", "x".repeat(300))), None);
        assert_eq!(read(&format!("{}@example.com", "x".repeat(65))), None);
        assert_eq!(read(&format!("{}ana@example.com", " ".repeat(100_000))), None);
        assert_eq!(read(&format!("ana@{}.com", "ü".repeat(500_000))), None);
    }

    /// Each of these looks like an address that another person may have.
    #[test]
    fn look_alikes_are_refused() {
        for bad in [
            // A Cyrillic а among Latin letters, and Cyrillic letters only.
            "\u{430}na@example.com",
            "\u{441}\u{43E}\u{441}\u{43E}@example.com",
            // Without its dot, and the Greek omicron.
            "al\u{131}ce@example.com",
            "b\u{3BF}b@example.com",
            "ana@ex\u{430}mple.com",
            "ana@\u{430}\u{440}\u{440}\u{4CF}\u{435}.com",
            "ana@xn--80ak6aa92e.com",
            // In upper case these are STRASSE and ΑΣΑΣ, as others are.
            "straße@example.com",
            "\u{3B1}\u{3C3}\u{3B1}\u{3C3}@example.com",
        ] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn what_is_stored_is_read_as_it_is() {
        assert_eq!(Email::stored("straße@example.com".to_owned()).unwrap().as_str(), "straße@example.com");
        assert!(Email::stored("straße".to_owned()).is_err());
    }

    proptest! {
        #[test]
        fn reading_an_address_twice_changes_nothing(text in "[ -~éßİаσ]{0,40}@[a-zA-Z0-9.ü-]{1,20}") {
            if let Some(email) = read(&text) {
                prop_assert_eq!(read(&email), Some(email));
            }
        }

        #[test]
        fn case_makes_no_other_person(text in "\\PC{1,12}@[a-zA-Z0-9ü]{1,9}\\.com") {
            if let (Some(one), Some(other)) = (read(&text.to_lowercase()), read(&text.to_uppercase())) {
                prop_assert_eq!(one, other);
            }
        }
    }
}
