//! The free words of the inventory, read as the few kinds that platforms know.

use crate::{extract::TitleBrand, inventory::Vehicle};

/// The shape of a car.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    Convertible,
    Coupe,
    Crossover,
    Hatchback,
    Minivan,
    Pickup,
    Sedan,
    Suv,
    Van,
    Wagon,
    Other,
}

/// What the car runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fuel {
    Diesel,
    Electric,
    Flex,
    Gasoline,
    Hybrid,
    PluginHybrid,
    Other,
}

/// New, used, or used and certified by its manufacturer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    New,
    Used,
    Certified,
}

/// How it shifts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gears {
    Automatic,
    Manual,
    Other,
}

/// Which wheels are driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drive {
    All,
    Four,
    Front,
    Rear,
    Other,
}

/// The first kind of which a word occurs in the text; `None` for a text that is missing or empty.
fn first_of<T: Copy>(text: Option<&str>, kinds: &[(&[&str], T)], other: T) -> Option<T> {
    let text = text?.trim().to_lowercase();
    if text.is_empty() {
        return None;
    }
    let found = kinds.iter().find(|(words, _)| words.iter().any(|word| text.contains(word)));
    Some(found.map_or(other, |(_, kind)| *kind))
}

pub(super) fn body(vehicle: &Vehicle) -> Option<Body> {
    let kinds: &[(&[&str], Body)] = &[
        (&["minivan", "mini van", "mini-van", "passenger van"], Body::Minivan),
        (&["crossover", "cuv"], Body::Crossover),
        (&["suv", "sport utility", "sport-utility"], Body::Suv),
        (&["truck", "pickup", "pick-up", "crew cab", "extended cab", "regular cab", "double cab"], Body::Pickup),
        (&["convertible", "cabriolet", "roadster", "spyder", "spider"], Body::Convertible),
        (&["coupe", "coupé", "2dr car"], Body::Coupe),
        (&["hatch", "liftback"], Body::Hatchback),
        (&["wagon", "estate"], Body::Wagon),
        (&["sedan", "saloon", "4dr car"], Body::Sedan),
        (&["van"], Body::Van),
    ];
    first_of(vehicle.body_style.as_deref(), kinds, Body::Other)
}

pub(super) fn fuel(vehicle: &Vehicle) -> Option<Fuel> {
    let kinds: &[(&[&str], Fuel)] = &[
        (&["plug-in", "plugin", "plug in", "phev"], Fuel::PluginHybrid),
        (&["hybrid", "hev"], Fuel::Hybrid),
        (&["flex", "e85", "ethanol"], Fuel::Flex),
        (&["diesel"], Fuel::Diesel),
        (&["electric", "bev"], Fuel::Electric),
        (&["gas", "petrol", "unleaded", "premium"], Fuel::Gasoline),
    ];
    first_of(vehicle.fuel_type.as_deref(), kinds, Fuel::Other)
}

pub(super) fn gears(vehicle: &Vehicle) -> Option<Gears> {
    let kinds: &[(&[&str], Gears)] = &[
        (&["auto", "cvt", "variable", "dual clutch", "dual-clutch", "dct", "tiptronic"], Gears::Automatic),
        (&["manual", "stick", "standard"], Gears::Manual),
    ];
    first_of(vehicle.transmission.as_deref(), kinds, Gears::Other)
}

pub(super) fn drive(vehicle: &Vehicle) -> Option<Drive> {
    let kinds: &[(&[&str], Drive)] = &[
        (&["awd", "all wheel", "all-wheel", "quattro", "xdrive", "4matic"], Drive::All),
        (&["4wd", "4x4", "four wheel", "four-wheel", "4-wheel"], Drive::Four),
        (&["fwd", "front"], Drive::Front),
        (&["rwd", "rear"], Drive::Rear),
    ];
    first_of(vehicle.drivetrain.as_deref(), kinds, Drive::Other)
}

/// A car without a word about it is used.
pub(super) fn state(vehicle: &Vehicle) -> State {
    let condition = vehicle.condition.as_deref().unwrap_or_default().trim().to_lowercase();
    if condition.contains("certified") || condition == "cpo" {
        State::Certified
    } else if condition == "new" || condition.starts_with("brand new") {
        State::New
    } else {
        State::Used
    }
}

/// Whether its title status says that the title is branded, such as `Salvage`.
pub(super) fn has_branded_title(vehicle: &Vehicle) -> bool {
    vehicle.title_status.as_deref().and_then(TitleBrand::of_status).is_some_and(TitleBrand::is_brand)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vehicle(change: impl FnOnce(&mut Vehicle)) -> Vehicle {
        let mut vehicle = crate::exports::tests::corolla();
        change(&mut vehicle);
        vehicle
    }

    #[test]
    fn free_words_are_read_as_kinds() {
        for (text, expected) in [
            ("4dr SUV", Some(Body::Suv)),
            ("Crew Cab Pickup", Some(Body::Pickup)),
            ("Minivan", Some(Body::Minivan)),
            ("Cargo Van", Some(Body::Van)),
            ("Sedan", Some(Body::Sedan)),
            ("spaceship", Some(Body::Other)),
            (" ", None),
        ] {
            assert_eq!(body(&vehicle(|it| it.body_style = Some(text.into()))), expected, "{text}");
        }
        for (text, expected) in [
            ("Plug-In Hybrid", Fuel::PluginHybrid),
            ("Gasoline Hybrid", Fuel::Hybrid),
            ("Flex Fuel", Fuel::Flex),
            ("Regular unleaded", Fuel::Gasoline),
            ("hydrogen", Fuel::Other),
        ] {
            assert_eq!(fuel(&vehicle(|it| it.fuel_type = Some(text.into()))), Some(expected), "{text}");
        }
        for (text, expected) in
            [("AWD", Drive::All), ("4X4", Drive::Four), ("Front-wheel", Drive::Front), ("chain", Drive::Other)]
        {
            assert_eq!(drive(&vehicle(|it| it.drivetrain = Some(text.into()))), Some(expected), "{text}");
        }
        for (text, expected) in [("CVT", Gears::Automatic), ("6-speed manual", Gears::Manual), ("x", Gears::Other)] {
            assert_eq!(gears(&vehicle(|it| it.transmission = Some(text.into()))), Some(expected), "{text}");
        }
        for (text, expected) in [
            ("New", State::New),
            ("like new", State::Used),
            ("Certified Pre-Owned", State::Certified),
            ("", State::Used),
        ] {
            assert_eq!(state(&vehicle(|it| it.condition = Some(text.into()))), expected, "{text}");
        }
    }
}
