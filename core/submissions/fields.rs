//! The fields of a submission: one line for each column of `pending_submissions`. `core/fields.rs` explains the lines.

/// Passes the columns of `pending_submissions` to the macro that is named first, after its arguments in brackets.
#[macro_export]
#[doc(hidden)]
macro_rules! submission_fields {
    ($macro:ident $($arguments:tt)*) => {
        $macro! {
            [$($arguments)*]
            key {
                /// The submission's id.
                staff id: required SubmissionId,
            }
            kept {
                /// Where it stands: `pending`, `approved` or `rejected`.
                staff submission_status: defaulted SubmissionStatus,
                /// When it came in.
                staff submitted_at: nullable DateTime<Utc>,
                /// When it was decided.
                staff reviewed_at: nullable DateTime<Utc>,
                /// Who decided.
                staff reviewed_by: nullable UserId,
                /// Why it was turned down.
                staff rejection_reason: nullable String,
            }
            given {
                /// Model year.
                staff year: required i32 [own_rule],
                /// Make, 1 to 100 characters.
                staff make: required String [own_rule],
                /// Model, 1 to 100 characters.
                staff model: required String [own_rule],
                /// The customer's name.
                personal customer_name: nullable String [text(255)],
                /// The customer's e-mail address.
                personal customer_email: nullable String [own_rule],
                /// The customer's telephone number.
                personal customer_phone: nullable String [own_rule],
                /// Trim level.
                staff trim: nullable String [text(100)],
                /// The VIN, or a chassis number of 5 to 17 characters before model year 1981; kept in upper case, unique among submissions.
                staff vin: nullable String [own_rule],
                /// Miles on the odometer.
                staff mileage: nullable i32 [own_rule],
                /// What the customer asks.
                staff asking_price: nullable Money [amount],
                /// Exterior colour.
                staff exterior_color: nullable String [text(100)],
                /// Interior colour.
                staff interior_color: nullable String [text(100)],
                /// Transmission.
                staff transmission: nullable String [text(50)],
                /// Fuel.
                staff fuel_type: nullable String [text(50)],
                /// Condition.
                staff condition: nullable String [text(50)],
                /// Whatever else the customer wrote.
                personal additional_notes: nullable String [long_text],
                /// Picture URLs, at most 40.
                staff images: defaulted Vec<String> [images],
            }
            kept {
                /// When it was entered.
                silent created_at: nullable DateTime<Utc>,
                /// When it was changed last.
                silent updated_at: nullable DateTime<Utc>,
            }
            derived {
                /// What a reviewer should look at twice.
                silent warnings: required Vec<SubmissionWarning> = rules::warnings_of_row,
            }
        }
    };
}
