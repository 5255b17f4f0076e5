//! Quantities as they are multiplied and added on the way down a structure: decimals, exact or not at all.

use std::fmt;

use rust_decimal::Decimal;

/// A quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quantity(Decimal);

impl Quantity {
    pub(super) const ONE: Self = Self(Decimal::ONE);
    pub(super) const ZERO: Self = Self(Decimal::ZERO);

    /// From a number as JSON writes it; none if it cannot be held exactly.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let exponential = text.contains(['e', 'E']);
        let parsed = if exponential { Decimal::from_scientific(text) } else { Decimal::from_str_exact(text) };
        parsed.ok().map(|number| Self(number.normalize()))
    }

    /// The product; none if it has more digits than can be held. The library would round it.
    pub(super) fn times(self, other: Self) -> Option<Self> {
        let product = self.0.checked_mul(other.0)?;
        (self == Self::ZERO || other == Self::ZERO || product.scale() == self.0.scale() + other.0.scale())
            .then(|| Self(product.normalize()))
    }

    /// The sum; none if it has more digits than can be held.
    pub(super) fn plus(self, other: Self) -> Option<Self> {
        let sum = self.0.checked_add(other.0)?;
        (sum.scale() == self.0.scale().max(other.0.scale())).then(|| Self(sum.normalize()))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::Quantity;

    fn of(text: &str) -> Quantity {
        Quantity::parse(text).unwrap()
    }

    #[test]
    fn products_and_sums_are_exact() {
        assert_eq!(of("0.1").times(of("0.2")).unwrap().to_string(), "0.02");
        assert_eq!(of("0.1").plus(of("0.2")).unwrap().to_string(), "0.3");
        assert_eq!(of("1.50").times(of("2")).unwrap().to_string(), "3");
        assert_eq!(of("2.5e2").plus(of("-1E-3")).unwrap().to_string(), "249.999");
        assert_eq!(of("0").times(of("0.0000001")).unwrap(), Quantity::ZERO);
        assert_eq!(of("1.0"), Quantity::ONE);
    }

    #[test]
    fn what_cannot_be_held_exactly_is_none() {
        let tiny = of("0.000000000000001");
        assert_eq!(tiny.times(tiny), None);
        let huge = of("9999999999999999999999999999");
        assert_eq!((huge.times(huge), huge.plus(of("0.5"))), (None, None));
        for text in ["", "two", "1e400", "0x1", "NaN", "12 pieces", "0.00000000000000000000000000000000001"] {
            assert_eq!(Quantity::parse(text), None, "{text}");
        }
    }
}
