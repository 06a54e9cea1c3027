//! The table of all keys: where each stands in the file, and which setting it is.

use jpauto::{exports::Platform, jobs::Job};

use super::{
    Settings,
    feeds::{self, FeedKey},
    given::{Bytes, Form, Given, Secrets, Setting as _, Usual, quoted},
    providers::{self, ProviderKey},
    webhooks::{self, WebhookKey},
};

/// One key of the configuration.
pub(super) struct Key {
    /// The place in the file, such as `database.pool_size`.
    pub(super) path: &'static str,
    /// Its value is never shown, and may be in a file of its own.
    pub(super) is_secret: bool,
    /// Sets it, or says what was expected.
    pub(super) set: fn(&mut Settings, &Given) -> Result<(), String>,
    /// The value as a configuration file writes it.
    pub(super) show: fn(&Settings) -> String,
}

/// The key of this path.
pub(super) fn find(path: &str) -> Option<Found> {
    if let Some(key) = KEYS.iter().find(|key| key.path == path) {
        return Some(Found::Key(key));
    }
    if let Some((platform, key)) = path.strip_prefix("exports.").and_then(feeds::find) {
        return Some(Found::OfFeed(platform, key));
    }
    if let Some((name, key)) = webhooks::find(path) {
        return Some(Found::OfWebhook(name, key));
    }
    if let Some(job) = path.strip_prefix(SCHEDULES).and_then(|rest| rest.strip_prefix('.')?.parse().ok()) {
        return Some(Found::OfJob(job));
    }
    let (provider, name) = path.strip_prefix("sign_in.")?.split_once('.')?;
    Some(Found::OfProvider(provider.to_owned(), providers::find(name)?))
}

/// Whether keys stand in this section or below it.
pub(super) fn is_section(path: &str) -> bool {
    path == SCHEDULES
        || webhooks::is_section(path)
        || KEYS.iter().any(|key| key.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
        || path.strip_prefix("sign_in.").is_some_and(|provider| !provider.contains('.'))
        || path.strip_prefix("exports.").is_some_and(|platform| platform.parse::<Platform>().is_ok())
}

/// A key that was found by its path.
#[derive(Clone)]
pub(super) enum Found {
    Key(&'static Key),
    /// A key of one provider of sign-in, whose section has the provider's name.
    OfProvider(String, &'static ProviderKey),
    /// A key of one feed, whose section has the platform's name.
    OfFeed(Platform, &'static FeedKey),
    /// A key of one webhook, whose section has the webhook's name.
    OfWebhook(String, &'static WebhookKey),
    /// When a job runs, under the job's name.
    OfJob(Job),
}

/// The section with a key for each job.
const SCHEDULES: &str = "jobs.schedules";

/// The keys of all jobs.
pub(super) fn of_jobs() -> impl Iterator<Item = (String, Found)> {
    Job::ALL.into_iter().map(|job| (format!("{SCHEDULES}.{job}"), Found::OfJob(job)))
}

impl Found {
    /// The place in the file, of a key that stands in the table.
    pub(super) fn path(&self) -> Option<String> {
        match self {
            Self::Key(key) => Some(key.path.to_owned()),
            Self::OfJob(job) => Some(format!("{SCHEDULES}.{job}")),
            Self::OfProvider(..) | Self::OfFeed(..) | Self::OfWebhook(..) => None,
        }
    }

    pub(super) fn is_secret(&self) -> bool {
        match self {
            Self::Key(key) => key.is_secret,
            Self::OfProvider(_, key) => key.is_secret,
            Self::OfFeed(_, key) => key.is_secret,
            Self::OfWebhook(_, key) => key.is_secret,
            Self::OfJob(_) => false,
        }
    }

    pub(super) fn set(&self, settings: &mut Settings, given: &Given) -> Result<(), String> {
        match self {
            Self::Key(key) => (key.set)(settings, given),
            Self::OfProvider(provider, key) => (key.set)(providers::named(&mut settings.providers, provider), given),
            Self::OfFeed(platform, key) => (key.set)(settings.exports.feeds.entry(*platform).or_default(), given),
            Self::OfWebhook(name, key) => (key.set)(webhooks::named(&mut settings.notifications.webhooks, name), given),
            Self::OfJob(job) => {
                let schedule = String::read(given)?;
                settings.jobs = std::mem::take(&mut settings.jobs).scheduled(*job, &schedule);
                Ok(())
            }
        }
    }
}

/// Every key with its path, whether it is a secret, and its value as a configuration file writes it.
pub(super) fn shown(settings: &Settings) -> Vec<(String, bool, String)> {
    let mut shown: Vec<_> = KEYS.iter().map(|key| (key.path.to_owned(), key.is_secret, (key.show)(settings))).collect();
    let after_sign_in = shown.iter().rposition(|(path, ..)| path.starts_with("sign_in.")).map_or(0, |last| last + 1);
    shown.splice(after_sign_in..after_sign_in, providers::shown(&settings.providers));
    let after_exports = shown.iter().rposition(|(path, ..)| path.starts_with("exports.")).map_or(0, |last| last + 1);
    shown.splice(after_exports..after_exports, feeds::shown(&settings.exports.feeds));
    let after = shown.iter().rposition(|(path, ..)| path.starts_with("notifications.")).map_or(0, |last| last + 1);
    shown.splice(after..after, webhooks::shown(&settings.notifications.webhooks));
    let after = shown.iter().position(|(path, ..)| path.starts_with("jobs.retention.")).unwrap_or(shown.len());
    let schedules = Job::ALL.map(|job| (format!("{SCHEDULES}.{job}"), false, quoted(settings.jobs.schedule_of(job))));
    shown.splice(after..after, schedules);
    shown
}

/// The paths of all keys; of providers and of feeds, those in the sample.
pub(super) fn paths() -> impl Iterator<Item = String> {
    shown(&Settings::default()).into_iter().map(|(path, ..)| path)
}

/// The same, and those of the files of secrets.
pub(super) fn paths_and_files() -> impl Iterator<Item = String> {
    shown(&Settings::default()).into_iter().flat_map(|(path, is_secret, _)| {
        let file = is_secret.then(|| format!("{path}_file"));
        [Some(path), file].into_iter().flatten()
    })
}

/// The environment variable of a key.
pub(super) fn variable(path: &str) -> String {
    format!("JPAUTO_{}", path.replace('.', "_").to_uppercase())
}

macro_rules! form {
    () => {
        Usual
    };
    ($form:ident) => {
        $form
    };
}

macro_rules! is_secret {
    () => {
        false
    };
    (secret) => {
        true
    };
}

macro_rules! field {
    ($settings:ident, ($($at:ident).+), $name:ident) => {
        $settings.$($at).+.$name
    };
}

/// Each line is the section, the struct of the settings that holds it, and its fields. A field may name a form.
macro_rules! keys {
    ($($section:literal in $at:tt { $($name:ident $(= $form:ident)? $(($secret:ident))?),+ $(,)? })+) => {
        pub(super) const KEYS: &[Key] = &[$($(
            Key {
                path: concat!($section, ".", stringify!($name)),
                is_secret: is_secret!($($secret)?),
                set: |settings, given| {
                    field!(settings, $at, $name) = <form!($($form)?) as Form<_>>::read(given)?;
                    Ok(())
                },
                show: |settings| <form!($($form)?) as Form<_>>::show(&field!(settings, $at, $name)),
            },
        )+)+];
    };
}

keys! {
    "database" in (database) {
        url (secret), pooler, read_url (secret), read_lag_limit, read_only, pool_size, pool_timeout, statement_timeout, lock_timeout, idle_in_transaction_timeout,
    }
    "server" in (server) { address, metrics_address, trusted_proxies, allowed_origins, drain }
    "server.connections" in (server.connections) {
        most, most_of_one_client, header_read_timeout, longest_header = Bytes, http2_streams, unread_timeout,
        longest_life,
    }
    "server.body" in (server.body) {
        largest = Bytes, read_timeout, most_discarded = Bytes, largest_file = Bytes, file_timeout,
        least_pace = Bytes,
    }
    "server.gate" in (server.gate) {
        workers, offers, writes, long, spare, target_wait, overload_after, longest_wait, write_patience, queue, deadline,
        retry_after,
    }
    "server.runs" in (server.runs) { at_once, streams }
    "server.reads" in (server.reads) { most, window }
    "log" in (log) { format, filter }
    "sessions" in (sessions) { secrets = Secrets (secret), cookie_name, secure, idle, longest }
    "sign_in" in (sign_in) {
        public_url, administrators, lifetime, most_per_client, call_timeout, calls_at_once, kept_for, allow_loopback_http,
    }
    "jobs" in (worker) { work, at_once, patience }
    "jobs" in (jobs) { time_zone, lease, progress_every, backup_folder, backup_copies }
    "jobs.retention" in (jobs.retention) {
        research_days, price_history_days, price_history_kept, dismissed_alerts_days, notifications_days,
        outbox_days, runs_days, ended_tokens_days, audit_trail_days,
    }
    "dealership" in (exports.dealership) {
        name, street, city, state, zip, country, phone, email, website, latitude, longitude,
    }
    "storage" in (storage) {
        folder, endpoint, bucket, region, path_style, access_key (secret), secret_key (secret), public_url,
    }
    "storage" in (photos) {
        most_bytes = Bytes, most_pixels, shortest_side, longest_side, small_side, jpeg_quality, upload_minutes,
        customer_minutes, most_customer_uploads, orphan_hours, limit_bytes = Bytes, warning_percent, critical_percent,
    }
    "exports" in (exports) { vehicle_url, least_share_of_last, most_omissions }
    "notifications" in (notifications) { templates }
    "notifications" in (notifications.rules) {
        attempts, first_backoff, longest_backoff, timeout, lease, look_every, gather_alerts,
    }
    "notifications.email" in (email) {
        host, port, tls, user, password (secret), ca_certificate, from, to, events, include_contact,
    }
    "fetch" in (fetch) {
        contact, pause, max_pages, page_timeout, scrape_timeout, retries, first_backoff, longest_backoff,
        longest_retry_after, max_body_bytes = Bytes, max_header_bytes = Bytes, max_redirects, robots_lifetime,
        closed_lifetime, max_robots_bytes = Bytes, allow_private_networks, allow_any_port, allowed_servers,
    }
    "fetch.browser" in (fetch.browser) {
        executable, sandbox, page_timeout, settle, longest_settle, max_requests, max_bytes = Bytes,
    }
    "scraping" in (scraping) {
        lease, first_retry, first_retry_when_unwanted, first_retry_when_partial, partial_retries, longest_retry,
        shared_host_wait, unchanged_at_most, data_share_percent,
    }
    "auto_dev" in (auto_dev_account) { key (secret) }
    "auto_dev" in (auto_dev) {
        version, base_url, plan, zip, place, calls_a_second, calls_a_month, max_pages, call_timeout,
        search_timeout, pause_before_retry, longest_retry_after, kept_for, max_body_bytes = Bytes,
        allow_private_networks,
    }
    "vpic" in (vpic_use) { enabled }
    "vpic" in (vpic) {
        base_url, calls_a_second, call_timeout, decode_timeout, pause_before_retry, longest_retry_after,
        kept_for, kept_without_model_for, max_body_bytes = Bytes, allow_private_networks,
    }
    "intake" in (intake) { most_in_window, window, phone_digits }
    "intake.limits" in (intake.limits) {
        oldest_year, highest_mileage, most_images, most_features, longest_text, lowest_usual_price,
        highest_usual_price, doubtful_price_factor,
    }
    "inventory" in (inventory) { age_bounds, turn_days, aged_factor, undo_sale_days }
    "inventory.limits" in (inventory.limits) {
        oldest_year, highest_mileage, most_images, most_features, longest_text, lowest_usual_price,
        highest_usual_price, doubtful_price_factor,
    }
    "pricing" in (pricing) {
        tiers, radius_miles, listed_within_days, sold_within_days, lowest_price, highest_price, minimum_sample,
        moderate_sample, high_sample, report_typical_from_basis_points, report_miles_beyond, slope_sample,
        largest_adjustment, outlier_deviations, deviation_scale, outlier_quartile_ranges, competitive_basis_points,
        critical_basis_points, stored_comparables, miles_a_year, days_on_market_sample, mileage_drift, due_after_days,
        vehicles_a_run, velocity_days, velocity_tolerance_days, week_days, week_tolerance_days, velocity_basis_points,
    }
    "pricing.typical_mileage" in (pricing.typical_mileage) { per_mile, spread, scatter, scatter_freedom }
    "evaluation" in (evaluation) {
        kept_for_days, kept_unpriced_for_days, mileage_tolerance, lease_seconds, wait_seconds,
    }
    "evaluation.purchase" in (purchase) { margin_basis_points, costs }
    "tracking" in (tracking) { transfer_days, on_the_market_days, unseen_days, clock_tolerance_minutes }
    "tracking.identity" in (tracking.identity) { relisted_by_likeness_days, mileage_tolerance, most_candidates }
    "tracking.evidence" in (tracking.evidence) {
        claimed_share_percent, claimed_slack, moved_slack, moved_percent, recognised_share_percent, standing_days,
        turnover_days, turnover_slack, cut_remembered_days, together_chance, together_spread, together_least,
        together_told_below, many_missing_least, called_sold_doubted, called_sold_percent,
    }
    "tracking.evidence.weights" in (tracking.evidence.weights) { unseen, claims_more, cut, moved }
    "tracking.sold" in (tracking.sold) {
        base_days, floor_days, floor_days_told, ceiling_days, looks, looks_apart_hours, look_days_most, return_rate,
        return_from_days, watched_days, returns_assumed, half_life_days, common_cause, listed_days, least_risk,
        in_stock_risk,
    }
    "tracking.price" in (tracking.price) { least, floor, jump_percent }
    "tracking.alerts" in (tracking.alerts) {
        after_failures, parse_rate_percent, parse_rate_listings, inventory_drop_percent, inventory_drop_scrapes,
        after_incomplete, incomplete_days,
    }
    "metrics" in (metrics) {
        recent_days, days_on_market_days, trend_days, trend_tolerance_days, long_trend_days, long_trend_tolerance_days,
        read_within_hours,
    }
    "market_view" in (market_view) { sold_days, price_cut_days, lowest_price, highest_price, undercut_mileage, undercut_least_percent }
}
