//! The rules: which vehicle a VIN stands for, what is doubtful, what to pay at most, and how long an evaluation is valid.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Decoded, EvaluationData, Identity, IdentitySource, Kept, VpicDecode, Warning};
use crate::{
    Money, Vin,
    error::{Error, ErrorCode, Result},
    market::Analysis,
    vin::{Facts, YearBasis},
};

/// No vehicle has more miles than this.
const MOST_MILES: i32 = 2_000_000;

/// The numbers of evaluations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct EvaluationRules {
    /// How long an evaluation is valid: 30 days.
    pub kept_for_days: i64,
    /// How long one without a price, for lack of comparables, is valid: 1 day.
    pub kept_unpriced_for_days: i64,
    /// An evaluation serves for mileages up to this far away: 5,000.
    pub mileage_tolerance: i32,
    /// The lease on an evaluation in the making: 30 seconds. It is renewed each third of that while the process lives.
    pub lease_seconds: u32,
    /// How long another caller's evaluation is waited for: 180 seconds, longer than all its calls together may take.
    pub wait_seconds: u32,
    /// What to earn on a purchase. Without it there is no [`Evaluation::most_to_pay`](super::Evaluation::most_to_pay).
    pub purchase: Option<PurchaseRules>,
}

impl Default for EvaluationRules {
    fn default() -> Self {
        Self {
            kept_for_days: 30,
            kept_unpriced_for_days: 1,
            mileage_tolerance: 5_000,
            lease_seconds: 30,
            wait_seconds: 180,
            purchase: None,
        }
    }
}

/// What a purchase must leave us with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurchaseRules {
    /// The share of the sale that we want to earn, in basis points: 1,000 is 10 %.
    pub margin_basis_points: u32,
    /// What it costs to make a vehicle ready for sale.
    pub costs: Money,
}

/// What inventory and listings say of a VIN, the latest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// Vehicles of our own inventory with this VIN.
    pub(super) own: Vec<KnownVehicle>,
    /// Competitors' listings whose VINs begin alike.
    pub(super) listed: Vec<KnownVehicle>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KnownVehicle {
    pub(super) vin: Vin,
    pub(super) year: i32,
    pub(super) make: String,
    pub(super) model: String,
    pub(super) trim: Option<String>,
}

/// Refuses an impossible mileage.
pub(super) fn check_mileage(mileage: Option<i32>) -> Result<()> {
    if mileage.is_none_or(|miles| (0..=MOST_MILES).contains(&miles)) {
        return Ok(());
    }
    Err(Error::invalid_field(ErrorCode::InvalidEvaluation, "/mileage", format!("expected 0 to {MOST_MILES} miles")))
}

/// Combines what the VIN says by itself with what vPIC says of it.
pub(super) fn decoded(facts: Facts, vpic: Option<VpicDecode>) -> Decoded {
    let vehicle = vpic.as_ref().and_then(|vpic| by_vpic(&facts, vpic));
    let warnings = warnings(&facts, vpic.as_ref());
    Decoded { facts, vpic, vehicle, warnings }
}

fn by_vpic(facts: &Facts, vpic: &VpicDecode) -> Option<Identity> {
    Some(Identity {
        year: year(facts, vpic)?,
        make: make(facts, vpic.make.as_deref()?),
        model: vpic.model.clone()?,
        trim: vpic.trim.clone(),
        source: IdentitySource::Vpic,
    })
}

/// A year that the VIN proves wins. Otherwise vPIC knows more of the maker than position 7 does. A year that depends on the
/// maker's use of position 10 is not used at all.
fn year(facts: &Facts, vpic: &VpicDecode) -> Option<i32> {
    let proven = facts.model_year.filter(|_| facts.model_year_is_conclusive);
    let by_position_10 = facts.model_year.filter(|_| facts.model_year_basis != YearBasis::MakersChoice);
    proven.or(vpic.year).or(by_position_10)
}

/// Whether the year of a VIN from outside North America comes from position 10 alone.
///
/// vPIC reads position 10 by the rule of the United States. Where the check digit is wrong too, the VIN was not made by that rule,
/// so the same year from vPIC proves nothing.
fn year_is_conditional(facts: &Facts, by_vpic: Option<i32>) -> bool {
    let is_alone = match by_vpic {
        None => true,
        Some(by_vpic) => !facts.check_digit_ok && is_a_reading_of_position_10(facts, by_vpic),
    };
    facts.model_year_basis == YearBasis::MakersChoice && facts.model_year.is_some() && is_alone
}

fn is_a_reading_of_position_10(facts: &Facts, year: i32) -> bool {
    facts.model_year == Some(year) || facts.model_year_alternatives.contains(&year)
}

/// The make spelled as the register of manufacturers does; vPIC writes capitals.
fn make(facts: &Facts, by_vpic: &str) -> String {
    let registered =
        facts.manufacturer.and_then(|maker| maker.makes.iter().find(|name| name.eq_ignore_ascii_case(by_vpic)));
    registered.unwrap_or(by_vpic).to_owned()
}

fn warnings(facts: &Facts, vpic: Option<&VpicDecode>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if facts.is_placeholder {
        warnings.push(Warning::Placeholder);
    }
    if facts.check_digit_is_law && !facts.check_digit_ok {
        let digit = facts.check_digit;
        warnings.push(Warning::CheckDigitWrong { expected: digit.expected, actual: digit.actual });
    }
    let by_vpic = vpic.and_then(|vpic| vpic.year);
    match (facts.model_year, by_vpic) {
        (Some(year), _) if year_is_conditional(facts, by_vpic) => {
            let alternatives = facts.model_year_alternatives.clone();
            warnings.push(Warning::YearConditional { year, alternatives });
        }
        // A year that depends on the maker contradicts nothing.
        (Some(_), Some(_)) if facts.model_year_basis == YearBasis::MakersChoice => {}
        (Some(vin), Some(vpic)) if vin != vpic => warnings.push(Warning::YearsDiffer { vin, vpic }),
        (year, None) if !facts.model_year_is_conclusive => {
            warnings.push(Warning::YearUncertain { year, alternatives: facts.model_year_alternatives.clone() });
        }
        _ => {}
    }
    let Some(vpic) = vpic else { return warnings };
    // Finding 1 is the check digit, which was judged above by the law of the region.
    let remarks = vpic.findings.iter().filter(|finding| finding.0 != 1);
    warnings.extend(remarks.map(|finding| Warning::VpicFinding {
        number: finding.0,
        finding: finding.code().to_owned(),
        message: finding.meaning().to_owned(),
    }));
    warnings.extend(vpic.suggested_vin.clone().map(|vin| Warning::VpicSuggests { vin }));
    warnings
}

/// Which vehicle it is by our inventory and the listings, and from how many of them.
///
/// A listing of the same VIN is best. Vehicles of the same kind share positions 1 to 8, 10 and 11, which hold line, series and
/// model year (49 CFR 565.15). They count where all agree on year and model; the trim counts where they agree on it too. The
/// rule is the United States'. A VIN from overseas with a wrong check digit was not made by it, and has no known kind.
pub(super) fn by_listings(facts: &Facts, known: &Known) -> Option<(Identity, usize)> {
    let vin = facts.vin;
    let identity = |vehicle: &KnownVehicle, source| Identity {
        year: vehicle.year,
        make: vehicle.make.clone(),
        model: vehicle.model.clone(),
        trim: vehicle.trim.clone(),
        source,
    };
    if let Some(own) = known.own.first() {
        return Some((identity(own, IdentitySource::Inventory), known.own.len()));
    }
    let same: Vec<_> = known.listed.iter().filter(|listing| listing.vin == vin).collect();
    if let Some(latest) = same.first() {
        return Some((identity(latest, IdentitySource::Listing), same.len()));
    }
    if facts.model_year_basis == YearBasis::MakersChoice && !facts.check_digit_ok {
        return None;
    }
    let kind: Vec<_> = known.listed.iter().filter(|listing| listing.vin.squish() == vin.squish()).collect();
    let latest = kind.first()?;
    let is_alike = |listing: &&KnownVehicle| {
        listing.year == latest.year
            && listing.make.eq_ignore_ascii_case(&latest.make)
            && listing.model.eq_ignore_ascii_case(&latest.model)
    };
    if !kind.iter().all(is_alike) {
        return None;
    }
    let mut identity = identity(latest, IdentitySource::SameKind);
    if kind.iter().any(|listing| listing.trim != latest.trim) {
        identity.trim = None;
    }
    Some((identity, kind.len()))
}

/// The highest price to pay: `median * (1 - margin) - costs`, rounded down to the cent; `None` where that leaves nothing.
///
/// The market must be known well enough for a recommendation.
pub(super) fn most_to_pay(analysis: &Analysis, rules: PurchaseRules) -> Option<Money> {
    let median = analysis.adjusted.filter(|_| analysis.recommended_range.is_some())?.median;
    let kept = 10_000_i64.checked_sub(i64::from(rules.margin_basis_points))?;
    let after_margin = median.cents().checked_mul(kept)?.div_euclid(10_000);
    let most = after_margin.checked_sub(rules.costs.cents())?;
    (most > 0).then(|| Money::from_cents(most))
}

/// Whether there were enough comparables for a price.
pub(super) fn is_priced(data: &EvaluationData) -> bool {
    data.analysis.as_ref().is_some_and(|analysis| analysis.recommended_range.is_some())
}

/// Whether every source that is configured has answered. Only then the evaluation is stored.
pub(super) fn is_complete(data: &EvaluationData, asks_vpic: bool) -> bool {
    let lacks_something = |warning: &Warning| match warning {
        Warning::SourceMissing { .. } | Warning::ComparablesMissing { .. } | Warning::ModelUnknown => true,
        Warning::VpicMissing { .. } => asks_vpic,
        _ => false,
    };
    data.analysis.is_some() && !data.warnings.iter().any(lacks_something)
}

/// Whether a stored evaluation is still valid.
pub(super) fn is_current(kept: &Kept, now: DateTime<Utc>) -> bool {
    kept.expires_at > now
}

/// Whether a stored evaluation was made from every source that is configured now.
pub(super) fn knows_enough(data: &EvaluationData, asks_vpic: bool, asks_auto_dev: bool) -> bool {
    let lacks_vpic = data.warnings.iter().any(|warning| matches!(warning, Warning::VpicMissing { .. }));
    let lacks_auto_dev = data.analysis.as_ref().is_none_or(|analysis| analysis.search_parameters.auto_dev.is_empty());
    !(asks_vpic && lacks_vpic || asks_auto_dev && lacks_auto_dev)
}

/// Whether a stored evaluation serves for this mileage.
pub(super) fn is_near(kept: Option<i32>, asked: Option<i32>, rules: &EvaluationRules) -> bool {
    match (kept, asked) {
        (None, None) => true,
        (Some(kept), Some(asked)) => kept.abs_diff(asked) <= rules.mileage_tolerance.unsigned_abs(),
        _ => false,
    }
}

/// When an evaluation expires. One without a price expires sooner, as the next comparables may give one.
pub(super) fn expiry(is_priced: bool, now: DateTime<Utc>, rules: &EvaluationRules) -> DateTime<Utc> {
    let days = if is_priced { rules.kept_for_days } else { rules.kept_unpriced_for_days.min(rules.kept_for_days) };
    let span = TimeDelta::try_days(days.max(0)).unwrap_or(TimeDelta::MAX);
    now.checked_add_signed(span).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIN: &str = "4T1B11HK9KU211111";

    fn vin(text: &str) -> Vin {
        Vin::parse(text).unwrap()
    }

    fn facts(text: &str) -> Facts {
        vin(text).facts(2026)
    }

    fn vpic(year: i32, findings: &[u16]) -> VpicDecode {
        VpicDecode {
            year: Some(year),
            make: Some("TOYOTA".into()),
            model: Some("Camry".into()),
            findings: findings.iter().map(|number| super::super::VpicFinding(*number)).collect(),
            ..VpicDecode::default()
        }
    }

    fn listing(text: &str, year: i32, model: &str, trim: &str) -> KnownVehicle {
        KnownVehicle { vin: vin(text), year, make: "Toyota".into(), model: model.into(), trim: Some(trim.into()) }
    }

    #[test]
    fn vpic_names_the_vehicle_and_the_register_spells_its_make() {
        let told = decoded(facts(VIN), Some(vpic(2019, &[])));
        let vehicle = told.vehicle.unwrap();
        assert_eq!((vehicle.year, &*vehicle.make, &*vehicle.model), (2019, "Toyota", "Camry"));
        assert_eq!(told.warnings, []);
    }

    #[test]
    fn years_that_differ_are_told_and_a_proven_one_stands() {
        let proven = decoded(facts("1HGCM82633A004352"), Some(vpic(2004, &[])));
        assert_eq!(proven.vehicle.unwrap().year, 2003);
        assert_eq!(proven.warnings, [Warning::YearsDiffer { vin: 2003, vpic: 2004 }]);
        // A fire engine: position 7 says 2024, its maker's tables 1994.
        let fire_engine = decoded(facts("4ENGAAA81R1003437"), Some(vpic(1994, &[])));
        assert_eq!(fire_engine.vehicle.unwrap().year, 1994);
    }

    #[test]
    fn each_finding_is_a_warning_but_the_check_digit_where_no_law_asks_for_it() {
        let overseas = decoded(facts("WBA3A5C51CF256987"), Some(vpic(2012, &[1, 7, 400])));
        let found: Vec<_> = overseas
            .warnings
            .iter()
            .filter_map(|warning| match warning {
                Warning::VpicFinding { finding, .. } => Some(finding.as_str()),
                Warning::YearConditional { .. } => None,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(found, ["vpic_unknown_manufacturer", "vpic_invalid_characters"]);
        let american = decoded(facts("1HGCM82603A004352"), None);
        assert!(american.warnings.contains(&Warning::CheckDigitWrong { expected: '3', actual: '0' }));
        assert!(matches!(decoded(facts("11111111111111111"), None).warnings[0], Warning::Placeholder));
    }

    #[test]
    fn listings_of_the_vin_or_of_its_kind_name_the_vehicle() {
        let subject = facts(VIN);
        let alike = |trim: &str, number| listing(&format!("4T1B11HK7KU21{number}"), 2019, "Camry", trim);
        for (known, expected) in [
            (vec![], None),
            (
                vec![listing(VIN, 2019, "Camry", "LE"), alike("SE", 2222)],
                Some((IdentitySource::Listing, Some("LE"), 1)),
            ),
            (vec![alike("SE", 2222), alike("SE", 3333)], Some((IdentitySource::SameKind, Some("SE"), 2))),
            (vec![alike("SE", 2222), alike("LE", 3333)], Some((IdentitySource::SameKind, None, 2))),
            (vec![alike("SE", 2222), listing("4T1B11HK7KU213333", 2018, "Camry", "SE")], None),
            // Another plant, and so another kind.
            (vec![listing("4T1B11HK7K1213333", 2019, "Camry", "SE")], None),
        ] {
            let told = by_listings(&subject, &Known { own: vec![], listed: known.clone() });
            let told = told.as_ref().map(|(is, listings)| (is.source, is.trim.as_deref(), *listings));
            assert_eq!(told, expected, "{known:?}");
        }
        let own =
            Known { own: vec![listing(VIN, 2019, "Camry", "XLE")], listed: vec![listing(VIN, 2018, "Camry", "LE")] };
        assert_eq!(by_listings(&subject, &own).unwrap().0.source, IdentitySource::Inventory);
    }

    #[test]
    fn a_year_that_holds_under_a_condition_is_never_looked_for() {
        let overseas = facts("WDD2470031J059461");
        let without_year = VpicDecode { year: None, ..vpic(0, &[]) };
        let told = decoded(overseas.clone(), Some(without_year.clone()));
        assert_eq!(told.vehicle, None);
        assert_eq!(told.warnings, [Warning::YearConditional { year: 2001, alternatives: vec![] }]);
        assert_eq!(decoded(overseas.clone(), None).warnings, told.warnings);
        // A VIN from here is of one of the years that the code may mean.
        assert_eq!(decoded(facts("4ENGAAA81R1003437"), Some(without_year)).vehicle.unwrap().year, 2024);
        // vPIC knows better, and contradicts nobody.
        let known = decoded(overseas.clone(), Some(vpic(2021, &[])));
        assert_eq!((known.vehicle.unwrap().year, known.warnings), (2021, vec![]));
        // What it read from position 10 of a VIN that its rule is not made for stays doubtful.
        let doubtful = decoded(overseas.clone(), Some(vpic(2001, &[])));
        assert!(matches!(doubtful.warnings[..], [Warning::YearConditional { .. }]), "{:?}", doubtful.warnings);
        let imported = decoded(facts("JM3KE4BY6G0636881"), Some(vpic(2016, &[])));
        assert_eq!((imported.vehicle.unwrap().year, imported.warnings), (2016, vec![]));
        // One more of its kind says nothing of its year, one of an import's kind does.
        let alike = |text: &str| Known { own: vec![], listed: vec![listing(text, 2019, "A 250", "AMG")] };
        assert_eq!(by_listings(&overseas, &alike("WDD2470041J000001")), None);
        assert_eq!(by_listings(&overseas, &alike("WDD2470031J059461")).unwrap().0.source, IdentitySource::Listing);
        let import = by_listings(&facts("JM3KE4BY6G0636881"), &alike("JM3KE4BYXG0000001"));
        assert_eq!(import.unwrap().0.source, IdentitySource::SameKind);
    }

    #[test]
    fn a_stored_evaluation_serves_for_near_mileages() {
        let rules = EvaluationRules::default();
        for (kept, asked, serves) in [
            (None, None, true),
            (Some(50_000), None, false),
            (None, Some(0), false),
            (Some(50_000), Some(55_000), true),
            (Some(50_000), Some(45_000), true),
            (Some(50_000), Some(55_001), false),
            (Some(50_000), Some(44_999), false),
            (Some(i32::MIN), Some(i32::MAX), false),
        ] {
            assert_eq!(is_near(kept, asked, &rules), serves, "{kept:?} {asked:?}");
        }
    }

    #[test]
    fn an_evaluation_is_over_after_thirty_days_to_the_instant() {
        let now: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().unwrap();
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(expiry(true, now, &EvaluationRules::default()), time("2026-03-31T12:00:00Z"));
        assert_eq!(expiry(false, now, &EvaluationRules::default()), time("2026-03-02T12:00:00Z"));
        let endless = EvaluationRules { kept_for_days: i64::MAX, ..EvaluationRules::default() };
        assert_eq!(expiry(true, now, &endless), DateTime::<Utc>::MAX_UTC);
        let never = EvaluationRules { kept_for_days: 0, ..EvaluationRules::default() };
        assert_eq!(expiry(false, now, &never), now);
    }

    #[test]
    fn impossible_mileages_are_refused() {
        for (miles, ok) in
            [(None, true), (Some(0), true), (Some(2_000_000), true), (Some(-1), false), (Some(i32::MAX), false)]
        {
            assert_eq!(check_mileage(miles).is_ok(), ok, "{miles:?}");
        }
    }
}
