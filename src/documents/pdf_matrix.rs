//! Where on a page something is.
//!
//! Only sums, products, quotients and square roots occur, which every machine rounds alike, so that
//! browser and server see the same gaps.

/// A change of coordinates, as `a b c d e f` in a page's content.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Matrix(pub(crate) [f64; 6]);

impl Matrix {
    pub(crate) const IDENTITY: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    pub(crate) const fn shift(x: f64, y: f64) -> Self {
        Self([1.0, 0.0, 0.0, 1.0, x, y])
    }

    /// This change first, then the other.
    pub(crate) fn then(&self, next: &Self) -> Self {
        let [a, b, c, d, e, f] = self.0;
        let (x, y) = next.apply(e, f);
        let [na, nb, nc, nd, _, _] = next.0;
        Self([a * na + b * nc, a * nb + b * nd, c * na + d * nc, c * nb + d * nd, x, y])
    }

    pub(crate) fn apply(&self, x: f64, y: f64) -> (f64, f64) {
        let [a, b, c, d, e, f] = self.0;
        (a * x + c * y + e, b * x + d * y + f)
    }

    /// The direction of its lines, of length 1, and the height of a letter of size 1.
    pub(crate) fn baseline(&self) -> (f64, f64, f64) {
        let [a, b, c, d, _, _] = self.0;
        let width = (a * a + b * b).sqrt();
        let height = (c * c + d * d).sqrt();
        if width > 0.0 { (a / width, b / width, height) } else { (1.0, 0.0, height) }
    }
}
