//! What words say of a text that may name a car: the one table of headings, titles and addresses.
//!
//! A word may mean several things; who asks knows which of them count where it stands. What is deliberately not here: words about
//! amounts (`price_words`), and phrases (`car_phrases`).

use std::sync::LazyLock;

use super::word_table::{Meanings, WordTable, bits};

bits! {
    /// Of a text about a vehicle.
    pub(super) ABOUT,
    /// A thing for a vehicle.
    pub(super) GOODS,
    /// A part of a vehicle that is sold as such where a heading ends in it.
    pub(super) PART,
    /// In front of `manual`, of a book.
    pub(super) BOOK,
    /// In front of a part, of the vehicle that has it: `Automatic Transmission`.
    pub(super) DRIVETRAIN,
    /// A place of a website that has articles, parts or what was sold.
    pub(super) PLACE,
    /// The same, as a part of a name as well: `/rental-cars/`.
    pub(super) SECTION,
    /// Heads a column of rates.
    pub(super) RATE,
    /// Of a sentence, in front of a year.
    pub(super) SENTENCE,
    /// What is counted: `24 Toyota Vehicles`.
    pub(super) COUNTED,
    /// A colour.
    pub(super) COLOR,
    /// Of a seller, in front of a name.
    pub(super) LEAD_IN,
    /// With this a seller's remarks begin: what stands from there on is no trim.
    pub(super) REMARK,
    /// Parts and wares, as a heading names what is listed below it.
    pub(super) WARES,
    /// What else than selling cars a trade may be.
    pub(super) TRADE,
    /// Vehicles, as a heading names what is listed below it.
    pub(super) VEHICLES,
    /// Behind what a heading names, that it is in stock.
    pub(super) STOCKED,
}

/// The known words by what they mean.
const WORDS: Meanings<17> = Meanings::of([
    (
        ABOUT,
        "announced awards buyer's comparison debuts explained faq forum giveaway guide how lease leasing news \
         overview podcast pricing problems rates recall recalls rental rentals report review reviewed reviews \
         revealed specs test tested versus vs",
    ),
    (
        GOODS,
        "accessories accessory alternator assembly battery bearing bracket brake brakes bumper cable caliper \
         carpet charger coating cover covers decal decals diecast ecu emblem exhaust fender filter floor fob \
         gasket grille headlight headlights hitch hubcap kit kits liner manual mat mats mirror muffler oem pads \
         parts radiator rotor rotors spoiler supercharger tint wheels wiper wrap",
    ),
    (PART, "axle clutch dashboard differential door engine hood seats starter tailgate transmission windshield"),
    (BOOK, "owner's owners repair service shop user workshop"),
    (DRIVETRAIN, "auto automatic cvt manual speed two four"),
    (
        PLACE,
        "article articles blogs compare comparison forum forums guide guides part post posts recall recalls \
         research review sold value values videos",
    ),
    (
        SECTION,
        "accessories blog careers insurance jobs news parts quote rent rental rentals reviews warranties warranty",
    ),
    (
        RATE,
        "appraisal appraised assessed coverage daily depreciation guess high hourly low monthly nightly rate rates \
         replacement resale residual weekly",
    ),
    (
        SENTENCE,
        "a about all an and best browse buy by compare event every explore fake find fits for from how in insure \
         introducing is lease like listing meet more of on our rent research search sell shop similar since the \
         this to value was what why win with your",
    ),
    (
        COUNTED,
        "cars coupes dealers dealerships listings models new owners results sedans suvs trucks used vans vehicles \
         wagons",
    ),
    (COLOR, "beige black blue brown gold gray green grey orange red silver white"),
    (
        LEAD_IN,
        "4wd 4x4 a arrival arrived available awd beautiful beige black blue brown certified clean clearance coming \
         cpo deal diesel drop featured for gold gray green grey hold hot in just loaded lot low mile miles new \
         nice no now on one one-owner orange owner pending pre-owned preowned price quality red reduced reserve \
         sale silver sold soon special stock super the unit used white",
    ),
    (
        REMARK,
        "stunning only low loaded local florida owner one-owner miles mile mi mileage excellent pristine condition \
         cond rare fully serviced clean carfax with w/ like no rust for sale in just beautiful nice great must see \
         new used certified cpo pre-owned navigation nav leather sunroof roof call was save price reduced all \
         super perfect gorgeous immaculate mint restored original trade dealer maintained warranty wow best gas \
         saver needs runs red automatic stock stk stock# stk# vin vin# odometer odo accident alloy bluetooth finance \
         financing guaranteed heated hurry inspected keyless sold",
    ),
    (
        WARES,
        "accessories airbags alternators axles batteries beds bumpers calipers cases clutches coatings computers \
         converters covers cylinders dashboards decals differentials donations doors ecus emblems engines exhausts \
         fenders gearboxes grilles headlights hitches hoods hubcaps injectors kits loads mats mirrors modules mufflers \
         panels parts radiators rims rotors seats spoilers starters superchargers tailgates taillights tires toppers \
         transmissions turbos wheels windshields wraps",
    ),
    (
        TRADE,
        "auction auctions insurance quotes rental rentals repair repairs service services subscription subscriptions \
         transport",
    ),
    (
        VEHICLES,
        "autos boats campers cars convertibles coupes crossovers hatchbacks minivans motorcycles pickups rvs sedans \
         suvs trailers trucks vans vehicles wagons with",
    ),
    (STOCKED, "available catalog for in inventory list now online prices pricing results sale search stock"),
]);

static TABLE: LazyLock<WordTable> = LazyLock::new(|| WordTable::of(&WORDS));

/// What a word means, in any case.
pub(super) fn meanings(word: &str) -> u32 {
    TABLE.meanings(word)
}

/// Whether a word has one of some meanings.
pub(super) fn means(word: &str, any_of: u32) -> bool {
    meanings(word) & any_of != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_all_of_its_meanings() {
        assert_eq!(meanings("Warranty"), SECTION | REMARK);
        assert_eq!(meanings("RED"), COLOR | LEAD_IN | REMARK);
        assert!(means("one-owner", LEAD_IN) && !means("owner's", LEAD_IN));
        assert_eq!(meanings("Lariat"), 0);
    }
}
