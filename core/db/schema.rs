//! The tables as Diesel sees them: the same names and columns on both databases.
//!
//! Only `repository.rs` files use them. Lengths, checks and indexes are in `migrations/`; a test compares them with the contract.

use diesel::{allow_tables_to_appear_in_same_query, table};

/// A column, by what it is for SQL.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) sql_type: &'static str,
    pub(crate) may_be_null: bool,
}

/// Makes the tables, and the list of their columns.
macro_rules! tables {
    ($($(#[doc = $doc:literal])* $table:ident ($($key:ident),+) { $($column:ident -> $type:ident $(<$of:ident>)?,)+ })+) => {
        $(table! {
            use diesel::sql_types::*;
            use crate::db::types::*;

            $(#[doc = $doc])*
            $table ($($key),+) {
                $($column -> $type $(<$of>)?,)+
            }
        })+

        /// The columns of a table; empty where there is no such table.
        pub(crate) fn columns_of(table: &str) -> &'static [Column] {
            match table {
                $(stringify!($table) => const {
                    &[$(Column::of(stringify!($column), [stringify!($type) $(, stringify!($of))?].as_slice())),+]
                },)+
                _ => &[],
            }
        }
    };
}

impl Column {
    const fn of(name: &'static str, sql_type: &[&'static str]) -> Self {
        let (sql_type, may_be_null) = match sql_type {
            [_, of] => (*of, true),
            [sql_type, ..] => (*sql_type, false),
            [] => ("", false),
        };
        Self { name, sql_type, may_be_null }
    }
}

tables! {
    users (id) {
        id -> DbId,
        email -> Text,
        name -> Text,
        oauth_provider -> Text,
        oauth_id -> Text,
        role -> Nullable<Text>,
        avatar_url -> Nullable<Text>,
        last_login -> Nullable<DbInstant>,
        is_active -> Nullable<Bool>,
        created_at -> Nullable<DbInstant>,
    }

    pending_submissions (id) {
        id -> DbId,
        submission_status -> Nullable<Text>,
        submitted_at -> Nullable<DbInstant>,
        reviewed_at -> Nullable<DbInstant>,
        reviewed_by -> Nullable<DbId>,
        rejection_reason -> Nullable<Text>,
        customer_name -> Nullable<Text>,
        customer_email -> Nullable<Text>,
        customer_phone -> Nullable<Text>,
        year -> Integer,
        make -> Text,
        model -> Text,
        trim -> Nullable<Text>,
        vin -> Nullable<Text>,
        mileage -> Nullable<Integer>,
        asking_price -> Nullable<DbMoney>,
        exterior_color -> Nullable<Text>,
        interior_color -> Nullable<Text>,
        transmission -> Nullable<Text>,
        fuel_type -> Nullable<Text>,
        condition -> Nullable<Text>,
        images -> Nullable<DbJson>,
        additional_notes -> Nullable<Text>,
        created_at -> Nullable<DbInstant>,
        updated_at -> Nullable<DbInstant>,
    }

    inventory (id) {
        id -> DbId,
        status -> Nullable<Text>,
        featured -> Nullable<Bool>,
        year -> Integer,
        make -> Text,
        model -> Text,
        trim -> Nullable<Text>,
        vin -> Text,
        stock_number -> Nullable<Text>,
        price -> DbMoney,
        cost -> Nullable<DbMoney>,
        msrp -> Nullable<DbMoney>,
        mileage -> Integer,
        exterior_color -> Nullable<Text>,
        interior_color -> Nullable<Text>,
        transmission -> Nullable<Text>,
        engine -> Nullable<Text>,
        fuel_type -> Nullable<Text>,
        drivetrain -> Nullable<Text>,
        body_style -> Nullable<Text>,
        doors -> Nullable<Integer>,
        mpg_city -> Nullable<Integer>,
        mpg_highway -> Nullable<Integer>,
        description -> Nullable<Text>,
        features -> Nullable<DbJson>,
        images -> Nullable<DbJson>,
        thumbnail -> Nullable<Text>,
        condition -> Nullable<Text>,
        title_status -> Nullable<Text>,
        owners -> Nullable<Integer>,
        accidents -> Nullable<Integer>,
        service_records -> Nullable<Bool>,
        warranty -> Nullable<Text>,
        carfax_url -> Nullable<Text>,
        autocheck_url -> Nullable<Text>,
        source_submission_id -> Nullable<DbId>,
        created_by -> Nullable<DbId>,
        updated_by -> Nullable<DbId>,
        listed_at -> Nullable<DbInstant>,
        sold_at -> Nullable<DbInstant>,
        created_at -> Nullable<DbInstant>,
        updated_at -> Nullable<DbInstant>,
    }

    market_research_results (id) {
        id -> DbId,
        inventory_id -> Nullable<DbId>,
        median_price -> Nullable<DbMoney>,
        min_price -> Nullable<DbMoney>,
        max_price -> Nullable<DbMoney>,
        sample_size -> Nullable<Integer>,
        comparable_vehicles -> Nullable<DbJson>,
        price_recommendation -> Nullable<Text>,
        last_analyzed_at -> Nullable<DbInstant>,
        data_source -> Nullable<Text>,
        search_parameters -> Nullable<DbJson>,
        created_at -> Nullable<DbInstant>,
        updated_at -> Nullable<DbInstant>,
        analysis -> Nullable<DbJson>,
        adjusted_median -> Nullable<DbMoney>,
    }

    market_price_history (id) {
        id -> DbId,
        inventory_id -> Nullable<DbId>,
        our_price -> DbMoney,
        median_market_price -> Nullable<DbMoney>,
        min_market_price -> Nullable<DbMoney>,
        sample_size -> Nullable<Integer>,
        recorded_at -> Nullable<DbInstant>,
        searched_for -> Nullable<Text>,
    }

    vin_evaluation_cache (id) {
        id -> DbId,
        vin -> Text,
        evaluation_data -> Nullable<DbJson>,
        source -> Nullable<Text>,
        cached_at -> Nullable<DbInstant>,
        expires_at -> Nullable<DbInstant>,
    }

    competitors (id) {
        id -> DbId,
        name -> Text,
        website_url -> Nullable<Text>,
        inventory_url -> Text,
        platform_type -> Nullable<Text>,
        scraper_config -> Nullable<DbJson>,
        use_playwright -> Nullable<Bool>,
        active -> Nullable<Bool>,
        last_scraped_at -> Nullable<DbInstant>,
        last_successful_scrape_at -> Nullable<DbInstant>,
        scrape_error -> Nullable<Text>,
        scrape_error_type -> Nullable<Text>,
        created_at -> Nullable<DbInstant>,
        updated_at -> Nullable<DbInstant>,
        next_scrape_at -> Nullable<DbInstant>,
        list_changed_at -> Nullable<DbInstant>,
        looked_for_at -> Nullable<DbInstant>,
    }

    competitor_inventory (id) {
        id -> DbId,
        competitor_id -> DbId,
        external_id -> Nullable<Text>,
        vin -> Nullable<Text>,
        stock_number -> Nullable<Text>,
        year -> Nullable<Integer>,
        make -> Nullable<Text>,
        model -> Nullable<Text>,
        trim -> Nullable<Text>,
        price -> Nullable<DbMoney>,
        mileage -> Nullable<Integer>,
        exterior_color -> Nullable<Text>,
        transmission -> Nullable<Text>,
        fuel_type -> Nullable<Text>,
        body_style -> Nullable<Text>,
        url -> Nullable<Text>,
        image_url -> Nullable<Text>,
        first_seen_at -> Nullable<DbInstant>,
        last_seen_at -> Nullable<DbInstant>,
        is_sold -> Nullable<Bool>,
        sold_at -> Nullable<DbInstant>,
        days_on_market -> Nullable<Integer>,
        raw_data -> Nullable<DbJson>,
        created_at -> Nullable<DbInstant>,
        updated_at -> Nullable<DbInstant>,
        unconfirmed_price -> Nullable<DbMoney>,
        lowest_price -> Nullable<DbMoney>,
        highest_price -> Nullable<DbMoney>,
        previous_price -> Nullable<DbMoney>,
        price_changed_at -> Nullable<DbInstant>,
        p_return -> Nullable<Double>,
        stock_status -> Nullable<Text>,
        title_brand -> Nullable<Text>,
        condition -> Nullable<Text>,
        odometer_status -> Nullable<Text>,
        sale_status -> Nullable<Text>,
        transferred_at -> Nullable<DbInstant>,
    }

    competitor_price_history (id) {
        id -> DbId,
        competitor_inventory_id -> Nullable<DbId>,
        price -> DbMoney,
        min_price -> Nullable<DbMoney>,
        mileage -> Nullable<Integer>,
        recorded_at -> Nullable<DbInstant>,
        competitor_id -> Nullable<DbId>,
    }

    /// Every year, make and model that was ever listed, in the database's lower case.
    listed_models (year, make, model) {
        year -> Integer,
        make -> Text,
        model -> Text,
    }

    competitor_metrics (id) {
        id -> DbId,
        competitor_id -> DbId,
        total_inventory -> Nullable<Integer>,
        avg_price -> Nullable<DbMoney>,
        avg_days_on_market -> Nullable<DbMoney>,
        vehicles_sold_30d -> Nullable<Integer>,
        price_changes_30d -> Nullable<Integer>,
        new_listings_30d -> Nullable<Integer>,
        calculated_at -> Nullable<DbInstant>,
        unseen -> Nullable<Integer>,
    }

    export_logs (id) {
        id -> DbId,
        platform -> Nullable<Text>,
        vehicle_count -> Nullable<Integer>,
        status -> Nullable<Text>,
        error_message -> Nullable<Text>,
        exported_at -> Nullable<DbInstant>,
        destination -> Nullable<Text>,
        left_out_count -> Nullable<Integer>,
        bytes -> Nullable<BigInt>,
        error_code -> Nullable<Text>,
        answer -> Nullable<Text>,
        report -> Nullable<DbJson>,
    }

    activity_logs (id) {
        id -> DbId,
        user_id -> Nullable<DbId>,
        action -> Nullable<Text>,
        resource_type -> Nullable<Text>,
        resource_id -> Nullable<DbId>,
        changes -> Nullable<DbJson>,
        ip_address -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        created_at -> Nullable<DbInstant>,
        token_id -> Nullable<DbId>,
    }

    storage_alerts (id) {
        id -> DbId,
        alert_type -> Nullable<Text>,
        severity -> Nullable<Text>,
        message -> Nullable<Text>,
        metadata -> Nullable<DbJson>,
        dismissed -> Nullable<Bool>,
        dismissed_at -> Nullable<DbInstant>,
        created_at -> Nullable<DbInstant>,
        subject_id -> Nullable<DbId>,
    }

    job_history (id) {
        id -> DbId,
        job_name -> Nullable<Text>,
        status -> Nullable<Text>,
        started_at -> Nullable<DbInstant>,
        completed_at -> Nullable<DbInstant>,
        duration_ms -> Nullable<Integer>,
        result -> Nullable<DbJson>,
        error -> Nullable<Text>,
        scheduled_for -> Nullable<DbInstant>,
        requested_by -> Nullable<DbId>,
        options -> Nullable<DbJson>,
        progress -> Nullable<DbJson>,
        cancel_requested_at -> Nullable<DbInstant>,
        lease -> Nullable<Text>,
        holder -> Nullable<Text>,
        token_id -> Nullable<DbId>,
        user_agent -> Nullable<Text>,
    }

    job_schedules (job_name) {
        job_name -> Text,
        done_until -> DbInstant,
    }

    competitor_scrapes (id) {
        id -> DbId,
        competitor_id -> DbId,
        observed_at -> DbInstant,
        complete -> Bool,
        incomplete_reason -> Nullable<Text>,
        pages_fetched -> Nullable<Integer>,
        listings_found -> Integer,
        total_claimed -> Nullable<Integer>,
        vehicles -> Integer,
        new_listings -> Integer,
        seen_again -> Integer,
        updated -> Integer,
        price_changes -> Integer,
        sold -> Integer,
        relisted -> Integer,
        duplicates -> Integer,
        refused -> Integer,
        absences -> Integer,
        returns -> Integer,
        error -> Nullable<Text>,
        error_type -> Nullable<Text>,
        recorded_at -> DbInstant,
        page_vehicles -> Nullable<Integer>,
        list_url -> Nullable<Text>,
        weight -> Double,
        doubts -> Nullable<Text>,
        group_weight -> Nullable<Double>,
        expected_returns -> Nullable<Double>,
        returns_seen -> Nullable<Double>,
    }

    job_leases (job_name) {
        job_name -> Text,
        holder -> Text,
        acquired_at -> DbInstant,
        expires_at -> DbInstant,
    }

    vin_decodes (vin) {
        vin -> Text,
        source -> Text,
        decoded -> DbJson,
        decoded_at -> DbInstant,
        expires_at -> DbInstant,
    }

    competitor_pages (id) {
        id -> DbId,
        competitor_id -> DbId,
        url -> Text,
        etag -> Nullable<Text>,
        last_modified -> Nullable<Text>,
        reader -> Text,
        reading -> DbJson,
        read_at -> DbInstant,
    }

    vehicle_sales (id) {
        id -> DbId,
        inventory_id -> DbId,
        sold_at -> DbInstant,
        listed_at -> Nullable<DbInstant>,
        price -> DbMoney,
        sale_price -> Nullable<DbMoney>,
    }

    call_budgets (period) {
        period -> Text,
        calls -> Integer,
        last_call_at -> DbInstant,
    }

    api_tokens (id) {
        id -> DbId,
        name -> Text,
        role -> Text,
        secret_hash -> Text,
        user_id -> Nullable<DbId>,
        created_at -> DbInstant,
        expires_at -> Nullable<DbInstant>,
        last_used_at -> Nullable<DbInstant>,
        revoked_at -> Nullable<DbInstant>,
    }

    sign_in_links (secret_hash) {
        secret_hash -> Text,
        user_id -> DbId,
        created_at -> DbInstant,
        expires_at -> DbInstant,
        used_at -> Nullable<DbInstant>,
    }

    sign_in_states (state_hash) {
        state_hash -> Text,
        browser_hash -> Text,
        provider -> Text,
        redirect_uri -> Text,
        return_to -> Text,
        client -> Nullable<Text>,
        created_at -> DbInstant,
        expires_at -> DbInstant,
    }

    sign_in_identities (identity_hash) {
        identity_hash -> Text,
        issuer -> Text,
        user_id -> DbId,
        email_verified -> Bool,
        created_at -> DbInstant,
    }

    idempotency_keys (name_hash) {
        name_hash -> Text,
        request_hash -> Text,
        status -> Nullable<Integer>,
        location -> Nullable<Text>,
        answer -> Nullable<Text>,
        created_at -> DbInstant,
    }

    outbox (id) {
        id -> DbId,
        event -> Text,
        data -> DbJson,
        raised_at -> DbInstant,
    }

    notifications (id) {
        id -> DbId,
        event_id -> DbId,
        event -> Text,
        channel -> Text,
        data -> DbJson,
        status -> Text,
        attempts -> Integer,
        raised_at -> DbInstant,
        next_attempt_at -> Nullable<DbInstant>,
        ended_at -> Nullable<DbInstant>,
        error -> Nullable<Text>,
        answer -> Nullable<Text>,
        holder -> Nullable<Text>,
        leased_until -> Nullable<DbInstant>,
        receiver -> Nullable<Text>,
    }

    notification_channels (name) {
        name -> Text,
        target_hash -> Text,
        off_since -> DbInstant,
        reason -> Text,
    }
}

allow_tables_to_appear_in_same_query! {
    users, pending_submissions, inventory, market_research_results, market_price_history,
    vin_evaluation_cache, competitors, competitor_inventory, competitor_price_history, listed_models,
    competitor_metrics, export_logs, activity_logs, storage_alerts, job_history, competitor_scrapes,
    job_leases, job_schedules, competitor_pages, call_budgets, vin_decodes, api_tokens, sign_in_links,
    sign_in_states, sign_in_identities, vehicle_sales, idempotency_keys, outbox, notifications,
    notification_channels,
}
