//! The fields of a vehicle: one line for each column of `inventory`. `core/fields.rs` explains the lines.

/// Passes the columns of `inventory` to the macro that is named first, after its arguments in brackets.
#[macro_export]
#[doc(hidden)]
macro_rules! vehicle_fields {
    ($macro:ident $($arguments:tt)*) => {
        $macro! {
            [$($arguments)*]
            key {
                /// The vehicle's id.
                public id: required VehicleId,
            }
            kept {
                /// Where it stands: `available`, `pending`, `hold` or `sold`.
                public status: defaulted VehicleStatus,
                /// Shown on the homepage.
                public featured: defaulted bool,
            }
            given {
                /// Model year.
                public year: required i32 [own_rule],
                /// Make, 1 to 100 characters.
                public make: required String [own_rule],
                /// Model, 1 to 100 characters.
                public model: required String [own_rule],
                /// The VIN, or a chassis number of 5 to 17 characters before model year 1981; kept in upper case, unique.
                public vin: required String [own_rule],
                /// Our price, for which it is on sale.
                public price: required Money [own_rule],
                /// Miles on the odometer; 0 for a new vehicle.
                public mileage: required i32 [own_rule],
                /// Trim level.
                public trim: nullable String [text(100)],
                /// Unique; the last 8 characters of the VIN where none is given, with a count behind them where another vehicle has these.
                public stock_number: nullable String [text(50)],
                /// What the dealership paid; never public.
                staff cost: nullable Money [amount],
                /// The manufacturer's suggested retail price.
                public msrp: nullable Money [amount],
                /// Exterior colour.
                public exterior_color: nullable String [text(100)],
                /// Interior colour.
                public interior_color: nullable String [text(100)],
                /// Transmission.
                public transmission: nullable String [text(50)],
                /// Engine.
                public engine: nullable String [text(100)],
                /// Fuel.
                public fuel_type: nullable String [text(50)],
                /// FWD, RWD, AWD or 4WD.
                public drivetrain: nullable String [text(50)],
                /// Sedan, SUV, truck and the like.
                public body_style: nullable String [text(50)],
                /// Number of doors.
                public doors: nullable i32 [number(10)],
                /// City miles per gallon.
                public mpg_city: nullable i32 [number(1_000)],
                /// Highway miles per gallon.
                public mpg_highway: nullable i32 [number(1_000)],
                /// Text for the advertisement.
                public description: nullable String [long_text],
                /// The main picture.
                public thumbnail: nullable String [url],
                /// Condition.
                public condition: nullable String [text(50)],
                /// Clean, salvage, rebuilt and the like.
                public title_status: nullable String [text(50)],
                /// Number of previous owners.
                public owners: nullable i32 [number(1_000)],
                /// Number of reported accidents.
                public accidents: nullable i32 [number(1_000)],
                /// Whether service records are at hand.
                public service_records: nullable bool [any],
                /// Warranty.
                public warranty: nullable String [long_text],
                /// Carfax report.
                public carfax_url: nullable String [url],
                /// AutoCheck report.
                public autocheck_url: nullable String [url],
                /// Equipment, line by line.
                public features: defaulted Vec<String> [lines],
                /// Picture URLs, the first one foremost.
                public images: defaulted Vec<String> [images],
            }
            kept {
                /// The submission that it came from.
                staff source_submission_id: nullable SubmissionId,
                /// Who entered it.
                staff created_by: nullable UserId,
                /// Who changed it last.
                silent updated_by: nullable UserId,
                /// When it went on sale.
                public listed_at: nullable DateTime<Utc>,
                /// When it was sold.
                staff sold_at: nullable DateTime<Utc>,
                /// When it was entered.
                silent created_at: nullable DateTime<Utc>,
                /// When it was changed last.
                silent updated_at: nullable DateTime<Utc>,
            }
            derived {
                /// What to look at twice: doubtful prices in the answer to the write that sets them, and that a chassis number is no VIN.
                silent warnings: required Vec<VehicleWarning> = rules::warnings_of_row,
            }
        }
    };
}
