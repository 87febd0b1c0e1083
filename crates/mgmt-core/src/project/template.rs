//! Templates of campaigns, and which of them a list shows.

use serde::{Deserialize, Serialize};

use super::{
    part::{Content, Part, PartKind},
    settings::paragraph,
};
use crate::{
    error::{Error, Faults, Result},
    text::label,
};

const MAX_NAME: usize = 200;
const MAX_LIMIT: usize = 100;
const DEFAULT_LIMIT: usize = 10;
const FIELDS: [&str; 3] = ["id", "name", "campaign_type"];
const OPERATORS: [&str; 10] =
    ["$in", "$not_in", "$is", "$is_not", "$has_value", "$is_unknown", "$starts_with", "$ends_with", "$contains", "$not_contain"];

/// A template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Its name; unique in the project.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// `DISCOUNT_COUPONS` or `GIFT_VOUCHERS`.
    pub campaign_type: String,
}

/// What a client sends to make a template.
#[derive(Clone, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of `Template`")]
pub struct TemplateDraft {
    pub name: String,
    pub description: Option<String>,
    pub campaign_type: String,
}

/// What a client sends to copy a template.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct CopyDraft {
    /// The name of the copy.
    pub name: String,
    /// The project that it goes to.
    pub destination_project_id: String,
    /// What it is for; as the original says when left out.
    pub description: Option<String>,
}

impl Template {
    /// A copy of it.
    ///
    /// # Errors
    /// `invalid_request` with a detail for each wrong field.
    pub fn copy(&self, name: String, description: Option<String>) -> Result<Self> {
        let description = description.or_else(|| self.description.clone());
        Self::create(TemplateDraft { name, description, campaign_type: self.campaign_type.clone() })
    }
}

impl Content for Template {
    const KIND: PartKind = PartKind::Template;
    type Draft = TemplateDraft;
    type Change = serde::de::IgnoredAny;

    fn create(draft: TemplateDraft) -> Result<Self> {
        let mut faults = Faults::default();
        let name = faults.take(label("name", &draft.name, MAX_NAME)).unwrap_or_default();
        let description = faults.take(draft.description.map(|d| paragraph("description", d)).transpose()).flatten();
        if !["DISCOUNT_COUPONS", "GIFT_VOUCHERS"].contains(&draft.campaign_type.as_str()) {
            let reason = "must be one of the allowed values [ DISCOUNT_COUPONS, GIFT_VOUCHERS ]";
            faults.note(Error::invalid("campaign_type", reason));
        }
        faults.finish()?;
        Ok(Self { name, description, campaign_type: draft.campaign_type })
    }

    fn change(&self, _: serde::de::IgnoredAny) -> Result<Self> {
        Ok(self.clone())
    }

    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }
}

/// One condition on one field.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    field: String,
    operator: String,
    values: Vec<String>,
}

/// Which templates to list, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    limit: usize,
    starting_after: Option<String>,
    newest_first: bool,
    /// Whether the answer says how many there are.
    pub include_total: bool,
    any: bool,
    conditions: Vec<Condition>,
}

/// A page of templates.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The templates.
    pub items: Vec<Part<Template>>,
    /// Whether there are more.
    pub has_more: bool,
    /// How many there are on all pages.
    pub total: usize,
}

impl Listing {
    /// Reads query parameters, already decoded. `None` as text and nothing mean that a parameter is absent: a client's way of
    /// leaving it out.
    ///
    /// # Errors
    /// `invalid_request` with the reason `invalid_query_params` and a detail for each wrong parameter.
    pub fn parse(parameters: &[(String, String)]) -> Result<Self> {
        let mut listing = Self {
            limit: DEFAULT_LIMIT,
            starting_after: None,
            newest_first: false,
            include_total: false,
            any: false,
            conditions: Vec::new(),
        };
        let mut faults = Faults::default();
        for (name, value) in parameters.iter().filter(|(_, v)| !v.is_empty() && v != "None") {
            faults.take(listing.take(name, value));
        }
        faults.finish().map_err(|e| e.with_reason("invalid_query_params"))?;
        Ok(listing)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<()> {
        let refuse = |reason: &str| {
            let shown: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
            Err(Error::invalid(shown, reason))
        };
        match (name, value) {
            ("limit", text) => match text.parse() {
                Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => self.limit = limit,
                _ => return refuse("must be a whole number from 1 to 100"),
            },
            ("starting_after_id", id) => self.starting_after = Some(id.to_owned()),
            ("order", "id") => self.newest_first = false,
            ("order", "-id") => self.newest_first = true,
            ("order", _) => return refuse("must be one of the allowed values [ id, -id ]"),
            ("include_total", text) => match text.to_ascii_lowercase().as_str() {
                "true" => self.include_total = true,
                "false" => self.include_total = false,
                _ => return refuse("must be true or false"),
            },
            // A client that writes its whole set of filters as one text that says nothing.
            ("filters", _) => return refuse("must be in the form filters[name][conditions][$is]=text"),
            ("filters[junction]", text) => match text.to_ascii_lowercase().as_str() {
                "and" => self.any = false,
                "or" => self.any = true,
                _ => return refuse("must be one of the allowed values [ and, or ]"),
            },
            _ => return self.filter(name, value).map_or_else(|| refuse("is not known here"), |()| Ok(())),
        }
        Ok(())
    }

    /// `filters[field][conditions][operator]`, with an index behind it for one of several values.
    fn filter(&mut self, name: &str, value: &str) -> Option<()> {
        let inner = name.strip_prefix("filters[")?.strip_suffix(']')?;
        let mut steps = inner.split("][");
        let (field, conditions, operator) = (steps.next()?, steps.next()?, steps.next()?);
        let index = steps.next().unwrap_or("0");
        let known = FIELDS.contains(&field) && conditions == "conditions" && OPERATORS.contains(&operator);
        if !known || !index.bytes().all(|b| b.is_ascii_digit()) || steps.next().is_some() {
            return None;
        }
        let same = self.conditions.iter_mut().find(|c| c.field == field && c.operator == operator);
        match same {
            Some(condition) => condition.values.push(value.to_owned()),
            None => {
                self.conditions.push(Condition {
                    field: field.to_owned(),
                    operator: operator.to_owned(),
                    values: vec![value.to_owned()],
                });
            }
        }
        Some(())
    }

    /// The page of `all`, which stand oldest first. A start that is none of them ends the list.
    #[must_use]
    pub fn page(&self, all: Vec<Part<Template>>) -> Page {
        let mut found: Vec<_> = all.into_iter().filter(|t| self.matches(t)).collect();
        if self.newest_first {
            found.reverse();
        }
        let total = found.len();
        let start = match &self.starting_after {
            None => 0,
            Some(id) => found.iter().position(|t| t.id.to_string() == *id).map_or(total, |at| at + 1),
        };
        let mut items = found.split_off(start);
        let has_more = items.len() > self.limit;
        items.truncate(self.limit);
        Page { items, has_more, total }
    }

    fn matches(&self, template: &Part<Template>) -> bool {
        let mut results = self.conditions.iter().map(|c| c.holds(template));
        if self.conditions.is_empty() || !self.any { results.all(|r| r) } else { results.any(|r| r) }
    }
}

impl Condition {
    fn holds(&self, template: &Part<Template>) -> bool {
        let actual = match self.field.as_str() {
            "id" => template.id.to_string(),
            "name" => template.content.name.clone(),
            _ => template.content.campaign_type.clone(),
        };
        // A list comes as several parameters, or with commas in one.
        let listed = || self.values.iter().flat_map(|v| v.split(',')).any(|v| v == actual);
        let any = |test: fn(&str, &str) -> bool| self.values.iter().any(|v| test(&actual, v));
        match self.operator.as_str() {
            "$in" => listed(),
            "$not_in" => !listed(),
            "$is" => any(|a, v| a == v),
            "$is_not" => !any(|a, v| a == v),
            "$starts_with" => any(|a, v| a.starts_with(v)),
            "$ends_with" => any(|a, v| a.ends_with(v)),
            "$contains" => any(|a, v| a.contains(v)),
            "$not_contain" => !any(|a, v| a.contains(v)),
            // All three fields always have a value.
            "$has_value" => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{id::ProjectId, time::Timestamp};
    use proptest::prelude::*;
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    fn templates(count: usize) -> Vec<Part<Template>> {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut make = |i: usize| {
            let kind = if i.is_multiple_of(2) { "DISCOUNT_COUPONS" } else { "GIFT_VOUCHERS" };
            let draft = TemplateDraft { name: format!("t{i}"), description: None, campaign_type: kind.to_owned() };
            let at = Timestamp::from_millis(1_000 * i as i64);
            Part::new(ProjectId::from_u128(1), Template::create(draft).unwrap(), at, &mut rng)
        };
        (0..count).map(&mut make).collect()
    }

    fn listing(parameters: &[(&str, &str)]) -> Result<Listing> {
        Listing::parse(&parameters.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect::<Vec<_>>())
    }

    fn names(parameters: &[(&str, &str)]) -> Vec<String> {
        listing(parameters).unwrap().page(templates(4)).items.into_iter().map(|t| t.content.name).collect()
    }

    #[test]
    fn filters_are_joined() {
        assert_eq!(names(&[("filters[name][conditions][$is]", "t1"), ("filters[id][conditions][$is]", "None")]), ["t1"]);
        assert_eq!(names(&[("filters[campaign_type][conditions][$in][0]", "GIFT_VOUCHERS")]), ["t1", "t3"]);
        let two = [("filters[name][conditions][$is]", "t0"), ("filters[campaign_type][conditions][$is]", "GIFT_VOUCHERS")];
        assert!(names(&two).is_empty());
        assert_eq!(names(&[two[0], two[1], ("filters[junction]", "or")]), ["t0", "t1", "t3"]);
        assert!(names(&[("starting_after_id", "proj_1")]).is_empty());
        for (name, value) in [
            ("limit", "0"),
            ("limit", "x"),
            ("order", "name"),
            ("include_total", "1"),
            ("page", "2"),
            ("filters[age][conditions][$is]", "1"),
            ("filters[name][conditions][$like]", "1"),
            ("filters[name]", "1"),
        ] {
            let error = listing(&[(name, value)]).unwrap_err();
            assert_eq!((error.reason(), error.details().keys().next().unwrap().as_str()), (Some("invalid_query_params"), name));
        }
    }

    proptest! {
        #[test]
        fn pages_hold_each_once(count in 0_usize..30, limit in 1_usize..8, down: bool) {
            let (mut seen, mut after) = (Vec::new(), String::new());
            loop {
                let (limit, order) = (limit.to_string(), if down { "-id" } else { "id" });
                let page = listing(&[("limit", &limit), ("order", order), ("starting_after_id", &after)]).unwrap().page(templates(count));
                seen.extend(page.items.iter().map(|t| t.id));
                prop_assert_eq!(page.total, count);
                if !page.has_more { break; }
                after = page.items.last().unwrap().id.to_string();
            }
            let mut expected: Vec<_> = templates(count).iter().map(|t| t.id).collect();
            if down { expected.reverse(); }
            prop_assert_eq!(seen, expected);
        }
    }
}
