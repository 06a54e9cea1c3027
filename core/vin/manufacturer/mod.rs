//! The company that registered a manufacturer identifier with NHTSA, and for which kind of vehicle.
//!
//! `registered.tsv` holds one line for each identifier; `generate.py` makes it from NHTSA's public vPIC database. A line is found by
//! binary search in the text, so nothing is parsed at the start and nothing is allocated. The register is the United States': a
//! maker that never sold there is not in it, nor are most makers of trailers. For imported cars the company may be the importer.

use std::fmt;

use memchr::{memchr, memrchr};
use serde::{Serialize, Serializer};

use super::{ManufacturerIdentifier, Vin};

/// Sorted by the bytes of the identifiers. The first line names the source.
const REGISTERED: &str = include_str!("registered.tsv");

/// The company that registered a manufacturer identifier with NHTSA, by vPIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Manufacturer {
    /// Three characters, or six for a maker of few vehicles.
    pub identifier: &'static str,
    /// The company, as it registered itself.
    pub name: &'static str,
    /// The makes registered under this identifier, in alphabetical order; none for trailers.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub makes: Makes,
    /// The kind of vehicle that the identifier was assigned for.
    pub vehicle_type: Option<VehicleType>,
}

/// Names of makes, written by serde as a list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Makes(&'static str);

/// The kind of vehicle that a manufacturer identifier is assigned for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum VehicleType {
    /// A bus.
    Bus,
    /// A vehicle that another maker completes, such as a chassis with a cab.
    Incomplete,
    /// A vehicle of 20 to 25 miles an hour.
    LowSpeed,
    /// A motorcycle.
    Motorcycle,
    /// A sport utility vehicle, van or the like.
    Multipurpose,
    /// A vehicle that is not made for roads.
    OffRoad,
    /// A car.
    PassengerCar,
    /// A trailer.
    Trailer,
    /// A pick-up or lorry.
    Truck,
}

impl VehicleType {
    /// The kind in words, such as `passenger car`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bus => "bus",
            Self::Incomplete => "incomplete vehicle",
            Self::LowSpeed => "low-speed vehicle",
            Self::Motorcycle => "motorcycle",
            Self::Multipurpose => "multipurpose vehicle",
            Self::OffRoad => "off-road vehicle",
            Self::PassengerCar => "passenger car",
            Self::Trailer => "trailer",
            Self::Truck => "truck",
        }
    }

    fn of(letter: &str) -> Option<Self> {
        Some(match letter {
            "B" => Self::Bus,
            "C" => Self::Motorcycle,
            "I" => Self::Incomplete,
            "L" => Self::LowSpeed,
            "M" => Self::Multipurpose,
            "O" => Self::OffRoad,
            "P" => Self::PassengerCar,
            "R" => Self::Trailer,
            "T" => Self::Truck,
            _ => return None,
        })
    }
}

impl Makes {
    /// The names, in alphabetical order.
    pub fn iter(self) -> impl Iterator<Item = &'static str> {
        self.0.split('|').filter(|name| !name.is_empty())
    }

    /// The make, where there is only one.
    #[must_use]
    pub fn only(self) -> Option<&'static str> {
        let mut names = self.iter();
        names.next().filter(|_| names.next().is_none())
    }
}

impl fmt::Debug for Makes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for Makes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl Vin {
    /// The company that registered the manufacturer identifier with NHTSA; `None` where none did, or it is not public.
    ///
    /// For a maker of few vehicles all six characters must match, as many share the first three. Time grows with the logarithm of
    /// the register; nothing is allocated.
    ///
    /// ```
    /// let koenigsegg = jpauto::Vin::parse("YT9NN1U14KA007175")?.manufacturer().unwrap();
    /// assert_eq!((koenigsegg.name, koenigsegg.makes.only()), ("KOENIGSEGG AUTOMOTIVE AB", Some("Koenigsegg")));
    /// # Ok::<(), jpauto::vin::InvalidVin>(())
    /// ```
    #[must_use]
    pub fn manufacturer(&self) -> Option<Manufacturer> {
        self.manufacturer_identifier().manufacturer()
    }
}

impl ManufacturerIdentifier {
    /// The company that registered it with NHTSA; see [`Vin::manufacturer`].
    #[must_use]
    pub fn manufacturer(&self) -> Option<Manufacturer> {
        let mut fields = line_of(self.as_str())?.split('\t');
        let identifier = fields.next()?;
        let vehicle_type = fields.next().and_then(VehicleType::of);
        Some(Manufacturer { identifier, vehicle_type, name: fields.next()?, makes: Makes(fields.next()?) })
    }
}

/// The line that begins with this identifier.
fn line_of(identifier: &str) -> Option<&'static str> {
    let text = REGISTERED.as_bytes();
    let (mut from, mut to) = (0, text.len());
    while from < to {
        let middle = from + (to - from) / 2;
        let start = memrchr(b'\n', &text[from..middle]).map_or(from, |at| from + at + 1);
        let end = memchr(b'\n', &text[start..to]).map_or(to, |at| start + at);
        let found = memchr(b'\t', &text[start..end]).map_or(end, |at| start + at);
        match text[start..found].cmp(identifier.as_bytes()) {
            std::cmp::Ordering::Equal => return REGISTERED.get(start..end),
            std::cmp::Ordering::Less => from = end + 1,
            std::cmp::Ordering::Greater => to = start,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(vin: &str) -> Option<Manufacturer> {
        Vin::parse(vin).unwrap().manufacturer()
    }

    #[test]
    fn every_line_of_the_register_is_found_and_can_be_read() {
        let lines: Vec<_> = REGISTERED.lines().skip(1).collect();
        assert!(REGISTERED.starts_with("# NHTSA vPIC as of "), "it says where it is from");
        assert!(lines.len() > 4_000 && REGISTERED.len() < 300 * 1024, "{} lines", lines.len());
        assert!(REGISTERED.lines().is_sorted_by(|a, b| a.split('\t').next() < b.split('\t').next()));
        for line in lines {
            let fields: Vec<_> = line.split('\t').collect();
            assert_eq!(fields.len(), 4, "{line}");
            let mut characters = [b'0'; 6];
            characters[..fields[0].len()].copy_from_slice(fields[0].as_bytes());
            let identifier = ManufacturerIdentifier { characters, length: fields[0].len() };
            let found = identifier.manufacturer().unwrap();
            assert_eq!((found.identifier, found.name), (fields[0], fields[2]));
            assert!(fields[1] == "-" || found.vehicle_type.is_some(), "{line}");
            assert_eq!(found.makes.iter().collect::<Vec<_>>().join("|"), fields[3]);
        }
    }

    #[test]
    fn known_makers_are_named_with_their_makes_and_kind() {
        let pilot = of("5FNYF5H59HB011946").unwrap();
        assert_eq!((pilot.makes.only(), pilot.vehicle_type), (Some("Honda"), Some(VehicleType::Multipurpose)));
        let tiguan = of("3VV3B7AXXNM077525").unwrap();
        assert_eq!(tiguan.name, "VOLKSWAGEN DE MEXICO SA DE CV");
        // Five makes were registered under one identifier: which of them it is, the VIN does not say here.
        let school_bus = of("4DRBUC8N8GB123456").unwrap();
        assert!(school_bus.makes.only().is_none() && school_bus.makes.iter().count() > 1, "{school_bus:?}");
        assert_eq!(school_bus.vehicle_type, Some(VehicleType::Bus));
        assert_eq!(serde_json::to_value(pilot.makes).unwrap(), serde_json::json!(["Honda"]));
    }

    #[test]
    fn who_is_not_registered_is_not_named() {
        // A maker who never sold in the United States, one of few vehicles whose six characters nobody has, and no maker.
        for vin in ["LSYYDACC3KC074893", "1M9GDM9AXKP042788", "00000000000000000", "ZZZZZZZZZZZZZZZZZ"] {
            assert_eq!(of(vin), None, "{vin}");
        }
    }
}
