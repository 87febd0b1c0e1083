//! Access tokens: JWTs (RFC 7519) signed with HMAC-SHA-256, good for minutes, and checked against the live session each time.
//!
//! Only this server makes them, so only what it makes is read: the header must be, byte for byte, the one it writes. That
//! refuses every other algorithm, embedded keys, critical extensions and nested tokens before anything is decoded.

use std::sync::Once;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::ErrorKind,
    signature::{Error as SignatureError, Signer, Verifier},
};
use mgmt_core::{
    id::{OrganizationId, SessionId, UserId},
    secret::KeyMaterial,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

const ISSUER: &str = "mgmt";
const AUDIENCE: &str = "mgmt-api";
const TYPE: &str = "session+jwt";
const KEY_ID: &str = "1";
const MAX_LENGTH: usize = 8 * 1024;

/// What an access token says. Rights are not in it: they are looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claims {
    iss: String,
    aud: String,
    /// The person.
    pub(crate) sub: UserId,
    /// The session.
    pub(crate) sid: SessionId,
    /// The organization it acts in.
    pub(crate) org: OrganizationId,
    iat: u64,
    exp: u64,
    jti: String,
}

/// Makes a token.
pub(crate) fn issue(
    key: &KeyMaterial,
    session: (UserId, SessionId, OrganizationId),
    now: Timestamp,
    lifetime_secs: i64,
    jti: String,
) -> Option<String> {
    install();
    let iat = now.as_secs().unsigned_abs();
    let exp = iat + lifetime_secs.unsigned_abs();
    let (sub, sid, org) = session;
    let claims = Claims { iss: ISSUER.to_owned(), aud: AUDIENCE.to_owned(), sub, sid, org, iat, exp, jti };
    jsonwebtoken::encode(&header(), &claims, &EncodingKey::from_secret(key.expose())).ok()
}

/// Reads a token that stands at `now`. `None` for everything else, whatever is wrong with it.
pub(crate) fn read(key: &KeyMaterial, token: &str, now: Timestamp, lifetime_secs: i64) -> Option<Claims> {
    install();
    if token.len() > MAX_LENGTH {
        return None;
    }
    let (head, rest) = token.split_once('.')?;
    if head != encoded_header()? || rest.matches('.').count() != 1 {
        return None;
    }
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // Time is an argument here, so it is judged below.
    validation.validate_exp = false;
    let claims = jsonwebtoken::decode::<Claims>(token, &DecodingKey::from_secret(key.expose()), &validation).ok()?.claims;
    let seconds = now.as_secs().unsigned_abs();
    let stands = claims.exp > seconds && claims.iat <= seconds + 30 && claims.exp <= claims.iat + lifetime_secs.unsigned_abs();
    stands.then_some(claims)
}

fn header() -> Header {
    let mut header = Header::new(Algorithm::HS256);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(KEY_ID.to_owned());
    header
}

fn encoded_header() -> Option<String> {
    serde_json::to_vec(&header()).ok().map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
}

/// HMAC-SHA-256 is all that is needed; the crate's own providers bring RSA and elliptic curves along.
fn install() {
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: |algorithm, key| match algorithm {
            Algorithm::HS256 => Ok(Box::new(HmacSha256(key.as_bytes().to_vec()))),
            _ => Err(ErrorKind::InvalidAlgorithm.into()),
        },
        verifier_factory: |algorithm, key| match algorithm {
            Algorithm::HS256 => Ok(Box::new(HmacSha256(key.try_get_as_bytes()?.to_vec()))),
            _ => Err(ErrorKind::InvalidAlgorithm.into()),
        },
        key_utils: KeyUtils::new_unimplemented(),
    };
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // Only a second installation fails, and that is this same provider.
        let _ = PROVIDER.install_default();
    });
}

struct HmacSha256(Vec<u8>);

impl HmacSha256 {
    fn over(&self, message: &[u8]) -> Result<Hmac<Sha256>, SignatureError> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.0).map_err(|_| SignatureError::new())?;
        mac.update(message);
        Ok(mac)
    }
}

impl Signer<Vec<u8>> for HmacSha256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        Ok(self.over(message)?.finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for HmacSha256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        self.over(message)?.verify_slice(signature).map_err(|_| SignatureError::new())
    }
}

impl JwtSigner for HmacSha256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for HmacSha256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn key() -> KeyMaterial {
        KeyMaterial::new([3; 32])
    }

    fn token() -> String {
        let session = (UserId::from_u128(1), SessionId::from_u128(2), OrganizationId::from_u128(3));
        issue(&key(), session, NOW, 900, "j".to_owned()).unwrap()
    }

    fn signed(head: &str, claims: &str) -> String {
        let body = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(claims));
        let tag = HmacSha256(key().expose().to_vec()).try_sign(body.as_bytes()).unwrap();
        format!("{body}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    #[test]
    fn what_was_issued_is_read_until_it_expires() {
        let claims = read(&key(), &token(), NOW, 900).unwrap();
        assert_eq!((claims.sub, claims.sid), (UserId::from_u128(1), SessionId::from_u128(2)));
        assert!(read(&key(), &token(), NOW.plus_secs(899), 900).is_some());
        assert!(read(&key(), &token(), NOW.plus_secs(900), 900).is_none());
        assert!(read(&key(), &token(), NOW.plus_secs(-31), 900).is_none());
        assert!(read(&KeyMaterial::new([4; 32]), &token(), NOW, 900).is_none());
    }

    #[test]
    fn only_our_own_header_is_read() {
        let claims = r#"{"iss":"mgmt","aud":"mgmt-api","sub":"usr_00000000000000000000000000000001","sid":"ses_00000000000000000000000000000002","org":"org_00000000000000000000000000000003","iat":1800000000,"exp":1800000900,"jti":"j"}"#;
        let good = String::from_utf8(URL_SAFE_NO_PAD.decode(encoded_header().unwrap()).unwrap()).unwrap();
        assert!(read(&key(), &signed(&good, claims), NOW, 900).is_some());
        for head in [
            r#"{"typ":"session+jwt","alg":"none","kid":"1"}"#,
            r#"{"typ":"session+jwt","alg":"HS384","kid":"1"}"#,
            r#"{"typ":"JWT","alg":"HS256","kid":"1"}"#,
            r#"{"typ":"session+jwt","alg":"HS256","kid":"2"}"#,
            r#"{"typ":"session+jwt","alg":"HS256","kid":"1","jku":"http://x"}"#,
            r#"{"typ":"session+jwt","alg":"HS256","kid":"1","crit":["exp"]}"#,
            r#"{"alg":"HS256"}"#,
            "{}",
        ] {
            assert!(read(&key(), &signed(head, claims), NOW, 900).is_none(), "{head}");
        }
        for (from, to) in [
            (r#""iss":"mgmt""#, r#""iss":"other""#),
            (r#""aud":"mgmt-api""#, r#""aud":"other""#),
            (r#","jti":"j""#, ""),
            (r#""exp":1800000900"#, r#""exp":"1800000900""#),
            (r#""exp":1800000900"#, r#""exp":-1"#),
            (r#""exp":1800000900"#, r#""exp":1e400"#),
            (r#""exp":1800000900"#, r#""exp":1800009999"#),
            (r#""iat":1800000000"#, r#""iat":1800000100"#),
            (r#""sub":"usr_"#, r#""sub":"org_"#),
            (r#""jti":"j""#, r#""jti":"j","more":1"#),
        ] {
            assert!(read(&key(), &signed(&good, &claims.replace(from, to)), NOW, 900).is_none(), "{from} -> {to}");
        }
        for text in ["", "a", "a.b", "a.b.c", "a.b.c.d", &format!("{}.x", token()), &token()[1..], &"a".repeat(9000)] {
            assert!(read(&key(), text, NOW, 900).is_none(), "{text}");
        }
    }
}
