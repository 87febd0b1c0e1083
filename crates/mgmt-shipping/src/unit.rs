//! Weights and lengths. Units are converted by their exact definitions (international yard and pound agreement of 1959), so that
//! nothing is rounded.

use rust_decimal::{Decimal, dec};
use serde::{Deserialize, Serialize};

use crate::{number::Number, word::words};

words! {
    /// A unit of weight.
    WeightUnit {
        /// Kilograms.
        Kg = "KG",
        /// Avoirdupois pounds.
        Lb = "LB",
        /// Avoirdupois ounces.
        Oz = "OZ",
        /// Grams.
        G = "G",
    }
}

words! {
    /// A unit of length.
    LengthUnit {
        /// Centimetres.
        Cm = "CM",
        /// Inches.
        In = "IN",
    }
}

impl WeightUnit {
    /// Grams in one.
    #[must_use]
    pub const fn grams(self) -> Decimal {
        match self {
            Self::Kg => dec!(1000),
            Self::Lb => dec!(453.59237),
            Self::Oz => dec!(28.349523125),
            Self::G => dec!(1),
        }
    }
}

impl LengthUnit {
    /// Centimetres in one.
    #[must_use]
    pub const fn centimetres(self) -> Decimal {
        match self {
            Self::Cm => dec!(1),
            Self::In => dec!(2.54),
        }
    }
}

/// A weight in the unit it was given in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weight {
    /// How many units.
    pub value: Number,
    /// Which unit.
    pub unit: WeightUnit,
}

impl Weight {
    /// The weight in grams, exactly.
    #[must_use]
    pub fn grams(self) -> Decimal {
        self.value.get() * self.unit.grams()
    }

    /// The weight in another unit. Exact where the result has an end, else to 28 digits.
    #[must_use]
    pub fn in_unit(self, unit: WeightUnit) -> Decimal {
        if unit == self.unit { self.value.get() } else { self.grams() / unit.grams() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UNITS: [WeightUnit; 4] = [WeightUnit::Kg, WeightUnit::Lb, WeightUnit::Oz, WeightUnit::G];

    #[test]
    fn definitions() {
        let one = |unit| Weight { value: Number::new(Decimal::ONE), unit };
        assert_eq!(one(WeightUnit::Lb).in_unit(WeightUnit::Oz), dec!(16));
        assert_eq!(one(WeightUnit::Kg).grams(), dec!(1000));
        assert_eq!(one(WeightUnit::Lb).in_unit(WeightUnit::Kg), dec!(0.45359237));
    }

    proptest! {
        #[test]
        fn conversions_come_back(millionths in 1_i64..=10_000_000_000_000, from in 0_usize..4, to in 0_usize..4) {
            let weight = Weight { value: Number::new(Decimal::new(millionths, 6)), unit: UNITS[from] };
            let there = Weight { value: Number::new(weight.in_unit(UNITS[to])), unit: UNITS[to] };
            prop_assert_eq!(there.in_unit(UNITS[from]).round_dp(12).normalize(), weight.value.get().normalize());
        }

        #[test]
        fn order_does_not_depend_on_the_unit(a in 1_i64..=1_000_000, b in 1_i64..=1_000_000, unit in 0_usize..4) {
            let weight = |n| Weight { value: Number::new(Decimal::new(n, 3)), unit: UNITS[unit] };
            prop_assert_eq!(weight(a).grams().cmp(&weight(b).grams()), a.cmp(&b));
        }
    }
}
