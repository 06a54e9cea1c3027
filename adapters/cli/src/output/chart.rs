//! Small charts of text: where a price stands among others, and prices over time.
//!
//! What is deliberately not here: colours, and finding out what is to be drawn.

use chrono::{DateTime, Utc};
use jpauto::{Money, market::AdjustedPrices};

use super::words::{day, dollars};

/// Wider charts are not easier to read.
const WIDEST: usize = 72;
const NARROWEST: usize = 20;
/// Lines of a chart over time.
const HEIGHT: usize = 9;

/// The comparables' prices as a box from the first quartile to the third, whiskers to the ends, and our price above it.
///
/// ```text
///                        ▼ ours $16,000
/// ├──────────────▒▒▒▒▒▒▒▒▒▒▒┃▒▒▒▒▒▒▒▒──────────┤
/// $12,000                $13,500          $15,000
/// ```
pub(crate) fn distribution(prices: &AdjustedPrices, ours: Option<Money>, columns: usize) -> String {
    let width = columns.clamp(NARROWEST, WIDEST);
    let ends = [Some(prices.min), Some(prices.max), ours];
    let low = ends.iter().flatten().min().copied().unwrap_or(prices.min);
    let high = ends.iter().flatten().max().copied().unwrap_or(prices.max);
    let scale = Scale::new(low.dollars(), high.dollars(), width);
    let at = |price: Money| scale.place(price.dollars());
    let mut box_line = vec![' '; width];
    fill(&mut box_line, at(prices.min), at(prices.max), '─');
    fill(&mut box_line, at(prices.p25), at(prices.p75), '▒');
    for (price, sign) in [(prices.min, '├'), (prices.max, '┤'), (prices.median, '┃')] {
        fill(&mut box_line, at(price), at(price), sign);
    }
    let mut labels = Labels::new(width);
    // The middle first: what does not fit beside it is left out.
    labels.write(at(prices.median), &dollars(prices.median));
    labels.write(at(prices.min), &dollars(prices.min));
    labels.write(at(prices.max), &dollars(prices.max));
    let mut lines = Vec::new();
    if let Some(ours) = ours {
        let mut above = Labels::new(width);
        let place = at(ours);
        let text = format!("ours {}", dollars(ours));
        let room = text.chars().count() + 2;
        if place + room <= width {
            above.write_at(place, &format!("▼ {text}"));
        } else {
            above.write_at((place + 1).saturating_sub(room), &format!("{text} ▼"));
        }
        lines.push(above.text());
    }
    lines.extend([box_line.into_iter().collect(), labels.text()]);
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}

/// A moment with our price and the market's, as far as they were known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) at: DateTime<Utc>,
    pub(crate) ours: Money,
    pub(crate) market: Option<Money>,
}

/// Both prices over time, `●` ours and `─` the market's median; each holds until the next moment that says otherwise.
///
/// `None` where there are fewer than two moments.
pub(crate) fn over_time(moments: &[Moment], columns: usize) -> Option<String> {
    let mut moments = moments.to_vec();
    moments.sort_by_key(|moment| moment.at);
    let (first, last) = (moments.first()?, moments.last()?);
    if first.at >= last.at {
        return None;
    }
    let all = || moments.iter().flat_map(|moment| [Some(moment.ours), moment.market]).flatten();
    let (low, high) = (all().min()?, all().max()?);
    let labels = [high, low].map(dollars);
    let margin = labels.iter().map(|label| label.chars().count()).max()?;
    let width = columns.saturating_sub(margin + 2).clamp(NARROWEST, WIDEST);
    let across = Scale::new(first.at.timestamp() as f64, last.at.timestamp() as f64, width);
    let up = Scale::new(low.dollars(), high.dollars(), HEIGHT);
    let mut grid = vec![vec![' '; width]; HEIGHT];
    let mut draw = |sign: char, price_of: &dyn Fn(&Moment) -> Option<Money>| {
        let known: Vec<_> = moments
            .iter()
            .filter_map(|moment| Some((across.place(moment.at.timestamp() as f64), price_of(moment)?)))
            .collect();
        for (index, (start, price)) in known.iter().enumerate() {
            let end = known.get(index + 1).map_or(width - 1, |(next, _)| next.saturating_sub(1).max(*start));
            if let Some(line) = grid.get_mut(HEIGHT - 1 - up.place(price.dollars())) {
                fill(line, *start, end, sign);
            }
        }
    };
    draw('─', &|moment| moment.market);
    draw('●', &|moment| Some(moment.ours));
    let mut lines = Vec::with_capacity(HEIGHT + 1);
    for (place, line) in grid.into_iter().enumerate() {
        let label = match place {
            0 => labels[0].as_str(),
            place if place == HEIGHT - 1 => labels[1].as_str(),
            _ => "",
        };
        let line: String = line.into_iter().collect();
        lines.push(format!("{label:>margin$} ┤{}", line.trim_end()));
    }
    let (from, to) = (day(first.at), day(last.at));
    lines.push(format!("{:margin$}  {from}{to:>rest$}", "", rest = width.saturating_sub(from.len())));
    Some(lines.join("\n"))
}

/// Values onto places from 0 on.
struct Scale {
    low: f64,
    span: f64,
    last: usize,
}

impl Scale {
    fn new(low: f64, high: f64, places: usize) -> Self {
        Self { low, span: high - low, last: places.saturating_sub(1) }
    }

    fn place(&self, value: f64) -> usize {
        if self.span <= 0.0 {
            return self.last / 2;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between zero and the last place")]
        let place = ((value - self.low) / self.span * self.last as f64).round().clamp(0.0, self.last as f64) as usize;
        place
    }
}

fn fill(line: &mut [char], from: usize, to: usize, sign: char) {
    for place in from..=to {
        if let Some(slot) = line.get_mut(place) {
            *slot = sign;
        }
    }
}

/// Texts on one line that keep apart from one another.
struct Labels(Vec<char>);

impl Labels {
    fn new(width: usize) -> Self {
        Self(vec![' '; width])
    }

    /// Writes the text with its middle at the place, as far as the line allows, or not at all where another stands.
    fn write(&mut self, middle: usize, text: &str) {
        let length = text.chars().count();
        let start = middle.saturating_sub(length / 2).min(self.0.len().saturating_sub(length));
        let around = start.saturating_sub(1)..(start + length + 1).min(self.0.len());
        if self.0.get(around).is_some_and(|room| room.iter().all(|sign| *sign == ' ')) {
            self.write_at(start, text);
        }
    }

    fn write_at(&mut self, start: usize, text: &str) {
        for (slot, sign) in self.0.iter_mut().skip(start).zip(text.chars()) {
            *slot = sign;
        }
    }

    fn text(self) -> String {
        self.0.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prices(dollars: [i32; 5]) -> AdjustedPrices {
        let [min, p25, median, p75, max] = dollars.map(Money::from_dollars);
        AdjustedPrices { min, p25, median, p75, max }
    }

    #[test]
    fn our_price_is_marked_among_the_others() {
        let market = prices([12_000, 13_000, 13_500, 14_000, 15_000]);
        insta::assert_snapshot!(distribution(&market, Some(Money::from_dollars(13_900)), 60), @r"
                                             ▼ ours $13,900
        ├───────────────────▒▒▒▒▒▒▒▒▒▒┃▒▒▒▒▒▒▒▒▒───────────────────┤
        $12,000                    $13,500                   $15,000
        ");
        // Beyond the others the scale grows, and the words stand on the side where there is room.
        let dear = distribution(&market, Some(Money::from_dollars(16_000)), 60);
        let lines: Vec<_> = dear.lines().collect();
        assert!(lines[0].ends_with("ours $16,000 ▼") && lines[0].chars().count() == 60, "{dear}");
        assert!(lines[1].starts_with("├─") && lines[1].ends_with('┤') && lines[1].chars().count() == 45, "{dear}");
        assert_eq!(distribution(&market, None, 30).lines().count(), 2);
    }

    #[test]
    fn one_price_alone_is_drawn_too() {
        let market = prices([20_000; 5]);
        for columns in [0, 20, 500] {
            let chart = distribution(&market, Some(Money::from_dollars(20_000)), columns);
            assert!(chart.contains("ours $20,000") && chart.contains('┃'), "{chart}");
        }
    }

    #[test]
    fn both_prices_are_drawn_over_time() {
        let at = |day: u32| format!("2026-03-{day:02}T12:00:00Z").parse().unwrap();
        let moment = |day, ours, market: Option<i32>| Moment {
            at: at(day),
            ours: Money::from_dollars(ours),
            market: market.map(Money::from_dollars),
        };
        let moments = [
            moment(28, 14_000, Some(13_600)),
            moment(1, 16_000, Some(14_500)),
            moment(10, 15_000, None),
            moment(14, 15_000, Some(14_000)),
        ];
        insta::assert_snapshot!(over_time(&moments, 60).unwrap(), @r"
        $16,000 ┤●●●●●●●●●●●●●●●●●
                ┤
                ┤
                ┤                 ●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●●
                ┤
                ┤────────────────────────
                ┤
                ┤                        ──────────────────────────●
        $13,600 ┤                                                  ─
                 2026-03-01                               2026-03-28
        ");
        assert_eq!(over_time(&moments[..1], 60), None);
        assert_eq!(over_time(&[], 60), None);
        let flat = [moment(1, 14_000, None), moment(2, 14_000, None)];
        assert!(over_time(&flat, 60).unwrap().contains('●'));
    }
}
