//! Reads the query of a request, and names every fault.
//!
//! Whether the values are acceptable is for the library to say.

use std::str::FromStr;

use jpauto::{ErrorCode, FieldError, Money, PageRequest};
use utoipa::{
    PartialSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type},
};

use crate::{
    body::{LONGEST_MESSAGE, cut, pointer_to},
    operation::{Parameter, plain},
    problem::Problem,
};

/// How many faults one answer names. A hostile query may have thousands.
const MOST_FAULTS: usize = 20;

/// The parameters of every list.
pub(crate) const PAGE: &[Parameter] = &[
    Parameter::new("limit", plain::<PageLimit>(), "How many items at most. 50 without it."),
    Parameter::new("after", plain::<String>(), "The `next` of the page before."),
];

/// The parameter by which one thing is found.
pub(crate) const REFERENCE: &[Parameter] =
    &[Parameter::new("reference", plain::<String>(), "What names one thing, or begins what names it.").required()];

/// The parameter of operations that set a price.
pub(crate) const DOUBTFUL: &[Parameter] = &[Parameter::new(
    "refuse_doubtful_prices",
    plain::<bool>(),
    "Refuse a price that looks like a typing error. Without it, the answer has a warning.",
)];

/// The schema of an amount in a query.
pub(crate) struct Amount;

impl PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(r"^(-?[0-9]{1,16}(\.[0-9]{1,2})?)?$"));
        text.examples([serde_json::json!("13500.00")]).into()
    }
}

/// The schema of `limit`.
pub(crate) struct PageLimit;

impl PartialSchema for PageLimit {
    fn schema() -> RefOr<Schema> {
        let number =
            ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(PageRequest::MAX_LIMIT));
        number.into()
    }
}

/// The schema of a whole number from zero.
pub(crate) struct Count;

impl PartialSchema for Count {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(u32::MAX)).into()
    }
}

/// The schema of an id of whatever it may be.
pub(crate) struct AnyId;

impl PartialSchema for AnyId {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::Uuid);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
    }
}

/// The parameters of a query, taken one by one. Those that are left at the end are unknown.
pub(crate) struct Parameters {
    pairs: Vec<(String, String)>,
    faults: Vec<FieldError>,
}

impl Parameters {
    /// Reads a query as forms write it. An empty value counts as not given.
    pub(crate) fn parse(query: &str) -> Self {
        let mut parameters = Self { pairs: Vec::new(), faults: Vec::new() };
        for (name, value) in form_urlencoded::parse(query.as_bytes()).into_owned() {
            if value.contains('\0') {
                // PostgreSQL has no text with NUL.
                parameters.fault(&name, "holds a NUL character");
            } else if !value.is_empty() || name == "after" {
                parameters.pairs.push((name, value));
            }
        }
        parameters
    }

    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        let mut values = self.every(name);
        if values.len() > 1 {
            self.fault(name, "is given more than once");
        }
        values.pop()
    }

    pub(crate) fn whole_number(&mut self, name: &str) -> Option<i32> {
        self.read(name, |text| text.parse().map_err(|_reason| "expected a whole number".to_owned()))
    }

    /// A whole number from zero.
    pub(crate) fn count(&mut self, name: &str) -> Option<u32> {
        self.read(name, |text| text.parse().map_err(|_reason| "expected a whole number from 0".to_owned()))
    }

    pub(crate) fn id<T: FromStr>(&mut self, name: &str) -> Option<T> {
        self.read(name, read_id)
    }

    /// Any number of ids. The parameter is repeated for each.
    pub(crate) fn ids<T: FromStr>(&mut self, name: &str) -> Vec<T> {
        self.all(name, read_id)
    }

    pub(crate) fn money(&mut self, name: &str) -> Option<Money> {
        self.read(name, |text| text.parse().map_err(|reason: jpauto::InvalidMoney| reason.to_string()))
    }

    pub(crate) fn truth(&mut self, name: &str) -> Option<bool> {
        self.read(name, |text| text.parse().map_err(|_reason| "expected true or false".to_owned()))
    }

    /// One word of a closed set.
    pub(crate) fn word<T: FromStr<Err = jpauto::Error>>(&mut self, name: &str) -> Option<T> {
        self.read(name, read_word)
    }

    /// Any number of words of a closed set. The parameter is repeated for each.
    pub(crate) fn words<T: FromStr<Err = jpauto::Error>>(&mut self, name: &str) -> Vec<T> {
        self.all(name, read_word)
    }

    fn all<T>(&mut self, name: &str, read: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let mut all = Vec::new();
        for value in self.every(name) {
            match read(&value) {
                Ok(value) => all.push(value),
                Err(message) => self.fault(name, message),
            }
        }
        all
    }

    /// Which page is asked for, by `limit` and `after`.
    pub(crate) fn page(&mut self) -> PageRequest {
        let limit = self.read("limit", |text| match text.parse::<u32>() {
            Ok(limit) if (1..=PageRequest::MAX_LIMIT).contains(&limit) => Ok(limit),
            _ => Err(format!("expected a whole number from 1 to {}", PageRequest::MAX_LIMIT)),
        });
        let page = limit.map_or_else(PageRequest::default, PageRequest::first);
        match self.text("after") {
            Some(cursor) => page.after(cursor),
            None => page,
        }
    }

    /// # Errors
    /// `invalid_query` with every parameter that is unknown or malformed.
    pub(crate) fn finish(mut self) -> Result<(), Problem> {
        for (name, _) in std::mem::take(&mut self.pairs) {
            self.fault(&name, "is no parameter of this list");
        }
        if self.faults.is_empty() { Ok(()) } else { Err(Problem::invalid(ErrorCode::InvalidQuery, self.faults)) }
    }

    fn read<T>(&mut self, name: &str, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        match read(&self.text(name)?) {
            Ok(value) => Some(value),
            Err(message) => {
                self.fault(name, message);
                None
            }
        }
    }

    fn every(&mut self, name: &str) -> Vec<String> {
        self.pairs.extract_if(.., |(key, _)| key == name).map(|(_, value)| value).collect()
    }

    fn fault(&mut self, name: &str, message: impl Into<String>) {
        if self.faults.len() < MOST_FAULTS {
            let pointer = pointer_to([cut(name, LONGEST_MESSAGE)]);
            self.faults.push(FieldError { pointer, message: message.into() });
        }
    }
}

fn read_id<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_reason| "expected a UUID".to_owned())
}

fn read_word<T: FromStr<Err = jpauto::Error>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: jpauto::Error| match error.fields() {
        [field, ..] => field.message.clone(),
        [] => error.to_string(),
    })
}

/// The query of the next page: the same query with another cursor.
pub(crate) fn query_after(query: &str, cursor: &str) -> String {
    let kept = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "after");
    form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).append_pair("after", cursor).finish()
}

#[cfg(test)]
mod tests {
    use jpauto::{VehicleSort, VehicleStatus};

    use super::*;
    use crate::body::tests::told;

    #[tokio::test]
    async fn every_parameter_at_fault_is_named_at_once() {
        let mut query = Parameters::parse(
            "colour=red&year_min=old&price_max=1.234&featured=yes&status=gone&make=A&make=B&limit=0&a/b=~&q=%00",
        );
        assert_eq!(query.whole_number("year_min"), None);
        assert_eq!(query.money("price_max"), None);
        assert_eq!(query.truth("featured"), None);
        assert_eq!(query.words::<VehicleStatus>("status"), []);
        query.text("make");
        query.page();
        insta::assert_json_snapshot!(told(query.finish().unwrap_err()).await["errors"], @r#"
        [
          {
            "message": "holds a NUL character",
            "pointer": "/q"
          },
          {
            "message": "expected a whole number",
            "pointer": "/year_min"
          },
          {
            "message": "expected an amount in dollars with at most two decimal places, such as 13500.00",
            "pointer": "/price_max"
          },
          {
            "message": "expected true or false",
            "pointer": "/featured"
          },
          {
            "message": "expected one of available pending hold sold unknown",
            "pointer": "/status"
          },
          {
            "message": "is given more than once",
            "pointer": "/make"
          },
          {
            "message": "expected a whole number from 1 to 500",
            "pointer": "/limit"
          },
          {
            "message": "is no parameter of this list",
            "pointer": "/colour"
          },
          {
            "message": "is no parameter of this list",
            "pointer": "/a~1b"
          }
        ]
        "#);
    }

    #[test]
    fn good_parameters_are_read_and_blank_ones_left_out() {
        let mut query =
            Parameters::parse("make=Land+Rover&status=available&status=pending&sort=-price&limit=7&q=&year_min=");
        assert_eq!(query.text("make").as_deref(), Some("Land Rover"));
        assert_eq!(query.words::<VehicleStatus>("status"), [VehicleStatus::Available, VehicleStatus::Pending]);
        assert_eq!(query.word("sort"), Some(VehicleSort::PriceDescending));
        assert_eq!(query.page(), PageRequest::first(7));
        query.finish().unwrap();
        assert_eq!(Parameters::parse("after=").page(), PageRequest::default().after(""));
    }

    #[tokio::test]
    async fn a_hostile_query_is_answered_with_few_faults() {
        let query = Parameters::parse(&"a&b=1&".repeat(5_000));
        assert_eq!(told(query.finish().unwrap_err()).await["errors"].as_array().unwrap().len(), MOST_FAULTS);
    }

    #[test]
    fn the_next_query_keeps_all_but_the_cursor() {
        assert_eq!(query_after("make=Land+Rover&after=old&q=a%26b", "n_-"), "make=Land+Rover&q=a%26b&after=n_-");
        assert_eq!(query_after("", "next"), "after=next");
    }
}
