//! Query parameters, decoded as strictly as bodies.

use std::{
    collections::HashSet,
    future::{Ready, ready},
    marker::PhantomData,
};

use actix_web::{Error as ActixError, FromRequest, HttpRequest, dev::Payload};
use mgmt_core::error::Error;
use serde::de::DeserializeOwned;

use super::{
    node::{self, Node},
    percent,
};
use crate::error::ApiError;

/// The query of a request. Like bodies, it is decoded where the handler asks for it, after the caller is known.
pub(crate) struct Query<T> {
    text: String,
    kind: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Query<T> {
    /// Decodes the query.
    ///
    /// # Errors
    /// 400 that names every parameter that is unknown, repeated or wrong.
    pub(crate) fn read(&self) -> Result<T, ApiError> {
        Ok(parse(&self.text)?)
    }

    /// Decodes the query and judges it by the rules, so that all faults are told together.
    ///
    /// # Errors
    /// 400 that names every parameter that is unknown, repeated or wrong.
    pub(crate) fn judge<U>(&self, rules: impl FnOnce(T) -> Result<U, Error>) -> Result<U, ApiError> {
        Ok(node::decode_and(split(&self.text)?, rules)?)
    }
}

impl Query<NoParameters> {
    /// Refuses any parameter.
    ///
    /// # Errors
    /// 400 that names every parameter.
    pub(crate) fn demand_none(&self) -> Result<(), ApiError> {
        if self.text.is_empty() { Ok(()) } else { self.read().map(drop) }
    }
}

/// Decodes a query.
///
/// # Errors
/// `invalid_request` that names every parameter that is unknown, repeated or wrong.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    node::decode(split(text)?)
}

/// The names and values of a query, percent-decoded.
fn split(text: &str) -> Result<Node, Error> {
    let mut seen = HashSet::new();
    let mut fields = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = percent::decode_form(name).ok_or_else(|| Error::invalid("query", "is not well percent-encoded UTF-8"))?;
        let value =
            percent::decode_form(value).ok_or_else(|| Error::invalid(name.clone(), "is not well percent-encoded UTF-8"))?;
        if value.contains('\0') || name.contains('\0') {
            return Err(Error::invalid(name.replace('\0', ""), "must not hold the character U+0000"));
        }
        if !seen.insert(name.clone()) {
            return Err(Error::invalid(name, "must be given once"));
        }
        fields.push((name, Node::Loose(value)));
    }
    Ok(Node::Object(fields))
}

impl<T> FromRequest for Query<T> {
    type Error = ActixError;
    type Future = Ready<Result<Self, ActixError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self { text: request.query_string().to_owned(), kind: PhantomData }))
    }
}

/// The query of an endpoint that takes none; anything in it is unknown.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoParameters {}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct List {
        limit: Option<u8>,
        cursor: Option<String>,
    }

    #[test]
    fn queries() {
        let list = |text| parse::<List>(text);
        assert_eq!(list("").unwrap(), List { limit: None, cursor: None });
        assert_eq!(list("limit=20&cursor=a%2Bb").unwrap(), List { limit: Some(20), cursor: Some("a+b".to_owned()) });
        for (wrong, field) in [
            ("limit=x", "limit"),
            ("limit=", "limit"),
            ("limit=-1", "limit"),
            ("limit=300", "limit"),
            ("limit=1&limit=1", "limit"),
            ("offset=1", "offset"),
            ("cursor=%00", "cursor"),
            ("cursor=%ff", "cursor"),
            ("%ff=1", "query"),
        ] {
            let error = list(wrong).expect_err(wrong);
            assert_eq!(error.details().keys().next().unwrap(), field, "{wrong}");
        }
    }
}
