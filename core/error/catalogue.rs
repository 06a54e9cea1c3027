//! The catalogue of error codes: one row a code, with its kind, what it says and what to do about it.
//!
//! [`ErrorCode`] is made from the rows, so a code that has no row does not compile. To add a code, add its row here and
//! raise it with [`Error::new`](super::Error::new); then `UPDATE_DOCS=1 cargo test --test integration errors`
//! writes `docs/errors.md` anew. The codes of the command line, the HTTP server and the Python package are listed here too, so
//! that no word means two things.

use super::ErrorKind;

macro_rules! catalogue {
    ($($section:literal { $($name:ident: $kind:ident, $word:literal, $sentence:literal, $remedy:literal;)+ })+) => {
        /// The stable name of one failure, such as [`ErrorCode::DuplicateVin`].
        ///
        /// ```
        /// use jpauto::{ErrorCode, ErrorKind};
        ///
        /// assert_eq!(ErrorCode::DuplicateVin.as_str(), "duplicate_vin");
        /// assert_eq!(ErrorCode::DuplicateVin.kind(), ErrorKind::Conflict);
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(
                #[doc = concat!("`", $word, "`: ", $sentence)]
                $name,
            )+)+
        }

        impl ErrorCode {
            /// All codes, in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$($(Self::$name),+),+];

            const fn entry(self) -> Entry {
                match self {
                    $($(
                        Self::$name => Entry {
                            section: $section,
                            word: $word,
                            kind: ErrorKind::$kind,
                            sentence: $sentence,
                            remedy: $remedy,
                        },
                    )+)+
                }
            }
        }
    };
}

struct Entry {
    section: &'static str,
    word: &'static str,
    kind: ErrorKind,
    sentence: &'static str,
    remedy: &'static str,
}

impl ErrorCode {
    /// The word that programs see, such as `duplicate_vin`. It stays the same across releases.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.entry().word
    }

    /// The kind of every error with this code.
    #[must_use]
    pub const fn kind(self) -> ErrorKind {
        self.entry().kind
    }

    /// What happened, as one sentence about every case of this code.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        self.entry().sentence
    }

    /// What to do about it.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        self.entry().remedy
    }

    /// The part of the catalogue that the code is in, such as `Submissions`.
    #[must_use]
    pub const fn section(self) -> &'static str {
        self.entry().section
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl serde::Serialize for ErrorCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

catalogue! {
    "Permission" {
        NotSignedIn: Unauthenticated, "not_signed_in",
            "This needs a member of staff, and nobody is signed in.",
            "Sign in, and send the session with the request.";
        UserInactive: Forbidden, "user_inactive",
            "The account does not exist or is deactivated.",
            "Ask an administrator to activate the account.";
        Forbidden: Forbidden, "forbidden",
            "The role of the account does not allow this.",
            "Ask somebody with the role that the message names, or have your role changed.";
    }
    "Signing in" {
        TokenRefused: Unauthenticated, "token_refused",
            "The API token is unknown, revoked or expired.",
            "Send a token that `jpauto token create` has shown, as `Authorization: Bearer`.";
        TokenNotFound: NotFound, "token_not_found",
            "There is no such API token.",
            "Check the id. Only administrators see tokens of others.";
        InvalidToken: InvalidInput, "invalid_token",
            "Some fields of the API token are not acceptable.",
            "Correct the fields that the error lists.";
        RoleAboveOwn: Forbidden, "role_above_own",
            "A token may not do more than the user who creates it.",
            "Choose your own role or a lower one, or ask an administrator.";
        PersonRequired: Forbidden, "person_required",
            "This is for a person, and a token asked for it.",
            "Sign in and do it yourself, or use the command line.";
        InvalidSessionConfig: Misconfigured, "invalid_session_config",
            "The configuration of sessions is not acceptable.",
            "Correct what the message names. A good secret is made by `openssl rand -hex 32`.";
        LinkRefused: Unauthenticated, "link_refused",
            "The sign-in link is unknown, was used before or has expired.",
            "Ask for a new one: `jpauto user link EMAIL`.";
        InvalidSignInConfig: Misconfigured, "invalid_sign_in_config",
            "The configuration of signing in is not acceptable.",
            "Correct the values that the error names.";
        UnknownProvider: NotFound, "unknown_provider",
            "There is no sign-in provider with this name.",
            "Choose one of those that `GET /api/auth` lists.";
        InvalidReturnTo: InvalidInput, "invalid_return_to",
            "After signing in, a browser goes on to a path on this server, and nowhere else.",
            "Send a path, such as `/inventory`.";
        TooManySignIns: RateLimited, "too_many_sign_ins",
            "Too many sign-ins from this address are under way.",
            "Finish one, or wait. Behind a proxy that is not trusted, all clients have one address.";
        SignInExpired: Unauthenticated, "sign_in_expired",
            "The sign-in is unknown, was finished before, began in another browser or took too long.",
            "Begin again.";
        SignInDenied: Unauthenticated, "sign_in_denied",
            "The person or the provider has said no.",
            "Begin again, and let the provider confirm who you are.";
        SignInRefused: Unauthenticated, "sign_in_refused",
            "What the provider answered does not prove who signed in.",
            "Begin again. If it stays so, the log of the server has the reason.";
        NotAdmitted: Forbidden, "not_admitted",
            "Nobody has invited this account, and it is none of those that may sign in without.",
            "Ask an administrator to add you: `jpauto user add EMAIL --name NAME`. Or sign in with another account.";
        EmailMissing: Forbidden, "email_missing",
            "The provider has sent no e-mail address, and a new account needs one.",
            "Let the provider pass the address on (scope `email`), or have an administrator make a sign-in link.";
        EmailNotVerified: Forbidden, "email_not_verified",
            "A user with this address exists, and it is not proven that the address is that of the person who signs in.",
            "Verify the address at the provider, or sign in as before, or by a link of an administrator: `jpauto user link EMAIL`.";
        ProviderUnavailable: Unavailable, "provider_unavailable",
            "The sign-in provider does not answer as it should.",
            "Try again after `Retry-After`. The log of the server has the reason.";
        ProviderRefusedUs: Misconfigured, "provider_refused_us",
            "The sign-in provider does not accept this server as its client.",
            "Compare the client's id, its secret and the redirect address with those registered at the provider.";
        RandomnessUnavailable: Internal, "randomness_unavailable",
            "The operating system gave no random bytes.",
            "Look into the log and at the system.";
    }
    "Exports" {
        InvalidPlatform: InvalidInput, "invalid_platform",
            "There is no feed of this name.",
            "Choose one of those that the message names.";
        InvalidFeedFormat: InvalidInput, "invalid_feed_format",
            "The feed is not written in this form.",
            "Choose one of those that the message names.";
        InvalidExportStatus: InvalidInput, "invalid_export_status",
            "There is no such status of an export.",
            "Choose one of those that the message names.";
        InvalidDestination: InvalidInput, "invalid_destination",
            "The feed cannot go there.",
            "Name a folder, a file or a URL.";
        InvalidMapping: InvalidInput, "invalid_mapping",
            "The mapping of columns is not acceptable.",
            "Correct what the error lists. `docs/exports.md` has the fields.";
        ExportHeldBack: Conflict, "export_held_back",
            "The feed has far fewer vehicles than the last one, and was not published.",
            "Look at what was left out. Confirm the export if it is right.";
        ExportDestinationOccupied: Conflict, "export_destination_occupied",
            "The folder of pages holds files that no export has made.",
            "Name another folder, or confirm that it may be replaced.";
        ExportInvalid: Internal, "export_invalid",
            "The feed that was written does not pass its own check, and was not published.",
            "Report it. The feed before is still in its place.";
        ExportNotWritten: Unavailable, "export_not_written",
            "The feed could not be written or put in its place.",
            "Look at the disk and the rights of the folder. The feed before is still in its place.";
        ExportStopped: Refused, "export_stopped",
            "The export was stopped before it was done. Nothing was published.",
            "Start it again.";
        DeliveryRefused: Refused, "delivery_refused",
            "The server does not take the feed.",
            "Read what it said, and correct the address or the login.";
        UnknownHostKey: Refused, "unknown_host_key",
            "The SFTP server that takes the feed shows a key that is not known.",
            "Ask whoever runs the server for its fingerprint. If it is the one in the message, set `host_key` in the feed's login.";
        DeliveryFailed: Unavailable, "delivery_failed",
            "The server that takes the feed could not be reached, or is not ready.",
            "Try again later. The message says what happened.";
        FeedInvalid: InvalidInput, "feed_invalid",
            "The file that was checked is not as the platform wants it.",
            "Correct the faults that were listed.";
        FeedUnreadable: NotFound, "feed_unreadable",
            "The file to check is not there or cannot be read.",
            "Check its path and its rights.";
    }
    "Users" {
        UserNotFound: NotFound, "user_not_found",
            "There is no such user.",
            "Check the id or the e-mail address.";
        InvalidUser: InvalidInput, "invalid_user",
            "Some fields of the user are not acceptable.",
            "Correct the fields that the error lists.";
        DuplicateEmail: Conflict, "duplicate_email",
            "Another user has this e-mail address.",
            "Use another address, or change the user who has it.";
        NotOneself: Refused, "not_oneself",
            "Administrators cannot take away their own access.",
            "Ask another administrator to do it.";
        InvalidRole: InvalidInput, "invalid_role",
            "This is not a role.",
            "Use one of the words that the error lists.";
        InvalidProvider: InvalidInput, "invalid_provider",
            "This is not a sign-in provider.",
            "Use one of the words that the error lists.";
    }
    "Submissions" {
        SubmissionNotFound: NotFound, "submission_not_found",
            "There is no such submission.",
            "Check the id. The submission may have been deleted.";
        InvalidSubmission: InvalidInput, "invalid_submission",
            "Some fields of the submission are not acceptable.",
            "Correct the fields that the error lists.";
        ApprovalIncomplete: InvalidInput, "approval_incomplete",
            "The submission lacks fields that a vehicle needs.",
            "Give the fields that the error lists along with the approval.";
        RejectionReasonMissing: InvalidInput, "rejection_reason_missing",
            "A rejection needs a reason.",
            "Say why the submission is rejected.";
        SubmissionAlreadyReviewed: Conflict, "submission_already_reviewed",
            "The submission is approved or rejected already.",
            "Load the submission again to see the decision.";
        TooManySubmissions: RateLimited, "too_many_submissions",
            "Too many submissions came from this address.",
            "Wait as long as the error says, then submit again.";
    }
    "Inventory" {
        VehicleNotFound: NotFound, "vehicle_not_found",
            "There is no such vehicle.",
            "Check the id, VIN or stock number. The vehicle may have been deleted.";
        InvalidVehicle: InvalidInput, "invalid_vehicle",
            "Some fields of the vehicle are not acceptable.",
            "Correct the fields that the error lists.";
        InvalidStatusChange: InvalidInput, "invalid_status_change",
            "The status and what was given with it do not belong together.",
            "Correct the fields that the error lists.";
        DuplicateVin: Conflict, "duplicate_vin",
            "A vehicle or submission with this VIN exists already.",
            "Look for the VIN. Correct it, or change what has it.";
        DuplicateStockNumber: Conflict, "duplicate_stock_number",
            "Another vehicle has this stock number.",
            "Choose another stock number.";
        VehicleSold: Conflict, "vehicle_sold",
            "The vehicle is sold.",
            "Relist the vehicle first if it is for sale again.";
        VehicleNotSold: Conflict, "vehicle_not_sold",
            "The vehicle is not sold, so it cannot be relisted, nor can its sale be undone.",
            "Load the vehicle again to see its status.";
        SaleTooOld: Conflict, "sale_too_old",
            "The sale is too long ago to be undone.",
            "Relist the vehicle: it is then for sale as listed now.";
        PriceDoubtful: Refused, "price_doubtful",
            "The price looks like a typing error.",
            "Correct the price. If it is right, confirm it: `--yes` on the command line.";
    }
    "Imports" {
        SheetUnreadable: InvalidInput, "sheet_unreadable",
            "The file is no table that can be read.",
            "Correct what the message names, or save the file as CSV UTF-8 or .xlsx.";
        SheetWithoutHeader: InvalidInput, "sheet_without_header",
            "The file does not name its columns, or none of them is the VIN or the stock number.",
            "Name the columns in the first row, or say with a mapping what they are.";
        InvalidImportMapping: InvalidInput, "invalid_import_mapping",
            "The columns of the file and the fields of a vehicle do not go together.",
            "Take the mapping of a dry run (`--write-mapping` on the command line), correct it, and give it with the file.";
        RowUnreadable: InvalidInput, "row_unreadable",
            "A row of the file does not go with its columns.",
            "Look at the row for a separator, a quotation mark or a line break too many or too few.";
        RowWithoutNumber: InvalidInput, "row_without_number",
            "A row names no vehicle: it has neither a VIN nor a stock number.",
            "Give the row one of the two.";
        RowRepeated: InvalidInput, "row_repeated",
            "Two rows are about the same vehicle.",
            "Remove one of the two.";
        CellUnreadable: InvalidInput, "cell_unreadable",
            "A cell is not of the kind that its column holds.",
            "Write it as the message says, or name another field for the column in a mapping.";
        DateOrderUnknown: InvalidInput, "date_order_unknown",
            "The file has dates of both orders, and this one could be of either.",
            "Say which order holds, with `dates`.";
        DateInFuture: InvalidInput, "date_in_future",
            "A day of a row is still to come.",
            "Correct the day.";
        NumbersDisagree: InvalidInput, "numbers_disagree",
            "The VIN and the stock number of a row are not those of one vehicle.",
            "Correct the number that is wrong.";
        ValueMissing: InvalidInput, "value_missing",
            "The vehicle of a row is new here, and the row lacks what a new vehicle needs.",
            "Give the row the value, or check its VIN and stock number if the vehicle is a known one.";
        RefusedRowsNotWritten: Unavailable, "refused_rows_not_written",
            "The file for the refused rows cannot be written.",
            "Name a file that can be written, and not the one that is imported.";
        ImportRefused: InvalidInput, "import_refused",
            "Rows of the file are not acceptable.",
            "Correct the rows that the error lists, or import the others without them (`--keep-going`).";
        ImportStopped: Refused, "import_stopped",
            "The import was stopped before its end.",
            "Import the file again: what is written is known then.";
        ImportHeldBack: Refused, "import_held_back",
            "More than half of the stock is missing from the file, so its vehicles were not marked sold.",
            "Check that the file is whole. If it is, confirm it: `--confirm` on the command line.";
    }
    "Market" {
        VehicleNotAnalyzed: NotFound, "vehicle_not_analyzed",
            "The vehicle has no analysis yet.",
            "Analyze it first.";
        InvalidSubject: InvalidInput, "invalid_subject",
            "The car to price is not described well enough.",
            "Correct the fields that the error lists.";
        InvalidBacktest: InvalidInput, "invalid_backtest",
            "The options of the backtest are not acceptable.",
            "Correct the fields that the error lists.";
        InvalidEvent: InvalidInput, "invalid_event",
            "This is not an event that a backtest looks at.",
            "Use one of the words that the error lists.";
        InvalidSource: InvalidInput, "invalid_source",
            "This is not a source of comparables.",
            "Use one of the words that the error lists.";
        InvalidDataSource: InvalidInput, "invalid_data_source",
            "This is not a data source of an analysis.",
            "Use one of the words that the error lists.";
        InvalidRecommendation: InvalidInput, "invalid_recommendation",
            "This is not a recommendation.",
            "Use one of the words that the error lists.";
        InvalidConfidence: InvalidInput, "invalid_confidence",
            "This is not a level of confidence.",
            "Use one of the words that the error lists.";
        InvalidMood: InvalidInput, "invalid_mood",
            "This is not a mood of the market.",
            "Use one of the words that the error lists.";
    }
    "VIN and evaluation" {
        InvalidVin: InvalidInput, "invalid_vin",
            "This is not a VIN.",
            "Correct the character or the length that the message names.";
        InvalidEvaluation: InvalidInput, "invalid_evaluation",
            "The options of the evaluation are not acceptable.",
            "Correct the fields that the error lists.";
        InvalidIdentitySource: InvalidInput, "invalid_identity_source",
            "This is not a source of a vehicle's identity.",
            "Use one of the words that the error lists.";
        NotDecoded: Internal, "not_decoded",
            "A VIN was left without an answer.",
            "Report this with the log.";
    }
    "Competitors" {
        CompetitorNotFound: NotFound, "competitor_not_found",
            "There is no such competitor.",
            "Check the id or the name.";
        ListingNotFound: NotFound, "listing_not_found",
            "There is no such listing.",
            "Check the id. The listing may have been deleted with its competitor.";
        InvalidCompetitor: InvalidInput, "invalid_competitor",
            "Some fields of the competitor are not acceptable.",
            "Correct the fields that the error lists.";
        DuplicateCompetitor: Conflict, "duplicate_competitor",
            "Another competitor has this name.",
            "Choose another name.";
        DuplicateInventoryUrl: Conflict, "duplicate_inventory_url",
            "Another competitor has this list of vehicles.",
            "Use the competitor that the message names.";
        InvalidObservedAt: InvalidInput, "invalid_observed_at",
            "The time of the observation is not acceptable.",
            "Give a time that is neither in the future nor before the last scrape.";
        InvalidPages: InvalidInput, "invalid_pages",
            "There is no page to read.",
            "Give at least one page.";
        InvalidListing: InvalidInput, "invalid_listing",
            "Some fields of the listing are not acceptable.",
            "Correct the fields that the error lists.";
        InvalidMarketGroup: InvalidInput, "invalid_market_group",
            "This is not a grouping of the market view.",
            "Use one of the words that the error lists.";
        InvalidRefusalReason: InvalidInput, "invalid_refusal_reason",
            "This is not a reason to leave out a listing.",
            "Use one of the words that the error lists.";
        InvalidIncompleteReason: InvalidInput, "invalid_incomplete_reason",
            "This is not a reason to distrust a scrape.",
            "Use one of the words that the error lists.";
        InvalidStockStatus: InvalidInput, "invalid_stock_status",
            "This does not say where a vehicle stands.",
            "Use one of the words that the error lists.";
        InvalidSaleStatus: InvalidInput, "invalid_sale_status",
            "This does not say how far the sale of a vehicle has come.",
            "Use one of the words that the error lists.";
        InvalidTitleBrand: InvalidInput, "invalid_title_brand",
            "This is no brand of a title.",
            "Use one of the words that the error lists.";
        InvalidCondition: InvalidInput, "invalid_condition",
            "This is no condition that a vehicle is offered in.",
            "Use one of the words that the error lists.";
        InvalidOdometerStatus: InvalidInput, "invalid_odometer_status",
            "This does not say what an odometer shows.",
            "Use one of the words that the error lists.";
        ScrapeNotFound: NotFound, "scrape_not_found",
            "The competitor has no scrape that could be believed or discarded.",
            "Scrape the competitor, or hand its listings in.";
        ScrapeNotDoubted: Conflict, "scrape_not_doubted",
            "There is no doubt about the newest scrape.",
            "Nothing is to be done: what is missing from it is found sold by the rule.";
    }
    "Scraping" {
        InvalidScrapeLimits: InvalidInput, "invalid_scrape_limits",
            "The limits of the run are not acceptable.",
            "Correct the fields that the error lists.";
        InvalidTest: InvalidInput, "invalid_test",
            "The options of the test are not acceptable.",
            "Correct the field that the error names.";
        InvalidUrl: InvalidInput, "invalid_url",
            "This is not the address of a web page.",
            "Give an absolute address that begins with http:// or https://.";
        UnknownPlatform: InvalidInput, "unknown_platform",
            "This is not a platform that jpauto knows.",
            "Use one of the platforms that the message lists, or leave it out.";
        InvalidPlatformCertainty: InvalidInput, "invalid_platform_certainty",
            "This is not a degree of certainty about a platform.",
            "Use one of the words that the error lists.";
        InvalidScrapeErrorType: InvalidInput, "invalid_scrape_error_type",
            "This is not a way for a scrape to fail.",
            "Use one of the words that the error lists.";
        InventoryNotFound: Refused, "inventory_not_found",
            "The website shows no list of vehicles at this address.",
            "Give the address of the list itself, or a scraper configuration.";
        ScrapeRunning: Conflict, "scrape_running",
            "Another process is scraping this competitor or its host.",
            "Wait until that scrape ends.";
        ScrapeTakenOver: Conflict, "scrape_taken_over",
            "The scrape lost its lease to another process, so nothing was recorded.",
            "Use what the other process records. Check the clocks if this happens often.";
        ScrapeCancelled: Conflict, "scrape_cancelled",
            "The scrape was cancelled.",
            "Run it again when you want it.";
        ScrapeNetwork: Unavailable, "scrape_network",
            "The website could not be reached, or the connection broke.",
            "Try again later. Check the address if it stays so.";
        ScrapeTimeout: Unavailable, "scrape_timeout",
            "The website did not answer in time.",
            "Try again later.";
        ScrapeHttpStatus: Unavailable, "scrape_http_status",
            "The website answered with an HTTP error.",
            "Open the address in a browser. Correct it if the list has moved.";
        ScrapeBlocked: Unavailable, "scrape_blocked",
            "The website answered with a bot check.",
            "Ask the dealer for permission, or import saved pages. jpauto does not get round bot checks.";
        ScrapeRobots: Unavailable, "scrape_robots",
            "The website's robots.txt does not allow the page.",
            "Ask the dealer for permission, or import saved pages.";
        ScrapeParsing: Unavailable, "scrape_parsing",
            "A page of the website could not be read.",
            "Run `jpauto competitor test` on the address to see what is read.";
        ScrapeEmpty: Unavailable, "scrape_empty",
            "The pages show no vehicle.",
            "Run `jpauto competitor test` on the address to see what is read.";
        ScrapePanicked: Internal, "scrape_panicked",
            "The pages of this website made the reader fail.",
            "Report this with the log and the address of the website.";
        ScraperNotReady: Internal, "scraper_not_ready",
            "A scraper configuration that was checked could not be used.",
            "Report this with the configuration.";
        NoThread: Unavailable, "no_thread",
            "The system started no thread to scrape with.",
            "Raise the limit of threads or scrape with fewer at a time.";
        BrowserNotAvailable: Refused, "browser_not_available",
            "This competitor needs a browser, and there is none.",
            "Install Chromium, configure its path, and use a build with the feature `browser`.";
    }
    "Reading pages" {
        PageEmpty: InvalidInput, "page_empty",
            "The page is empty.",
            "Give the bytes of the page as the website sent them.";
        PageTooLarge: InvalidInput, "page_too_large",
            "The page is larger than any page for people.",
            "Check that this is a page and not a download.";
        PageTooDeep: InvalidInput, "page_too_deep",
            "The elements of the page are nested too deeply.",
            "Check that this is a page for people.";
        PageTooTangled: InvalidInput, "page_too_tangled",
            "The page has more elements than any page for people.",
            "Check that this is a page for people.";
        DataUnreadable: InvalidInput, "data_unreadable",
            "The answer of the website's data endpoint could not be read.",
            "Compare the answer with what the configuration of the endpoint expects.";
        TreeMissing: Internal, "tree_missing",
            "The page was read without its tree.",
            "Report this with the page.";
    }
    "auto.dev" {
        AutoDevInvalidVin: Refused, "auto_dev_invalid_vin",
            "auto.dev does not take this for a VIN.",
            "Check the VIN.";
        AutoDevInvalidParameter: Refused, "auto_dev_invalid_parameter",
            "auto.dev does not know a parameter of the search.",
            "Report this. auto.dev may have changed its interface.";
        AutoDevInvalidLocation: Misconfigured, "auto_dev_invalid_location",
            "auto.dev does not know the configured place.",
            "Correct the ZIP code or the place of auto.dev in the configuration.";
        AutoDevVinNotFound: NotFound, "auto_dev_vin_not_found",
            "auto.dev does not know the VIN.",
            "Use another source for this VIN.";
        AutoDevNotFound: NotFound, "auto_dev_not_found",
            "auto.dev has nothing at this address.",
            "Check the address of auto.dev in the configuration.";
        AutoDevSourceError: Unavailable, "auto_dev_source_error",
            "auto.dev's own source does not answer.",
            "Try again later.";
        AutoDevBadRequest: Refused, "auto_dev_bad_request",
            "auto.dev does not understand the request.",
            "Report this. auto.dev may have changed its interface.";
        AutoDevKeyRefused: Misconfigured, "auto_dev_key_refused",
            "auto.dev does not accept the configured key.",
            "Configure a valid key.";
        AutoDevPlanRequired: Refused, "auto_dev_plan_required",
            "The plan at auto.dev does not include this.",
            "Choose a larger plan at auto.dev, or configure the plan that you have.";
        AutoDevForbidden: Refused, "auto_dev_forbidden",
            "auto.dev does not let the key do this.",
            "Check what the key may do in your account at auto.dev.";
        AutoDevRateLimited: RateLimited, "auto_dev_rate_limited",
            "auto.dev wants to be asked less often.",
            "Wait as long as the error says, then try again.";
        AutoDevUnavailable: Unavailable, "auto_dev_unavailable",
            "auto.dev does not answer now.",
            "Try again later.";
        AutoDevRefused: Refused, "auto_dev_refused",
            "auto.dev refuses the request.",
            "Read what auto.dev said in the message.";
        AutoDevUnreadable: Unavailable, "auto_dev_unreadable",
            "auto.dev's answer could not be read.",
            "Try again later. Report it if it stays so.";
        AutoDevTimedOut: Unavailable, "auto_dev_timed_out",
            "auto.dev did not answer in time.",
            "Try again later.";
        AutoDevUnreachable: Unavailable, "auto_dev_unreachable",
            "auto.dev could not be reached.",
            "Check the network, then try again.";
        AutoDevAddressRefused: Misconfigured, "auto_dev_address_refused",
            "The configured address of auto.dev is not a public one.",
            "Correct the address, or allow private networks in the configuration.";
        AutoDevTooLarge: Unavailable, "auto_dev_too_large",
            "auto.dev's answer is too large.",
            "Try again later. Report it if it stays so.";
        AutoDevBudgetSpent: RateLimited, "auto_dev_budget_spent",
            "The calls of auto.dev for this month are used up.",
            "Wait for the next month, or configure a larger budget.";
        AutoDevRunBudgetSpent: Refused, "auto_dev_run_budget_spent",
            "This run used up the calls of auto.dev that it was allowed.",
            "Allow the run more calls.";
    }
    "vPIC" {
        VpicUnavailable: Unavailable, "vpic_unavailable",
            "vPIC does not answer now.",
            "Try again later.";
        VpicUnreachable: Unavailable, "vpic_unreachable",
            "vPIC could not be reached.",
            "Check the network, then try again.";
        VpicTimeout: Unavailable, "vpic_timeout",
            "vPIC did not answer in time.",
            "Try again later.";
        VpicRateLimited: RateLimited, "vpic_rate_limited",
            "vPIC wants to be asked less often.",
            "Wait as long as the error says, then try again.";
        VpicForbidden: Unavailable, "vpic_forbidden",
            "vPIC does not answer requests from this network.",
            "Ask from another network, or ask NHTSA.";
        VpicRefused: Unavailable, "vpic_refused",
            "vPIC refuses the request.",
            "Report this. vPIC may have changed its interface.";
        VpicUnreadable: Unavailable, "vpic_unreadable",
            "vPIC's answer could not be read.",
            "Try again later. Report it if it stays so.";
        VpicNoAnswer: Unavailable, "vpic_no_answer",
            "vPIC left the VIN out of its answer.",
            "Try again later.";
        VpicTooLarge: Unavailable, "vpic_too_large",
            "vPIC's answer is too large.",
            "Try again with fewer VINs. Report it if it stays so.";
        VpicAddressRefused: Misconfigured, "vpic_address_refused",
            "The configured address of vPIC is not a public one.",
            "Correct the address, or allow private networks in the configuration.";
        VpicNotReady: Internal, "vpic_not_ready",
            "The client of vPIC could not be set up.",
            "Read the log for the reason.";
    }
    "Alerts and activity" {
        AlertNotFound: NotFound, "alert_not_found",
            "There is no such alert.",
            "Check the id.";
        InvalidAlertType: InvalidInput, "invalid_alert_type",
            "This is not a type of alert.",
            "Use one of the words that the error lists.";
        InvalidSeverity: InvalidInput, "invalid_severity",
            "This is not a severity.",
            "Use one of the words that the error lists.";
        ActivityNotFound: NotFound, "activity_not_found",
            "No entry of the audit trail is about such a row.",
            "Check the id.";
        InvalidAction: InvalidInput, "invalid_action",
            "This is not an action of the activity log.",
            "Use one of the words that the error lists.";
        AuditFailed: Internal, "audit_failed",
            "The audit entry could not be made, so the change was not made either.",
            "Read the log for the reason.";
    }
    "Photo storage" {
        InvalidUpload: InvalidInput, "invalid_upload",
            "A file of this type or size is not taken.",
            "Send a JPEG, PNG or WebP picture within the size that the message names.";
        InvalidPhoto: InvalidInput, "invalid_photo",
            "What was sent is no picture that can be shown: another kind of file, damaged, too large, or not what was announced.",
            "Send it as the message says, as a whole JPEG, PNG or WebP picture.";
        InvalidPhotoOrder: InvalidInput, "invalid_photo_order",
            "The order does not name every picture once.",
            "List the pictures, and send the ids of all of them in the new order.";
        TooManyPhotos: Conflict, "too_many_photos",
            "It has as many pictures as it may have.",
            "Remove a picture first.";
        PhotoNotFound: NotFound, "photo_not_found",
            "There is no such photo.",
            "List the pictures and take the id from there.";
        UploadNotFound: NotFound, "upload_not_found",
            "Nothing was uploaded under this key for this vehicle or submission, or it has been removed.",
            "Have an upload signed, send the file to its address, and attach it within a day.";
        UploadRefused: Forbidden, "upload_refused",
            "The address does not allow this upload: it has ended, was changed, or the file is not the one that was announced.",
            "Have an upload signed, and send exactly the announced file with the headers that come with the address.";
        PhotoTokenRefused: Forbidden, "photo_token_refused",
            "The token does not allow photos for this submission, or has ended.",
            "Use the token that came with the submission, within an hour of sending it.";
        TooManyUploads: RateLimited, "too_many_uploads",
            "Too many uploads were begun from this address.",
            "Wait as long as the error says, then go on.";
        StorageUnavailable: Unavailable, "storage_unavailable",
            "The photo storage could not be reached, or is not ready.",
            "Try again later. The message says what happened.";
        StorageRefused: Misconfigured, "storage_refused",
            "The photo storage refused a request: the bucket, the key or its rights are wrong.",
            "Correct the section `storage` of the configuration, or the rights of the key; the message has the service's word for it.";
        InvalidStorageConfig: Misconfigured, "invalid_storage_config",
            "The configuration of the photo storage is not acceptable.",
            "Correct the keys that the message names.";
    }
    "Jobs" {
        JobNotFound: NotFound, "job_not_found",
            "There is no such job.",
            "Use one of the names that the error lists.";
        InvalidRunStatus: InvalidInput, "invalid_run_status",
            "This is not a status of a run.",
            "Use one of the words that the error lists.";
        JobNotHere: Refused, "job_not_here",
            "The job does not run on this database.",
            "PostgreSQL makes its backups itself: see \"Backup of PostgreSQL\" in docs/operations.md.";
        RunNotFound: NotFound, "run_not_found",
            "There is no such run of a job.",
            "Look it up in the history. Clean-up removes old runs.";
        InvalidRunOptions: InvalidInput, "invalid_run_options",
            "The job does not take these options.",
            "Correct the fields that the error lists.";
        JobRunning: Conflict, "job_running",
            "The job is running already.",
            "Wait for its end, or cancel it.";
        RunOver: Conflict, "run_over",
            "The run has ended.",
            "Read its result.";
        RunsFull: Unavailable, "runs_full",
            "This process makes as many runs as it may at a time.",
            "Try again when one of them has ended.";
        RunFailed: Unavailable, "run_failed",
            "The run failed, or a part of it did.",
            "Read the error and the result of the run.";
        StreamsFull: Unavailable, "streams_full",
            "The server sends the events of as many runs as it may at a time.",
            "Ask for the run itself instead, or try again later.";
        JobPanicked: Internal, "job_panicked",
            "The job stopped at a fault of this program.",
            "Report this with the log.";
        InvalidSchedule: Misconfigured, "invalid_schedule",
            "The configuration of the jobs is wrong.",
            "Correct the fields that the error lists.";
    }
    "Notifications" {
        InvalidNotificationEvent: InvalidInput, "invalid_notification_event",
            "This is not an event that anybody is told of.",
            "Use one of the words that the error lists.";
        InvalidNotificationStatus: InvalidInput, "invalid_notification_status",
            "This is not a status of a notification.",
            "Use one of the words that the error lists.";
        NotificationNotFound: NotFound, "notification_not_found",
            "There is no such notification.",
            "Look it up in the list. Clean-up removes old ones.";
        ChannelNotFound: NotFound, "channel_not_found",
            "No channel of this name is configured.",
            "Use one of the names that the error lists, or configure the channel.";
        NotificationBeingSent: Conflict, "notification_being_sent",
            "The notification is being sent at this moment.",
            "Look at it again in a while.";
        NotificationNotDelivered: Unavailable, "notification_not_delivered",
            "The receiver has not taken the notification.",
            "Read what it said, and correct the channel.";
        InvalidNotificationConfig: Misconfigured, "invalid_notification_config",
            "The configuration of the notifications is wrong.",
            "Correct the fields that the error lists.";
    }
    "Lists and text" {
        AmbiguousReference: InvalidInput, "ambiguous_reference",
            "Several rows are named by this text.",
            "Give more of the id, the VIN or the stock number. The error lists the candidates.";
        InvalidCursor: InvalidInput, "invalid_cursor",
            "This is not a cursor of this list.",
            "Pass the `next` of an earlier page of the same list, or start at the first page.";
        InvalidColumns: InvalidInput, "invalid_columns",
            "There is no column of this name in the list.",
            "Name the columns as the fields of the list's records are named.";
        VersionChanged: Conflict, "version_changed",
            "It was changed since it was read, so it was not changed again.",
            "Read it again, and make the change upon what it is now.";
        InvalidSort: InvalidInput, "invalid_sort",
            "The list cannot be sorted this way.",
            "Use one of the words that the error lists.";
        InvalidStatus: InvalidInput, "invalid_status",
            "This is not a status.",
            "Use one of the words that the error lists.";
        InvalidText: InvalidInput, "invalid_text",
            "A text contains the character NUL.",
            "Remove the character.";
        CursorNotWritten: Internal, "cursor_not_written",
            "The cursor of the next page could not be made.",
            "Report this with the log.";
    }
    "Configuration" {
        NotConfigured: Refused, "not_configured",
            "This needs a part that is not configured.",
            "Configure the key that the message names.";
        InvalidDatabaseUrl: InvalidInput, "invalid_database_url",
            "This is not the address of a database.",
            "Give `sqlite:PATH`, `sqlite::memory:` or `postgresql://...`.";
        InvalidDatabaseConfig: Misconfigured, "invalid_database_config",
            "A number of the database's configuration is not usable.",
            "Correct the fields that the error lists.";
        InvalidConfiguration: Misconfigured, "invalid_configuration",
            "The configuration has a key or a value that is wrong.",
            "Read the message for the file, its line and the key. `jpauto config sample` lists the keys.";
        InvalidContact: Misconfigured, "invalid_contact",
            "The contact for webmasters is not an address.",
            "Configure an e-mail address or a web page at which the webmasters of fetched sites reach you.";
        InvalidPause: Misconfigured, "invalid_pause",
            "The pause between requests is too long.",
            "Configure a shorter pause.";
        InvalidTrackingRules: Misconfigured, "invalid_tracking_rules",
            "A number of the rules of tracking is not usable.",
            "Correct the fields that the error lists.";
        InvalidInventoryRules: Misconfigured, "invalid_inventory_rules",
            "A number of the rules of the inventory is not usable.",
            "Correct the fields that the error lists.";
        InvalidPricingRules: Misconfigured, "invalid_pricing_rules",
            "A number of the rules of pricing is not usable.",
            "Correct the fields that the error lists.";
        InvalidVpicAddress: Misconfigured, "invalid_vpic_address",
            "The configured address of vPIC is not usable.",
            "Correct it as the error says.";
        InvalidAutoDevAddress: Misconfigured, "invalid_auto_dev_address",
            "The configured address of auto.dev is not usable.",
            "Correct it as the error says.";
        InvalidAutoDevKey: Misconfigured, "invalid_auto_dev_key",
            "The configured key of auto.dev is not one.",
            "Configure the key exactly as auto.dev gave it.";
        InvalidAutoDevPlace: Misconfigured, "invalid_auto_dev_place",
            "The configured place of auto.dev is not one.",
            "Correct it as the error says.";
        InvalidAutoDevZip: Misconfigured, "invalid_auto_dev_zip",
            "The configured ZIP code is not one.",
            "Configure the five digits of a ZIP code.";
        InvalidAutoDevPlan: Misconfigured, "invalid_auto_dev_plan",
            "The configured plan of auto.dev is not one.",
            "Use one of the words that the error lists.";
        InvalidAutoDevVersion: Misconfigured, "invalid_auto_dev_version",
            "The configured version of auto.dev's interface is not one.",
            "Use one of the words that the error lists.";
        FetcherNotReady: Internal, "fetcher_not_ready",
            "The HTTP client could not be set up.",
            "Read the log for the reason.";
    }
    "Database" {
        DatabaseUnavailable: Unavailable, "database_unavailable",
            "The database cannot be reached or opened.",
            "Check that it runs and that its address is right, then try again.";
        DatabaseBusy: Unavailable, "database_busy",
            "Another writer holds the database.",
            "Try again after a second.";
        DatabaseTimeout: Unavailable, "database_timeout",
            "The database took too long to answer.",
            "Try again later, or ask for less.";
        DatabaseFull: Unavailable, "database_full",
            "The disk of the database is full.",
            "Make room on the disk.";
        DatabaseReadOnly: Refused, "database_read_only",
            "The database cannot be written.",
            "Open it for writing, and check the permissions of its file.";
        DatabaseOutdated: Refused, "database_outdated",
            "The schema of the database is older than this release.",
            "Make a backup, then run `jpauto migrate`.";
        DatabaseNewer: Refused, "database_newer",
            "The schema of the database is newer than this release.",
            "Install the release that made it, or a later one.";
        DatabaseIncomplete: Refused, "database_incomplete",
            "Of the two files of a SQLite database one is missing: the file, or the `-wal` beside it that holds what was last written.",
            "Put both where they were. Copy both files, or make the copy with `jpauto backup`. Remove what is left if it is to be made anew.";
        DatabaseDamaged: Refused, "database_damaged",
            "The file of the database is damaged or cut off.",
            "Keep the file, and put the last copy that `jpauto backup` made in its place. `sqlite3 FILE .recover` may save rows that are \
             newer than the copy.";
        RowsFaulty: Refused, "rows_faulty",
            "The check found rows that are not as jpauto writes them.",
            "Run `jpauto migrate` for what it repairs, and see to the rest by hand: docs/operations.md has each kind.";
        MissingRight: Misconfigured, "missing_right",
            "The role that the database is opened with lacks a right.",
            "Grant the right that the message names.";
        DatabasePooled: Misconfigured, "database_pooled",
            "The database is behind a pooler that gives each transaction another session, and the configuration does not say so.",
            "Set `pooler = \"transaction\"` in [database], or let the pooler use session mode. See docs/scaling.md.";
        BackupExists: Refused, "backup_exists",
            "There is a file in the place of the backup.",
            "Give the backup another name.";
        BackupFailed: Unavailable, "backup_failed",
            "The backup could not be written.",
            "Read the message. Check the folder and the disk.";
        NotADatabase: Refused, "not_a_database",
            "The file is not a SQLite database.",
            "Check the path.";
        MigrationFailed: Refused, "migration_failed",
            "The schema of the database could not be changed. It is as it was before.",
            "Read the message for what stands in the way, and correct that.";
        InvalidPartitions: InvalidInput, "invalid_partitions",
            "The tables of competitors cannot be kept in so many partitions.",
            "Ask for 2 to 256, or for 0 to have whole tables again.";
        PartitionsUnsupported: Refused, "partitions_unsupported",
            "The database has no partitions: it is a SQLite file.",
            "Use PostgreSQL where one file is too small. See docs/scaling.md.";
        PartitioningRefused: Refused, "partitioning_refused",
            "Something that another program has made stands in the way of partitions. Nothing was changed.",
            "Read the message for what it is, and drop it first.";
        MigrationsUnreadable: Internal, "migrations_unreadable",
            "The migrations inside this build could not be read.",
            "Install the release again. Report it if it stays so.";
        DatabaseError: Internal, "database_error",
            "The database refused a statement or gave an answer that could not be read.",
            "Read the log for the reason, and report it.";
        UnknownWord: Refused, "unknown_word",
            "A status or a role is a word that jpauto does not know, so the row cannot be changed otherwise.",
            "Give the vehicle another status or the user another role; approve or reject the submission.";
        DocumentNotWritten: Internal, "document_not_written",
            "A result could not be turned into JSON to be stored.",
            "Report this with the log.";
    }
    "Command line" {
        Usage: InvalidInput, "usage",
            "The arguments are not those of a command.",
            "Run the command with --help.";
        FileUnreadable: InvalidInput, "file_unreadable",
            "The file cannot be read.",
            "Check the path and its permissions.";
        FileTooLarge: InvalidInput, "file_too_large",
            "The file is too large.",
            "Check that it is the right file, or split it.";
        FileNotRemoved: InvalidInput, "file_not_removed",
            "The file cannot be removed.",
            "Check its permissions.";
        InputUnreadable: InvalidInput, "input_unreadable",
            "The input cannot be read.",
            "Check where the input comes from.";
        LineTooLong: InvalidInput, "line_too_long",
            "A line of the input is too long.",
            "Check that the input has one record a line.";
        InvalidJson: InvalidInput, "invalid_json",
            "This is not the JSON that was expected.",
            "Correct it where the message says.";
        InvalidValue: InvalidInput, "invalid_value",
            "A value is not acceptable.",
            "Correct the fields that the error lists.";
        UnknownField: InvalidInput, "unknown_field",
            "There is no such field.",
            "Run the command with --help for the fields.";
        TooManyVins: InvalidInput, "too_many_vins",
            "There are too many VINs for one run.",
            "Split the input.";
        ContactMissing: InvalidInput, "contact_missing",
            "Websites are fetched only with a contact for their webmasters.",
            "Set `fetch.contact` or JPAUTO_FETCH_CONTACT, or give --contact.";
        WebsiteUnreadable: Unavailable, "website_unreadable",
            "The website could not be read.",
            "Read the report of the test, and correct the address or the scraper configuration.";
        ServerNotStarted: Unavailable, "server_not_started",
            "The server could not start.",
            "Read the message. Another program may use the port.";
        NoSignals: Unavailable, "no_signals",
            "The program cannot listen for Ctrl-C.",
            "Read the message for what the system said.";
        OutputFailed: Unavailable, "output_failed",
            "The output could not be written.",
            "Check the disk and where the output goes.";
        NotADemoFile: InvalidInput, "not_a_demo_file",
            "The file was not made by the demo, so the demo does not replace it.",
            "Give the demo another path.";
        DemoNeedsSqlite: InvalidInput, "demo_needs_sqlite",
            "The demo makes a SQLite file and takes no other database.",
            "Give `sqlite:PATH`.";
    }
    "HTTP server" {
        NotFound: NotFound, "not_found",
            "There is nothing at this path.",
            "Check the path.";
        MethodNotAllowed: InvalidInput, "method_not_allowed",
            "The path does not take this method.",
            "Use a method that the header `Allow` lists.";
        InvalidIdempotencyKey: InvalidInput, "invalid_idempotency_key",
            "This is not a key of a call that may be repeated.",
            "Send a short text without blanks, such as a UUID.";
        UnsupportedCondition: InvalidInput, "unsupported_condition",
            "The call has a condition that this operation does not look at, so nothing was done.",
            "Leave the header out. Changes of things that have a version take `If-Match`, and calls that create something `Idempotency-Key`.";
        IdempotencyKeyReused: InvalidInput, "idempotency_key_reused",
            "The key was used for another call within the last 24 hours.",
            "Use a new key for each call, and the same key only to repeat one.";
        RequestInFlight: Conflict, "request_in_flight",
            "The first call with this key has no answer yet, or ended without one.",
            "Repeat the call a little later. If it stays so, look whether the work was done.";
        MalformedRequest: InvalidInput, "malformed_request",
            "The request is not as HTTP has it.",
            "Name the server in one header `Host`, and a path that begins with a slash.";
        MalformedJson: InvalidInput, "malformed_json",
            "The body is not JSON.",
            "Correct it where the detail says.";
        InvalidBody: InvalidInput, "invalid_body",
            "The body is not what this path takes.",
            "Correct the field that the error names.";
        InvalidQuery: InvalidInput, "invalid_query",
            "Some parameters of the query are not acceptable.",
            "Correct the parameters that the error lists.";
        UnsupportedMediaType: InvalidInput, "unsupported_media_type",
            "The body is not of a type that this path takes.",
            "Send `Content-Type: application/json`.";
        CrossSiteRequest: Forbidden, "cross_site_request",
            "The page of another website sent this with the session of its visitor.",
            "Send it from the server's own pages, or name the website among the allowed origins.";
        BodyTooLarge: InvalidInput, "body_too_large",
            "The body is too large.",
            "Send less at a time.";
        BodyTooSlow: Unavailable, "body_too_slow",
            "The body did not arrive in time.",
            "Send it again over a better connection.";
        BodyBrokenOff: InvalidInput, "body_broken_off",
            "The body ended before it was complete.",
            "Send it again.";
        TooManyRequests: RateLimited, "too_many_requests",
            "This client has read more than the server allows for a while (`server.reads`).",
            "Wait as long as `Retry-After` says. Behind a proxy that is not trusted, all clients are one.";
        Overloaded: Unavailable, "overloaded",
            "The server is busy. Nothing was done.",
            "Wait as long as `Retry-After` says, then try again.";
        DeadlinePassed: Unavailable, "deadline_passed",
            "The answer took too long. Whether the work was done is not known.",
            "Look whether it was done before you try again.";
        InternalError: Internal, "internal_error",
            "Something went wrong in the server.",
            "Look for the id of the request in the server's log.";
    }
    "Python" {
        InvalidArgument: InvalidInput, "invalid_argument",
            "Some arguments are not what the function takes.",
            "Correct the arguments that the error lists.";
        LotClosed: Refused, "lot_closed",
            "The lot is closed.",
            "Open it again.";
        DatabaseOpenHere: Refused, "database_open_here",
            "The SQLite file is open as a lot in this process, and Python's own sqlite3 would lift its locks: what is written could be lost.",
            "Read the lot's tables, or a copy that `lot.backup` made; or use sqlite3 in another process, or once the lot is closed.";
        TableLost: Internal, "table_lost",
            "A table ended before its last row, because the thread that read it is gone.",
            "Read it again, and report it if it happens again.";
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_code_has_one_word_and_it_is_the_variant_in_snake_case() {
        let mut words = HashSet::new();
        for code in ErrorCode::ALL {
            let snake_case: String = format!("{code:?}")
                .char_indices()
                .flat_map(|(at, sign)| {
                    let gap = (at > 0 && sign.is_uppercase()).then_some('_');
                    gap.into_iter().chain([sign.to_ascii_lowercase()])
                })
                .collect();
            assert_eq!(code.as_str(), snake_case);
            assert!(words.insert(code.as_str()), "{code} is there twice");
        }
    }

    #[test]
    fn each_sentence_and_remedy_is_a_sentence() {
        for code in ErrorCode::ALL {
            for text in [code.sentence(), code.remedy()] {
                assert!(text.ends_with('.') && !text.contains('\n') && !text.contains('|'), "{code}: {text}");
            }
        }
    }
}
