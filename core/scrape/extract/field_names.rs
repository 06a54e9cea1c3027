//! The names of fields: labels on a page, keys of embedded data and attributes, whatever their punctuation.
//!
//! What is deliberately not here: what a field's value means (`fields`).

use super::{
    Condition, StockStatus, TitleBrand,
    fields::{Field, PriceRank},
};

impl Field {
    /// The field that a label, a key or an attribute's name means.
    pub(crate) fn named(name: &str) -> Option<Self> {
        // Letters and digits alone: `Stock #`, `stock_number`, `data-stock-no` lose what tells them apart.
        let mut letters = name.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase());
        let mut letter = || letters.next()?.checked_sub(b'a').map(usize::from);
        let (initial, second) = (letter()?, letter()?);
        // Most names mean no field, and their first two letters say so.
        if PAIRS.get(initial)? >> second & 1 == 0 {
            return None;
        }
        let mut buffer = [0_u8; 32];
        let mut length = 0;
        for byte in name.bytes().filter(u8::is_ascii_alphanumeric) {
            *buffer.get_mut(length)? = byte.to_ascii_lowercase();
            length += 1;
        }
        let word = buffer.get(..length)?;
        let alike = NAMES.get(*STARTS.get(initial)?..*STARTS.get(initial + 1)?)?;
        alike.iter().find(|(name, _)| name.as_bytes() == word).map(|(_, field)| *field)
    }
}

/// Which letters come second in [`NAMES`], behind each first letter: a bit a letter.
const PAIRS: [u32; 26] = {
    let mut pairs = [0; 26];
    let mut at = 0;
    while at < NAMES.len() {
        let name = NAMES[at].0.as_bytes();
        pairs[(name[0] - b'a') as usize] |= 1 << (name[1] - b'a');
        at += 1;
    }
    pairs
};

/// Where in [`NAMES`] each first letter begins, and where the last ends.
const STARTS: [usize; 27] = {
    let mut starts = [NAMES.len(); 27];
    let mut letter = 26;
    while letter > 0 {
        letter -= 1;
        let mut start = starts[letter + 1];
        while start > 0 && NAMES[start - 1].0.as_bytes()[0] as usize >= letter + b'a' as usize {
            start -= 1;
        }
        starts[letter] = start;
    }
    starts
};

/// Every spelling, letters and digits alone, sorted for the search.
static NAMES: [(&str, Field); 291] = [
    ("actualmileage", Field::Mileage),
    ("actualmiles", Field::Mileage),
    ("advertisedprice", Field::Price(PriceRank::Asking)),
    ("anne", Field::Year),
    ("annee", Field::Year),
    ("askingprice", Field::Price(PriceRank::Asking)),
    ("availability", Field::StockStatus),
    ("bestprice", Field::Price(PriceRank::Asking)),
    ("body", Field::BodyStyle),
    ("bodystyle", Field::BodyStyle),
    ("bodytype", Field::BodyStyle),
    ("brand", Field::Make),
    ("branded", Field::Branded(TitleBrand::Branded)),
    ("brandedtitle", Field::Branded(TitleBrand::Branded)),
    ("buildphase", Field::Standing(StockStatus::InProduction)),
    ("buynowprice", Field::Price(PriceRank::Asking)),
    ("carburant", Field::FuelType),
    ("cashprice", Field::Price(PriceRank::Asking)),
    ("certified", Field::InCondition(Condition::Certified)),
    ("certifiedpreowned", Field::InCondition(Condition::Certified)),
    ("citympg", Field::Other),
    ("cleantitle", Field::Branded(TitleBrand::Clean)),
    ("color", Field::ExteriorColor),
    ("colour", Field::ExteriorColor),
    ("comments", Field::Description),
    ("condition", Field::Condition),
    ("controlno", Field::StockNumber),
    ("controlnumber", Field::StockNumber),
    ("couleur", Field::ExteriorColor),
    ("couleurextrieure", Field::ExteriorColor),
    ("cpo", Field::InCondition(Condition::Certified)),
    ("currentmileage", Field::Mileage),
    ("currentmiles", Field::Mileage),
    ("currentprice", Field::Price(PriceRank::Asking)),
    ("cylinders", Field::Other),
    ("damage", Field::Damages),
    ("damages", Field::Damages),
    ("dealercomments", Field::Description),
    ("dealerdiscount", Field::Other),
    ("dealernotes", Field::Description),
    ("dealerprice", Field::Price(PriceRank::Asking)),
    ("dealpending", Field::Standing(StockStatus::SalePending)),
    ("depositpending", Field::Standing(StockStatus::SalePending)),
    ("depositreceived", Field::Standing(StockStatus::SalePending)),
    ("deposittaken", Field::Standing(StockStatus::SalePending)),
    ("description", Field::Description),
    ("destock", Field::StockNumber),
    ("discount", Field::Other),
    ("discountedprice", Field::Price(PriceRank::Asking)),
    ("discounts", Field::Other),
    ("docfee", Field::Other),
    ("doors", Field::Other),
    ("drive", Field::Other),
    ("drivetrain", Field::Other),
    ("drivetype", Field::Other),
    ("engine", Field::Other),
    ("eprice", Field::Price(PriceRank::Asking)),
    ("ext", Field::ExteriorColor),
    ("extcolor", Field::ExteriorColor),
    ("exterior", Field::ExteriorColor),
    ("exteriorcolor", Field::ExteriorColor),
    ("exteriorcolorlabel", Field::ExteriorColor),
    ("exteriorcolour", Field::ExteriorColor),
    ("features", Field::Other),
    ("ffvin", Field::Vin),
    ("finalprice", Field::Price(PriceRank::Asking)),
    ("flooddamage", Field::Branded(TitleBrand::Flood)),
    ("floodtitle", Field::Branded(TitleBrand::Flood)),
    ("fuel", Field::FuelType),
    ("fueltype", Field::FuelType),
    ("fullprice", Field::Price(PriceRank::Plain)),
    ("hasbrandedtitle", Field::Branded(TitleBrand::Branded)),
    ("hassalvagetitle", Field::Branded(TitleBrand::Salvage)),
    ("hwympg", Field::Other),
    ("inproduction", Field::Standing(StockStatus::InProduction)),
    ("instock", Field::Standing(StockStatus::InStock)),
    ("intcolor", Field::Other),
    ("interior", Field::Other),
    ("interiorcolor", Field::Other),
    ("internetprice", Field::Price(PriceRank::Asking)),
    ("intransit", Field::Standing(StockStatus::InTransit)),
    ("inventoryid", Field::ExternalId),
    ("inventoryno", Field::StockNumber),
    ("inventorynum", Field::StockNumber),
    ("inventorynumber", Field::StockNumber),
    ("inventorystatus", Field::StockStatus),
    ("inventorytype", Field::Condition),
    ("invno", Field::StockNumber),
    ("invnumber", Field::StockNumber),
    ("isbranded", Field::Branded(TitleBrand::Branded)),
    ("isbrandedtitle", Field::Branded(TitleBrand::Branded)),
    ("iscertified", Field::InCondition(Condition::Certified)),
    ("iscpo", Field::InCondition(Condition::Certified)),
    ("isflood", Field::Branded(TitleBrand::Flood)),
    ("isinproduction", Field::Standing(StockStatus::InProduction)),
    ("isinstock", Field::Standing(StockStatus::InStock)),
    ("isintransit", Field::Standing(StockStatus::InTransit)),
    ("islemon", Field::Branded(TitleBrand::Lemon)),
    ("isnew", Field::InCondition(Condition::New)),
    ("isoemcertified", Field::InCondition(Condition::Certified)),
    ("ispreowned", Field::InCondition(Condition::Used)),
    ("isrebuilt", Field::Branded(TitleBrand::Rebuilt)),
    ("isrebuilttitle", Field::Branded(TitleBrand::Rebuilt)),
    ("issalepending", Field::Standing(StockStatus::SalePending)),
    ("issalvage", Field::Branded(TitleBrand::Salvage)),
    ("isused", Field::InCondition(Condition::Used)),
    ("itemcondition", Field::Condition),
    ("kilometer", Field::Kilometers),
    ("kilometers", Field::Kilometers),
    ("kilometrage", Field::Kilometers),
    ("kilometraje", Field::Kilometers),
    ("kilometres", Field::Kilometers),
    ("kilomtrage", Field::Kilometers),
    ("kilomtres", Field::Kilometers),
    ("km", Field::Kilometers),
    ("kms", Field::Kilometers),
    ("knownvehicledamages", Field::Damages),
    ("lemonlaw", Field::Branded(TitleBrand::Lemon)),
    ("lemontitle", Field::Branded(TitleBrand::Lemon)),
    ("listingid", Field::ExternalId),
    ("listprice", Field::Price(PriceRank::Plain)),
    ("location", Field::Other),
    ("make", Field::Make),
    ("makename", Field::Make),
    ("manufacturer", Field::Make),
    ("marketprice", Field::Price(PriceRank::Retail)),
    ("marque", Field::Make),
    ("mileage", Field::Mileage),
    ("mileagefromodometer", Field::Mileage),
    ("mileagekm", Field::Kilometers),
    ("mileagemi", Field::Mileage),
    ("mileagestatus", Field::OdometerStatus),
    ("mileagetype", Field::OdometerStatus),
    ("miles", Field::Mileage),
    ("millaje", Field::Mileage),
    ("millas", Field::Mileage),
    ("model", Field::Model),
    ("modele", Field::Model),
    ("modelname", Field::Model),
    ("modelyear", Field::Year),
    ("modle", Field::Model),
    ("mpg", Field::Other),
    ("msrp", Field::Price(PriceRank::Suggested)),
    ("ndestock", Field::StockNumber),
    ("ndinventaire", Field::StockNumber),
    ("neworused", Field::Condition),
    ("newprice", Field::Price(PriceRank::Plain)),
    ("newused", Field::Condition),
    ("newusedtype", Field::Condition),
    ("ninventaire", Field::StockNumber),
    ("niv", Field::Vin),
    ("nodestock", Field::StockNumber),
    ("nodinventaire", Field::StockNumber),
    ("noinventaire", Field::StockNumber),
    ("nostock", Field::StockNumber),
    ("notreprix", Field::Price(PriceRank::Asking)),
    ("now", Field::Price(PriceRank::Plain)),
    ("nowprice", Field::Price(PriceRank::Asking)),
    ("nstock", Field::StockNumber),
    ("numerodestock", Field::StockNumber),
    ("numrodestock", Field::StockNumber),
    ("numrodinventaire", Field::StockNumber),
    ("odo", Field::Mileage),
    ("odom", Field::Mileage),
    ("odometer", Field::Mileage),
    ("odometerbrand", Field::OdometerStatus),
    ("odometercondition", Field::OdometerStatus),
    ("odometerdisclosure", Field::OdometerStatus),
    ("odometerindicator", Field::OdometerStatus),
    ("odometerkm", Field::Kilometers),
    ("odometerkms", Field::Kilometers),
    ("odometermiles", Field::Mileage),
    ("odometerreading", Field::Mileage),
    ("odometerstatus", Field::OdometerStatus),
    ("odometertype", Field::OdometerStatus),
    ("oemcertified", Field::InCondition(Condition::Certified)),
    ("oldprice", Field::Price(PriceRank::Retail)),
    ("ondeposit", Field::Standing(StockStatus::SalePending)),
    ("onhold", Field::Standing(StockStatus::SalePending)),
    ("onlineprice", Field::Price(PriceRank::Asking)),
    ("onorder", Field::Standing(StockStatus::InProduction)),
    ("options", Field::Other),
    ("originalprice", Field::Price(PriceRank::Retail)),
    ("ourprice", Field::Price(PriceRank::Asking)),
    ("payment", Field::Other),
    ("pdsf", Field::Price(PriceRank::Suggested)),
    ("pendingsale", Field::Standing(StockStatus::SalePending)),
    ("phone", Field::Other),
    ("preowned", Field::InCondition(Condition::Used)),
    ("previousprice", Field::Price(PriceRank::Retail)),
    ("price", Field::Price(PriceRank::Plain)),
    ("prix", Field::Price(PriceRank::Plain)),
    ("prixdevente", Field::Price(PriceRank::Asking)),
    ("rebate", Field::Other),
    ("rebates", Field::Other),
    ("rebuilttitle", Field::Branded(TitleBrand::Rebuilt)),
    ("reconstructedtitle", Field::Branded(TitleBrand::Rebuilt)),
    ("regularprice", Field::Price(PriceRank::Retail)),
    ("reserved", Field::Standing(StockStatus::SalePending)),
    ("retail", Field::Price(PriceRank::Retail)),
    ("retailprice", Field::Price(PriceRank::Retail)),
    ("saleinprogress", Field::Standing(StockStatus::SalePending)),
    ("salepending", Field::Standing(StockStatus::SalePending)),
    ("saleprice", Field::Price(PriceRank::Asking)),
    ("salesprice", Field::Price(PriceRank::Asking)),
    ("salestatus", Field::SaleStatus),
    ("salvage", Field::Branded(TitleBrand::Salvage)),
    ("salvagetitle", Field::Branded(TitleBrand::Salvage)),
    ("savings", Field::Other),
    ("savingsupto", Field::Other),
    ("seats", Field::Other),
    ("sellercomments", Field::Description),
    ("sellernotes", Field::Description),
    ("sellingprice", Field::Price(PriceRank::Asking)),
    ("specialoffer", Field::Price(PriceRank::Asking)),
    ("specialprice", Field::Price(PriceRank::Asking)),
    ("status", Field::StockStatus),
    ("stickerprice", Field::Price(PriceRank::Suggested)),
    ("stk", Field::StockNumber),
    ("stkid", Field::StockNumber),
    ("stknbr", Field::StockNumber),
    ("stkno", Field::StockNumber),
    ("stknum", Field::StockNumber),
    ("stknumber", Field::StockNumber),
    ("stock", Field::StockNumber),
    ("stockcode", Field::StockNumber),
    ("stockid", Field::StockNumber),
    ("stocknbr", Field::StockNumber),
    ("stockno", Field::StockNumber),
    ("stocknum", Field::StockNumber),
    ("stocknumber", Field::StockNumber),
    ("stockref", Field::StockNumber),
    ("stockstatus", Field::StockStatus),
    ("stocktype", Field::Condition),
    ("title", Field::Title),
    ("titlebrand", Field::TitleBrand),
    ("titlebranding", Field::TitleBrand),
    ("titlebrands", Field::TitleBrand),
    ("titlecondition", Field::TitleBrand),
    ("titlehistory", Field::TitleBrand),
    ("titleinfo", Field::TitleBrand),
    ("titlestatus", Field::TitleBrand),
    ("titletype", Field::TitleBrand),
    ("totalmiles", Field::Mileage),
    ("totalmsrp", Field::Price(PriceRank::Suggested)),
    ("trans", Field::Transmission),
    ("transmission", Field::Transmission),
    ("trim", Field::Trim),
    ("trimlevel", Field::Trim),
    ("trimname", Field::Trim),
    ("type", Field::Condition),
    ("undercontract", Field::Standing(StockStatus::SalePending)),
    ("used", Field::InCondition(Condition::Used)),
    ("usedornew", Field::Condition),
    ("uuid", Field::ExternalId),
    ("vehiclecertified", Field::InCondition(Condition::Certified)),
    ("vehiclecomments", Field::Description),
    ("vehiclecondition", Field::Condition),
    ("vehicleconfiguration", Field::Trim),
    ("vehiclecpo", Field::InCondition(Condition::Certified)),
    ("vehicledescription", Field::Description),
    ("vehicleid", Field::ExternalId),
    ("vehicleidentificationnumber", Field::Vin),
    ("vehiclemake", Field::Make),
    ("vehiclemileage", Field::Mileage),
    ("vehiclemiles", Field::Mileage),
    ("vehiclemodel", Field::Model),
    ("vehiclemodeldate", Field::Year),
    ("vehiclemsrp", Field::Price(PriceRank::Suggested)),
    ("vehicleprice", Field::Price(PriceRank::Plain)),
    ("vehiclestatus", Field::StockStatus),
    ("vehiclestocknumber", Field::StockNumber),
    ("vehicletitle", Field::Title),
    ("vehicletitlebrand", Field::TitleBrand),
    ("vehicletitlehistory", Field::TitleBrand),
    ("vehicletitlestatus", Field::TitleBrand),
    ("vehicletitletype", Field::TitleBrand),
    ("vehicletransmission", Field::Transmission),
    ("vehicletrim", Field::Trim),
    ("vehicletype", Field::Condition),
    ("vehiclevin", Field::Vin),
    ("vehicleyear", Field::Year),
    ("vin", Field::Vin),
    ("vinnumber", Field::Vin),
    ("votreprix", Field::Price(PriceRank::Asking)),
    ("warranty", Field::Other),
    ("wasprice", Field::Price(PriceRank::Retail)),
    ("year", Field::Year),
    ("yourprice", Field::Price(PriceRank::Asking)),
    ("yousave", Field::Other),
    ("yr", Field::Year),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_sorted_and_found_whatever_their_punctuation() {
        assert!(NAMES.is_sorted_by(|(one, _), (other, _)| one < other));
        for (name, field) in NAMES {
            assert_eq!(Field::named(name), Some(field), "{name}");
        }
        for (name, field) in [
            ("Stock #", Some(Field::StockNumber)),
            ("data-stock-no", None),
            ("stock_number", Some(Field::StockNumber)),
            ("Ext. Color", Some(Field::ExteriorColor)),
            ("Internet Price", Some(Field::Price(PriceRank::Asking))),
            ("VIN", Some(Field::Vin)),
            // French, of which the letters of ASCII are compared.
            ("Kilom\u{e9}trage", Some(Field::Kilometers)),
            ("No de stock", Some(Field::StockNumber)),
            ("N\u{b0} de stock", Some(Field::StockNumber)),
            ("Num\u{e9}ro d'inventaire", Some(Field::StockNumber)),
            ("Prix", Some(Field::Price(PriceRank::Plain))),
            ("MI", None),
            ("Odometer (km)", Some(Field::Kilometers)),
            ("Savings Up To", Some(Field::Other)),
            ("", None),
            ("4x4", None),
            ("zebra", None),
            ("a text far too long to be the label of anything", None),
        ] {
            assert_eq!(Field::named(name), field, "{name}");
        }
    }
}
