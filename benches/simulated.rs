//! The error of the pricing rule in simulated markets, beside the plain median and two estimates with more knowledge.
//!
//! It prints every mix of faults, size of market and distance of the subject. A number among the arguments is the seed:
//! `cargo bench --bench simulated -- 7`.

#![allow(clippy::expect_used, clippy::print_stdout, unreachable_pub, reason = "a benchmark says what it did")]

#[path = "../tests/support/made_up_market.rs"]
mod made_up_market;

use made_up_market::{Distance, Errors, MIXES, Means, SIZES, Years, errors, errors_of_alike};

const MARKETS: usize = 1_000;

fn line(name: &str, size: &str, distance: &str, means: Means) {
    let Means { markets, plain, rule, knows_faults, knows_slope } = means;
    println!(
        "{name:<20} {size:>5} {distance:<8} {markets:>7} {plain:>8.4} {rule:>6.2} {knows_faults:>13.2} {knows_slope:>12.2}"
    );
}

fn main() {
    let seed = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(1);
    println!("mean errors of ln price: the plain median's, and the others' as shares of it; seed {seed}");
    for years in [Years::One, Years::Three] {
        println!(
            "\nmodel years: {years:?}\n{:<20} {:>5} {:<8} {:>7} {:>8} {:>6} {:>13} {:>12}",
            "mix", "size", "mileage", "markets", "plain", "rule", "faults known", "slope known"
        );
        for mix in MIXES {
            let of_size = SIZES.map(|size| errors(mix, years, size, MARKETS, seed));
            for distance in [Distance::Far, Distance::Between, Distance::Near] {
                let name = format!("{distance:?}").to_lowercase();
                let at = |errors: &[Errors]| -> Vec<Errors> {
                    errors.iter().copied().filter(|one| one.distance == distance).collect()
                };
                for (size, errors) in SIZES.iter().zip(&of_size) {
                    line(mix.name, &size.to_string(), &name, Means::of(at(errors)));
                }
                line(mix.name, "all", &name, Means::of(of_size.iter().flat_map(|errors| at(errors))));
            }
            for size in SIZES.into_iter().filter(|_| years == Years::One) {
                line(mix.name, &size.to_string(), "alike", Means::of(errors_of_alike(mix, size, MARKETS, seed)));
            }
        }
    }
}
