//! Samples for the OpenAPI document: a value of a schema as a dealership would have it.
//!
//! A schema's own example counts first, then what a word of the trade usually is, then the first value that fits.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// What fields of these names hold, where the schema lets them.
const WORDS: &[(&str, &str)] = &[
    ("action", "vehicle.updated"),
    ("actual", "7"),
    ("additional_notes", "New tyres in spring."),
    ("alert_type", "scraper_failing"),
    ("autocheck_url", "https://reports.example/autocheck/1"),
    ("avatar_url", "https://lot.example/people/1.jpg"),
    ("body_class", "Sedan/Saloon"),
    ("body_style", "Sedan"),
    ("carfax_url", "https://reports.example/carfax/1"),
    ("channel", "email"),
    ("code", "network"),
    ("column", "price"),
    ("columns", "price"),
    ("competitor", "Valley Motors"),
    ("condition", "Good"),
    ("content_type", "image/jpeg"),
    ("cron", "0 2 * * *"),
    ("customer_email", "jo@customer.example"),
    ("customer_name", "Jo Miller"),
    ("customer_phone", "+1 213 555 0142"),
    ("dealer", "Valley Motors"),
    ("delimiter", ","),
    ("description", "One owner, serviced every year."),
    ("destination", "/var/lib/jpauto/feeds"),
    ("detail", "mileage: expected a whole number"),
    ("drive_type", "FWD/Front-Wheel Drive"),
    ("drivetrain", "FWD"),
    ("email", "sam@lot.example"),
    ("engine", "2.5 L I4"),
    ("error_message", "the website answered 503"),
    ("expected", "3"),
    ("exterior_color", "Silver"),
    ("external_id", "A1042"),
    ("features", "Heated seats"),
    ("fuel_type", "Gasoline"),
    ("gross_weight", "Class 1C: 4,001 - 5,000 lb"),
    ("holder", "lot-1"),
    ("id", "5d41402abc4b2a76b9719d911017c592"),
    ("ids", "5d41402abc4b2a76b9719d911017c592"),
    ("image_url", "https://valley-motors.example/cars/1.jpg"),
    ("images", "https://lot.example/cars/1.jpg"),
    ("interior_color", "Black"),
    ("inventory_url", "https://valley-motors.example/used"),
    ("ip_address", "203.0.113.7"),
    ("job_name", "competitor_scrape"),
    ("key", "incoming/vehicles/01890a5d-ac96-774b-bcce-b302099a8057/1.jpg"),
    ("make", "Toyota"),
    ("makes", "Toyota"),
    ("manufacturer", "TOYOTA MOTOR MANUFACTURING, KENTUCKY"),
    ("message", "4 scrapes in a row failed"),
    ("method", "PUT"),
    ("model", "Camry"),
    ("month", "2026-03"),
    ("name", "Valley Motors"),
    ("next", "eyJhZnRlciI6MX0"),
    ("odometer_status", "actual"),
    ("oauth_id", "1042"),
    ("oauth_provider", "google"),
    ("plant_city", "GEORGETOWN"),
    ("plant_country", "UNITED STATES (USA)"),
    ("platform_type", "dealer_inspire"),
    ("pointer", "/mileage"),
    ("reason", "the price is missing"),
    ("rejection_reason", "We have two of these already."),
    ("resource_type", "vehicle"),
    ("sale_status", "pending"),
    ("scrape_error", "the website answered 503"),
    ("secret", "jpa_shown_once"),
    ("serial", "211111"),
    ("site_name", "Valley Motors"),
    ("small_url", "https://lot.example/api/storage/photos/ab/small.jpg"),
    ("squish_vin", "4T1B11HK9K"),
    ("SquishVin", "4T1B11HK9K"),
    ("stock_number", "K9211111"),
    ("stock_status", "in_stock"),
    ("suggested_vin", "4T1B11HK9KU211111"),
    ("thumbnail", "https://lot.example/cars/1-small.jpg"),
    ("time_zone", "America/Los_Angeles"),
    ("title_brand", "clean"),
    ("title_status", "Clean"),
    ("token", "shown-once"),
    ("transmission", "Automatic"),
    ("trim", "SE"),
    ("their_trim", "SE"),
    ("url", "https://valley-motors.example/used/1"),
    ("user_agent", "Mozilla/5.0"),
    ("vehicle_type", "PASSENGER CAR"),
    ("vin", "4T1B11HK9KU211111"),
    ("Vin", "4T1B11HK9KU211111"),
    ("warranty", "90 days"),
    ("website_url", "https://valley-motors.example"),
    ("wmi", "4T1"),
    ("ManufacturerIdentifier", "4T1"),
];

/// The same of numbers.
const NUMBERS: &[(&str, f64)] = &[
    ("cylinders", 4.0),
    ("doors", 4.0),
    ("mileage", 41_250.0),
    ("our_mileage", 41_250.0),
    ("their_mileage", 38_900.0),
    ("mileage_max", 60_000.0),
    ("mileage_min", 30_000.0),
    ("model_year", 2019.0),
    ("mpg_city", 29.0),
    ("mpg_highway", 41.0),
    ("horsepower", 203.0),
    ("displacement_liters", 2.5),
    ("owners", 1.0),
    ("accidents", 0.0),
    ("year", 2019.0),
    ("year_max", 2021.0),
    ("year_min", 2017.0),
    ("content_length", 284_113.0),
];

/// Times that are no time of a day that has been.
const TIMES: &[(&str, &str)] = &[("expires_at", "2036-03-02T17:30:00Z"), ("since", "2025-12-01T00:00:00Z")];

/// Fields that a body lacks because others of its fields exclude them.
const LEFT_OUT: &[(&str, &[&str])] = &[
    ("ExportRequest", &["format", "confirm"]),
    ("RunOptions", &["all", "competitor_id", "dry_run"]),
    ("SeenListings", &["competitor_id"]),
    ("SeenPages", &["competitor_id"]),
    ("StatusChange", &["correct", "sale_price", "sold_at"]),
];

/// How deep a sample goes into schemas that hold each other.
const DEEPEST: usize = 40;

/// The schemas that others refer to.
pub(crate) struct Samples<'a> {
    pub(crate) named: &'a BTreeMap<String, Value>,
}

impl Samples<'_> {
    /// A value of the schema. The name is that of the field or of the schema.
    pub(crate) fn of(&self, name: &str, schema: &Value) -> Value {
        let mut sample = self.at(name, schema, 0);
        let left_out = LEFT_OUT.iter().filter(|(body, _)| *body == name).flat_map(|(_, fields)| *fields);
        if let Value::Object(members) = &mut sample {
            left_out.for_each(|field| drop(members.remove(*field)));
        }
        sample
    }

    fn at(&self, name: &str, schema: &Value, depth: usize) -> Value {
        if let Some(own) = own(schema) {
            return own;
        }
        if depth > DEEPEST {
            return Value::Null;
        }
        if let Some(referred) = schema["$ref"].as_str() {
            let referred = referred.rsplit('/').next().unwrap_or_default();
            // The field says more than the type, where both are texts.
            let name = if WORDS.iter().any(|(known, _)| *known == name) { name } else { referred };
            return self.named.get(referred).map_or(Value::Null, |schema| self.at(name, schema, depth + 1));
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let mut whole = self.typed(name, schema, depth);
            for part in parts {
                match (&mut whole, self.at(name, part, depth + 1)) {
                    (Value::Object(whole), Value::Object(more)) => whole.extend(more),
                    (whole, more) => *whole = more,
                }
            }
            return whole;
        }
        let ways = ["oneOf", "anyOf"].iter().find_map(|key| schema[key].as_array());
        if let Some(way) = ways.and_then(|ways| ways.iter().find(|way| way["type"] != "null")) {
            return self.at(name, way, depth + 1);
        }
        self.typed(name, schema, depth)
    }

    fn typed(&self, name: &str, schema: &Value, depth: usize) -> Value {
        let types = match &schema["type"] {
            Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
            Value::String(one) => vec![one.as_str()],
            _ => Vec::new(),
        };
        match types.into_iter().find(|kind| *kind != "null") {
            Some("object") => self.object(schema, depth),
            Some("array") => self.array(name, schema, depth),
            Some("string") => text(name, schema),
            Some("integer") => json!(number(name, schema) as i64),
            Some("number") => json!(number(name, schema)),
            Some("boolean") => json!(true),
            _ if schema["properties"].is_object() => self.object(schema, depth),
            _ => json!({}),
        }
    }

    fn object(&self, schema: &Value, depth: usize) -> Value {
        let properties = schema["properties"].as_object().into_iter().flatten();
        let mut members: Map<_, _> =
            properties.map(|(name, schema)| (name.clone(), self.at(name, schema, depth + 1))).collect();
        if members.is_empty() && schema["additionalProperties"].is_object() {
            let names = &schema["propertyNames"];
            let name = if names.is_object() { self.at("name", names, depth + 1) } else { json!("name") };
            let value = self.at("value", &schema["additionalProperties"], depth + 1);
            members.extend(name.as_str().map(|name| (name.to_owned(), value)));
        }
        Value::Object(members)
    }

    fn array(&self, name: &str, schema: &Value, depth: usize) -> Value {
        if let Some(items) = schema["prefixItems"].as_array() {
            return items.iter().map(|item| self.at(name, item, depth + 1)).collect();
        }
        match &schema["items"] {
            item @ Value::Object(_) => json!([self.at(name, item, depth + 1)]),
            _ => json!([]),
        }
    }
}

/// The example or the first of the values that a schema names itself.
fn own(schema: &Value) -> Option<Value> {
    let first = |key: &str| schema[key].as_array()?.iter().find(|value| !value.is_null()).cloned();
    let of = |key: &str| Some(schema[key].clone()).filter(|value| !value.is_null());
    first("examples").or_else(|| of("example")).or_else(|| of("const")).or_else(|| first("enum"))
}

fn text(name: &str, schema: &Value) -> Value {
    let word = WORDS.iter().find(|(known, _)| *known == name).map(|(_, word)| *word);
    json!(match schema["format"].as_str() {
        Some("uuid") => "01890a5d-ac96-774b-bcce-b302099a8057",
        Some("date-time") => {
            TIMES.iter().find(|(known, _)| *known == name).map_or("2026-03-02T17:30:00Z", |(_, time)| *time)
        }
        Some("date") => "2026-03-02",
        _ if schema["pattern"].as_str().is_some_and(|pattern| pattern.contains("[0-9]{2}")) => "13500.00",
        _ => word.unwrap_or("text"),
    })
}

fn number(name: &str, schema: &Value) -> f64 {
    let known = NUMBERS.iter().find(|(known, _)| *known == name).map_or(1.0, |(_, number)| *number);
    let least = schema["minimum"].as_f64().unwrap_or(f64::NEG_INFINITY);
    let most = schema["maximum"].as_f64().unwrap_or(f64::INFINITY);
    known.max(least).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_fits_its_schema() {
        let named = BTreeMap::from([
            ("Money".to_owned(), json!({"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{2}$"})),
            ("Tree".to_owned(), json!({"type": "object", "properties": {"of": {"$ref": "#/components/schemas/Tree"}}})),
        ]);
        let samples = Samples { named: &named };
        for (name, schema, expected) in [
            ("make", json!({"type": ["string", "null"]}), json!("Toyota")),
            ("status", json!({"type": "string", "enum": ["sold"]}), json!("sold")),
            ("price", json!({"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Money"}]}), json!("13500.00")),
            ("year", json!({"type": "integer", "maximum": 1999}), json!(1999)),
            ("share", json!({"type": "number", "maximum": 0.5}), json!(0.5)),
            (
                "images",
                json!({"type": "array", "items": {"type": "string"}}),
                json!(["https://lot.example/cars/1.jpg"]),
            ),
            ("limits", json!({"type": "array", "prefixItems": [{"const": 1}, {"const": 2}]}), json!([1, 2])),
            ("of", json!({"type": "object", "additionalProperties": {"type": "boolean"}}), json!({"name": true})),
            (
                "both",
                json!({"allOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {"const": 2}}}]}),
                json!({"a": 1, "b": 2}),
            ),
            ("anything", json!({}), json!({})),
        ] {
            assert_eq!(samples.of(name, &schema), expected, "{name}");
        }
        assert!(samples.of("tree", &json!({"$ref": "#/components/schemas/Tree"})).is_object(), "it ends");
    }
}
