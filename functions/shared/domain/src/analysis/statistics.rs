//! The two tests of an analysis. Each gives the probability to see this much or more where green is not worse than blue.

use std::collections::BTreeMap;

/// Fisher's exact test, one-sided: of all errors, that many or more are green's. Sides are errors of samples; 1 without samples.
/// (R. A. Fisher, Statistical Methods for Research Workers, §21.02.)
#[must_use]
pub(super) fn more_often(blue: (u32, u32), green: (u32, u32)) -> f64 {
    let errors = blue.0 + green.0;
    let all = ln_choose(blue.1 + green.1, errors);
    let least = green.0.max(errors.saturating_sub(blue.1));
    let most = errors.min(green.1);
    let tail: f64 = (least..=most)
        .map(|of_green| (ln_choose(green.1, of_green) + ln_choose(blue.1, errors - of_green) - all).exp())
        .sum();
    tail.min(1.0)
}

/// The Mann–Whitney U test, one-sided, by its normal approximation with ties and continuity corrected: green's answers are in higher
/// buckets than blue's moved up by `tolerated`; 1 without answers of a side.
/// (H. B. Mann and D. R. Whitney, 1947, <https://doi.org/10.1214/aoms/1177730491>.)
#[must_use]
pub(super) fn slower(blue: &BTreeMap<u8, u32>, green: &BTreeMap<u8, u32>, tolerated: u8) -> f64 {
    // At each bucket, how many of blue and of green.
    let mut ranks: BTreeMap<u16, (f64, f64)> = BTreeMap::new();
    for (bucket, count) in blue {
        ranks.entry(u16::from(*bucket) + u16::from(tolerated)).or_default().0 += f64::from(*count);
    }
    for (bucket, count) in green {
        ranks.entry(u16::from(*bucket)).or_default().1 += f64::from(*count);
    }
    let (mut of_blue, mut of_green, mut wins, mut ties) = (0.0, 0.0, 0.0, 0.0);
    for (blue, green) in ranks.into_values() {
        wins += green * (of_blue + blue / 2.0);
        of_blue += blue;
        of_green += green;
        let both: f64 = blue + green;
        ties += both.powi(3) - both;
    }
    let all = of_blue + of_green;
    let variance = of_blue * of_green / 12.0 * ((all + 1.0) - ties / (all * (all - 1.0)));
    if of_blue == 0.0 || of_green == 0.0 || variance <= 0.0 {
        return 1.0;
    }
    above((wins - of_blue * of_green / 2.0 - 0.5) / variance.sqrt())
}

/// How likely a standard normal variable is above `z`: half of the complementary error function, by the Chebyshev fit of Numerical
/// Recipes (2nd edition, §6.2), whose relative error is below 1.2e-7 everywhere.
fn above(z: f64) -> f64 {
    const FIT: [f64; 10] = [
        -1.265_512_23,
        1.000_023_68,
        0.374_091_96,
        0.096_784_18,
        -0.186_288_06,
        0.278_868_07,
        -1.135_203_98,
        1.488_515_87,
        -0.822_152_23,
        0.170_872_77,
    ];
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + x / 2.0);
    let tail = t * (FIT.iter().rev().fold(0.0, |sum, factor| sum * t + factor) - x * x).exp() / 2.0;
    if z < 0.0 { 1.0 - tail } else { tail }
}

fn ln_choose(of: u32, some: u32) -> f64 {
    ln_factorial(of) - ln_factorial(some) - ln_factorial(of - some)
}

/// By Stirling's series (<https://dlmf.nist.gov/5.11#E1>), whose next term is below 1e-12 from 16 on.
fn ln_factorial(n: u32) -> f64 {
    if n < 16 {
        return (2..=n).map(|factor| f64::from(factor).ln()).sum();
    }
    let n = f64::from(n);
    let series = 1.0 / (12.0 * n) - 1.0 / (360.0 * n.powi(3)) + 1.0 / (1260.0 * n.powi(5)) - 1.0 / (1680.0 * n.powi(7));
    n * n.ln() - n + (std::f64::consts::TAU * n).ln() / 2.0 + series
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 1e-4, "{found} is not {expected}");
    }

    #[test]
    fn fishers_test_gives_what_r_documents() {
        // Fisher's tea drinker, and the convictions of twins: https://stat.ethz.ch/R-manual/R-devel/library/stats/html/fisher.test.html
        near(more_often((1, 4), (3, 4)), 0.242_857_1);
        near(more_often((2, 17), (10, 13)), 0.000_465_2);
        near(more_often((0, 10), (0, 10)), 1.0);
        near(more_often((0, 0), (0, 0)), 1.0);
        // All errors are green's: half to the power of their number, where they are few of many.
        near(more_often((0, 100_000), (1, 100_000)), 0.5);
    }

    #[test]
    fn the_mann_whitney_test_gives_what_scipy_documents() {
        // https://docs.scipy.org/doc/scipy/reference/generated/scipy.stats.mannwhitneyu.html: half of the two-sided, asymptotic p-value.
        let of = |ages: &[u8]| ages.iter().map(|age| (*age, 1)).collect();
        let (females, males) = (of(&[20, 11, 17, 12]), of(&[19, 22, 16, 29, 24]));
        near(slower(&females, &males, 0), 0.111_346_886_533_140_41 / 2.0);
    }

    #[test]
    fn what_is_slower_within_the_tolerance_is_not_slower() {
        let at = |bucket| BTreeMap::from([(bucket, 1000), (bucket + 1, 1000)]);
        assert!(slower(&at(40), &at(45), 5) > 0.49);
        assert!(slower(&at(40), &at(47), 5) < 1e-12);
        assert!(slower(&at(40), &at(30), 5) > 0.999);
        for (blue, green) in [(BTreeMap::new(), at(9)), (at(9), BTreeMap::new()), (BTreeMap::new(), BTreeMap::new())] {
            assert!(slower(&blue, &green, 0) >= 1.0);
        }
        // Everything in one bucket says nothing.
        assert!(slower(&BTreeMap::from([(5, 9)]), &BTreeMap::from([(5, 9)]), 0) >= 1.0);
    }

    #[test]
    fn tails_of_the_normal_distribution_are_those_of_its_tables() {
        // https://www.itl.nist.gov/div898/handbook/eda/section3/eda3671.htm, and Abramowitz and Stegun, table 26.2.
        for (z, expected) in
            [(0.0, 0.5), (1.0, 0.158_655_3), (1.96, 0.024_997_9), (5.0, 2.866_516e-7), (-1.0, 0.841_344_7)]
        {
            near(above(z), expected);
        }
    }

    #[test]
    fn factorials_are_those_of_the_integers() {
        near(ln_factorial(20).exp(), 2_432_902_008_176_640_000.0);
        assert!((ln_factorial(16) - ln_factorial(15) - 16_f64.ln()).abs() < 1e-9);
    }
}
