//! `jpauto competitor believe` and `distrust`: the owner's word about a lot that is doubted.

use jpauto::competitors::LotVerdict;

use crate::{
    failure::Failure,
    output::{Format, Output, moment},
};

/// Says what follows from a lot that is believed.
pub(super) fn believed(verdict: &LotVerdict, output: &mut Output) -> Result<(), Failure> {
    let LotVerdict { competitor, observed_at, scrapes, sold, .. } = verdict;
    let scrapes = if *scrapes == 1 { "one scrape counts".to_owned() } else { format!("{scrapes} scrapes count") };
    let said = format!("{competitor}: the lot of {} is taken as it is; {scrapes} as seen whole", moment(*observed_at));
    output.done(&said, verdict)?;
    if output.format() != Format::Table {
        return Ok(());
    }
    for sold in sold {
        let likely = sold.p_return.map_or_else(String::new, |chance| format!(", {}", likely_to_return(chance)));
        let vin = sold.vehicle.vin.as_deref().or(sold.vehicle.stock_number.as_deref()).unwrap_or("no VIN");
        output.text(&format!("sold{likely}: {vin}"))?;
    }
    match sold.len() {
        0 => output.text("Nothing has been missing for long enough to be found sold yet."),
        1 => output.text("One vehicle is found sold."),
        count => output.text(&format!("{count} vehicles are found sold.")),
    }
}

/// Says what follows from a scrape that is discarded.
pub(super) fn discarded(verdict: &LotVerdict, output: &mut Output) -> Result<(), Failure> {
    let LotVerdict { competitor, observed_at, on_sale_again, .. } = verdict;
    let said = format!("{competitor}: the scrape of {} counts for nothing", moment(*observed_at));
    output.done(&said, verdict)?;
    if output.format() != Format::Table {
        return Ok(());
    }
    match on_sale_again.len() {
        0 => output.text("It had found nothing sold."),
        1 => output.text("One vehicle that it had found sold is on sale again."),
        count => output.text(&format!("{count} vehicles that it had found sold are on sale again.")),
    }
}

/// `1.5 % likely to come back`.
pub(crate) fn likely_to_return(chance: f64) -> String {
    format!("{:.1} % likely to come back", chance * 100.0)
}
