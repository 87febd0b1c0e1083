//! How several redeemables are applied to one order: limits, categories and modes, one set a project.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::part::{Content, PartKind};
use crate::{
    error::{Error, Faults, Result},
    key_draft::Change,
};

const MAX_CATEGORIES: usize = 1000;
const MAX_CATEGORY: usize = 100;

/// The rules. A project without a set of its own has the default ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackingRules {
    /// How many can be sent: 1 to 30.
    pub redeemables_limit: i64,
    /// How many of them are applied: 1 to 30, at most as many as can be sent.
    pub applicable_redeemables_limit: i64,
    /// How many of one category: 1 to 30, at most as many as are applied.
    pub applicable_redeemables_per_category_limit: Option<i64>,
    /// How many of certain categories: 1 to 10.
    pub applicable_redeemables_category_limits: BTreeMap<String, i64>,
    /// How many exclusive ones: 1 to 5.
    pub applicable_exclusive_redeemables_limit: i64,
    /// How many exclusive ones of one category: 1 to 30, at most as many as exclusive ones at all.
    pub applicable_exclusive_redeemables_per_category_limit: Option<i64>,
    /// Categories that exclude others.
    pub exclusive_categories: Vec<String>,
    /// Categories that go with others.
    pub joint_categories: Vec<String>,
    /// `INITIAL_AMOUNT` or `DISCOUNTED_AMOUNT`.
    pub discount_calculation_mode: String,
    /// Categories that are always reckoned on the initial amount.
    pub initial_amount_mode_categories: Vec<String>,
    /// Categories that are always reckoned on the discounted amount.
    pub discounted_amount_mode_categories: Vec<String>,
    /// `ALL` or `PARTIAL`.
    pub redeemables_application_mode: String,
    /// `CATEGORY_HIERARCHY` or `REQUESTED_ORDER`.
    pub redeemables_sorting_rule: String,
    /// `STACK` or `ONCE`.
    pub redeemables_products_application_mode: String,
    /// `REDEEM_ANYWAY` or `SKIP`.
    pub redeemables_no_effect_rule: String,
    /// Categories that are skipped without an effect.
    pub no_effect_skip_categories: Vec<String>,
    /// Categories that are redeemed without an effect; none of those that are skipped.
    pub no_effect_redeem_anyway_categories: Vec<String>,
    /// `WITH_ORDER` or `WITHOUT_ORDER`.
    pub redeemables_rollback_order_mode: String,
    /// `JOINT_ALWAYS_LAST`.
    pub grouped_redeemables_sorting_rule: String,
}

impl Default for StackingRules {
    fn default() -> Self {
        Self {
            redeemables_limit: 30,
            applicable_redeemables_limit: 5,
            applicable_redeemables_per_category_limit: Some(1),
            applicable_redeemables_category_limits: BTreeMap::new(),
            applicable_exclusive_redeemables_limit: 1,
            applicable_exclusive_redeemables_per_category_limit: Some(1),
            exclusive_categories: Vec::new(),
            joint_categories: Vec::new(),
            discount_calculation_mode: "DISCOUNTED_AMOUNT".to_owned(),
            initial_amount_mode_categories: Vec::new(),
            discounted_amount_mode_categories: Vec::new(),
            redeemables_application_mode: "PARTIAL".to_owned(),
            redeemables_sorting_rule: "REQUESTED_ORDER".to_owned(),
            redeemables_products_application_mode: "STACK".to_owned(),
            redeemables_no_effect_rule: "REDEEM_ANYWAY".to_owned(),
            no_effect_skip_categories: Vec::new(),
            no_effect_redeem_anyway_categories: Vec::new(),
            redeemables_rollback_order_mode: "WITH_ORDER".to_owned(),
            grouped_redeemables_sorting_rule: "JOINT_ALWAYS_LAST".to_owned(),
        }
    }
}

/// What a client sends: what is left out keeps its value, or its default in a new set. `null` lifts the two limits that may be
/// absent, and says nothing otherwise.
#[derive(Clone, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of `StackingRules`")]
#[serde(default)]
pub struct RulesChange {
    pub redeemables_limit: Option<i64>,
    pub applicable_redeemables_limit: Option<i64>,
    pub applicable_redeemables_per_category_limit: Change<i64>,
    pub applicable_redeemables_category_limits: Option<BTreeMap<String, i64>>,
    pub applicable_exclusive_redeemables_limit: Option<i64>,
    pub applicable_exclusive_redeemables_per_category_limit: Change<i64>,
    pub exclusive_categories: Option<Vec<String>>,
    pub joint_categories: Option<Vec<String>>,
    pub discount_calculation_mode: Option<String>,
    pub initial_amount_mode_categories: Option<Vec<String>>,
    pub discounted_amount_mode_categories: Option<Vec<String>>,
    pub redeemables_application_mode: Option<String>,
    pub redeemables_sorting_rule: Option<String>,
    pub redeemables_products_application_mode: Option<String>,
    pub redeemables_no_effect_rule: Option<String>,
    pub no_effect_skip_categories: Option<Vec<String>>,
    pub no_effect_redeem_anyway_categories: Option<Vec<String>>,
    pub redeemables_rollback_order_mode: Option<String>,
    pub grouped_redeemables_sorting_rule: Option<String>,
}

impl RulesChange {
    fn apply(self, current: &StackingRules) -> Result<StackingRules> {
        let now = current.clone();
        let next = StackingRules {
            redeemables_limit: self.redeemables_limit.unwrap_or(now.redeemables_limit),
            applicable_redeemables_limit: self.applicable_redeemables_limit.unwrap_or(now.applicable_redeemables_limit),
            applicable_redeemables_per_category_limit: self
                .applicable_redeemables_per_category_limit
                .or_keep(now.applicable_redeemables_per_category_limit),
            applicable_redeemables_category_limits: self
                .applicable_redeemables_category_limits
                .unwrap_or(now.applicable_redeemables_category_limits),
            applicable_exclusive_redeemables_limit: self
                .applicable_exclusive_redeemables_limit
                .unwrap_or(now.applicable_exclusive_redeemables_limit),
            applicable_exclusive_redeemables_per_category_limit: self
                .applicable_exclusive_redeemables_per_category_limit
                .or_keep(now.applicable_exclusive_redeemables_per_category_limit),
            exclusive_categories: self.exclusive_categories.unwrap_or(now.exclusive_categories),
            joint_categories: self.joint_categories.unwrap_or(now.joint_categories),
            discount_calculation_mode: self.discount_calculation_mode.unwrap_or(now.discount_calculation_mode),
            initial_amount_mode_categories: self.initial_amount_mode_categories.unwrap_or(now.initial_amount_mode_categories),
            discounted_amount_mode_categories: self
                .discounted_amount_mode_categories
                .unwrap_or(now.discounted_amount_mode_categories),
            redeemables_application_mode: self.redeemables_application_mode.unwrap_or(now.redeemables_application_mode),
            redeemables_sorting_rule: self.redeemables_sorting_rule.unwrap_or(now.redeemables_sorting_rule),
            redeemables_products_application_mode: self
                .redeemables_products_application_mode
                .unwrap_or(now.redeemables_products_application_mode),
            redeemables_no_effect_rule: self.redeemables_no_effect_rule.unwrap_or(now.redeemables_no_effect_rule),
            no_effect_skip_categories: self.no_effect_skip_categories.unwrap_or(now.no_effect_skip_categories),
            no_effect_redeem_anyway_categories: self
                .no_effect_redeem_anyway_categories
                .unwrap_or(now.no_effect_redeem_anyway_categories),
            redeemables_rollback_order_mode: self.redeemables_rollback_order_mode.unwrap_or(now.redeemables_rollback_order_mode),
            grouped_redeemables_sorting_rule: self
                .grouped_redeemables_sorting_rule
                .unwrap_or(now.grouped_redeemables_sorting_rule),
        };
        next.judge()?;
        Ok(next)
    }
}

impl StackingRules {
    fn judge(&self) -> Result<()> {
        let mut faults = Faults::default();
        faults.take(self.judge_limits());
        faults.take(self.judge_modes());
        faults.take(self.judge_categories());
        faults.finish()
    }

    fn judge_limits(&self) -> Result<()> {
        let mut faults = Faults::default();
        let category = self.applicable_redeemables_per_category_limit;
        let exclusive = self.applicable_exclusive_redeemables_per_category_limit;
        let limits = [
            ("redeemables_limit", Some(self.redeemables_limit), 30, None),
            (
                "applicable_redeemables_limit",
                Some(self.applicable_redeemables_limit),
                30,
                Some(("redeemables_limit", self.redeemables_limit)),
            ),
            (
                "applicable_redeemables_per_category_limit",
                category,
                30,
                Some(("applicable_redeemables_limit", self.applicable_redeemables_limit)),
            ),
            ("applicable_exclusive_redeemables_limit", Some(self.applicable_exclusive_redeemables_limit), 5, None),
            (
                "applicable_exclusive_redeemables_per_category_limit",
                exclusive,
                30,
                Some(("applicable_exclusive_redeemables_limit", self.applicable_exclusive_redeemables_limit)),
            ),
        ];
        for (field, value, most, other) in limits {
            let Some(value) = value else { continue };
            faults.take(within(field.to_owned(), value, most));
            if let Some((name, bound)) = other
                && value > bound
            {
                faults.note(Error::invalid(field, format!("must be <= {name}, which is {bound}")));
            }
        }
        if self.applicable_redeemables_category_limits.len() > MAX_CATEGORIES {
            let reason = format!("must have at most {MAX_CATEGORIES} items");
            faults.note(Error::invalid("applicable_redeemables_category_limits", reason));
        }
        for (category, limit) in &self.applicable_redeemables_category_limits {
            let shown: String = category.chars().filter(|c| !c.is_control()).take(60).collect();
            faults.take(within(format!("applicable_redeemables_category_limits.{shown}"), *limit, 10));
        }
        faults.finish()
    }

    fn judge_modes(&self) -> Result<()> {
        let mut faults = Faults::default();
        for (field, value, allowed) in [
            ("discount_calculation_mode", &self.discount_calculation_mode, &["INITIAL_AMOUNT", "DISCOUNTED_AMOUNT"][..]),
            ("redeemables_application_mode", &self.redeemables_application_mode, &["ALL", "PARTIAL"]),
            ("redeemables_sorting_rule", &self.redeemables_sorting_rule, &["CATEGORY_HIERARCHY", "REQUESTED_ORDER"]),
            ("redeemables_products_application_mode", &self.redeemables_products_application_mode, &["STACK", "ONCE"]),
            ("redeemables_no_effect_rule", &self.redeemables_no_effect_rule, &["REDEEM_ANYWAY", "SKIP"]),
            ("redeemables_rollback_order_mode", &self.redeemables_rollback_order_mode, &["WITH_ORDER", "WITHOUT_ORDER"]),
            ("grouped_redeemables_sorting_rule", &self.grouped_redeemables_sorting_rule, &["JOINT_ALWAYS_LAST"]),
        ] {
            if !allowed.contains(&value.as_str()) {
                faults.note(Error::invalid(field, format!("must be one of the allowed values [ {} ]", allowed.join(", "))));
            }
        }
        faults.finish()
    }

    fn judge_categories(&self) -> Result<()> {
        let mut faults = Faults::default();
        for (field, ids) in [
            ("exclusive_categories", &self.exclusive_categories),
            ("joint_categories", &self.joint_categories),
            ("initial_amount_mode_categories", &self.initial_amount_mode_categories),
            ("discounted_amount_mode_categories", &self.discounted_amount_mode_categories),
            ("no_effect_skip_categories", &self.no_effect_skip_categories),
            ("no_effect_redeem_anyway_categories", &self.no_effect_redeem_anyway_categories),
        ] {
            if ids.len() > MAX_CATEGORIES {
                faults.note(Error::invalid(field, format!("must have at most {MAX_CATEGORIES} items")));
            }
            for (index, id) in ids.iter().enumerate().filter(|(_, id)| id.is_empty() || id.chars().count() > MAX_CATEGORY) {
                let reason = if id.is_empty() {
                    "must not be empty".to_owned()
                } else {
                    format!("must have at most {MAX_CATEGORY} characters")
                };
                faults.note(Error::invalid(format!("{field}[{index}]"), reason));
            }
        }
        if self.no_effect_skip_categories.iter().any(|id| self.no_effect_redeem_anyway_categories.contains(id)) {
            faults.note(Error::invalid("no_effect_skip_categories", "must hold none of no_effect_redeem_anyway_categories"));
        }
        faults.finish()
    }
}

fn within(field: String, value: i64, most: i64) -> Result<()> {
    match value {
        v if v < 1 => Err(Error::invalid(field, "must be >= 1")),
        v if v > most => Err(Error::invalid(field, format!("must be <= {most}"))),
        _ => Ok(()),
    }
}

impl Content for StackingRules {
    const KIND: PartKind = PartKind::StackingRules;
    type Draft = RulesChange;
    type Change = RulesChange;

    fn create(mut draft: RulesChange) -> Result<Self> {
        // In a new set, `null` means absent.
        for limit in
            [&mut draft.applicable_redeemables_per_category_limit, &mut draft.applicable_exclusive_redeemables_per_category_limit]
        {
            if *limit == Change::Clear {
                *limit = Change::Keep;
            }
        }
        draft.apply(&Self::default())
    }

    fn change(&self, change: RulesChange) -> Result<Self> {
        change.apply(self)
    }

    fn name(&self) -> Option<&str> {
        Some("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn defaults_pass_and_nulls_mean_absent() {
        let nulls =
            json!({"redeemables_limit": null, "applicable_redeemables_per_category_limit": null, "joint_categories": null});
        let made = StackingRules::create(serde_json::from_value(nulls.clone()).unwrap()).unwrap();
        assert_eq!(made, StackingRules::default());
        let changed = made.change(serde_json::from_value(nulls).unwrap()).unwrap();
        assert_eq!(changed, StackingRules { applicable_redeemables_per_category_limit: None, ..made });
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let bad = json!({
            "redeemables_limit": 31, "applicable_redeemables_category_limits": {"cat_1": 11}, "discount_calculation_mode": "X",
            "no_effect_skip_categories": ["a"], "no_effect_redeem_anyway_categories": ["a"], "exclusive_categories": [""],
        });
        let error = StackingRules::create(serde_json::from_value(bad).unwrap()).unwrap_err();
        let fields: Vec<_> = error.details().keys().map(String::as_str).collect();
        assert_eq!(
            fields,
            [
                "applicable_redeemables_category_limits.cat_1",
                "discount_calculation_mode",
                "exclusive_categories[0]",
                "no_effect_skip_categories",
                "redeemables_limit"
            ]
        );
    }

    proptest! {
        #[test]
        fn limits_are_as_the_ranges_say(
            sent in -2..35_i64, applied in -2..35_i64, category in proptest::option::of(-2..35_i64),
            exclusive in -2..8_i64, exclusive_category in proptest::option::of(-2..35_i64),
        ) {
            let change = RulesChange {
                redeemables_limit: Some(sent),
                applicable_redeemables_limit: Some(applied),
                applicable_redeemables_per_category_limit: category.map_or(Change::Clear, Change::Set),
                applicable_exclusive_redeemables_limit: Some(exclusive),
                applicable_exclusive_redeemables_per_category_limit: exclusive_category.map_or(Change::Clear, Change::Set),
                ..RulesChange::default()
            };
            let legal = (1..=30).contains(&sent) && (1..=sent).contains(&applied)
                && category.is_none_or(|c| (1..=applied).contains(&c))
                && (1..=5).contains(&exclusive) && exclusive_category.is_none_or(|c| (1..=exclusive).contains(&c));
            prop_assert_eq!(StackingRules::default().change(change).is_ok(), legal);
        }
    }
}
