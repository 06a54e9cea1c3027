//! `jpauto notification`: who was told of what. What is deliberately not here: sending by itself, which `work` does.

use clap::Subcommand;
use jpauto::{
    ErrorCode,
    jobs::Stop,
    notifications::{Channel, DeliveryEvent, Event, Notification, NotificationFilter, NotificationStatus},
};

use crate::{
    arguments::one_of,
    context::Context,
    failure::Failure,
    output::{Cell, Column, Format, Row, Tone, counted, dash, moment, remark},
    paging::Paging,
};

const DELIVER: &str = "\
`jpauto work` and `jpauto serve --work` do this by themselves. This does it once and ends: for a dealership that runs its own timer, or
to see at once what comes of a retry.";

const TEST: &str = "\
Examples:
  jpauto notification test email
  jpauto notification test crm

It is sent now and once, to each address of `email`, and what is said is shown. A receiver that is not told exits with 4.";

/// What to do with notifications.
#[derive(Debug, Subcommand)]
pub(crate) enum NotificationCommand {
    /// List what was sent or is to be, the latest first
    List {
        /// Of this status
        #[arg(long, value_name = "STATUS", value_parser = one_of!(NotificationStatus))]
        status: Option<NotificationStatus>,
        /// To this channel: `email`, or the name of a webhook
        #[arg(long, value_name = "CHANNEL")]
        channel: Option<String>,
        /// Of this event
        #[arg(long, value_name = "EVENT", value_parser = one_of!(Event))]
        event: Option<Event>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show a notification with what the receiver said
    Show {
        /// The notification's id, or its beginning
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Have a worker send a notification anew
    Retry {
        /// The notification's id, or its beginning
        #[arg(value_name = "ID")]
        id: String,
    },
    /// List the channels, and how each stands
    Channels,
    /// Tell a channel now that it is being tried
    #[command(after_help = TEST)]
    Test {
        /// The channel: `email`, or the name of a webhook
        #[arg(value_name = "CHANNEL")]
        channel: String,
    },
    /// Send what is due now, and end
    #[command(after_help = DELIVER)]
    Deliver,
}

/// Does it.
pub(crate) fn run(command: NotificationCommand, context: &mut Context) -> Result<(), Failure> {
    let desk = context.desk()?;
    let notifications = desk.notifications();
    match command {
        NotificationCommand::List { status, channel, event, paging } => {
            let mut filter = NotificationFilter::default();
            (filter.status, filter.channel, filter.event) = (status, channel, event);
            paging.print(&mut context.output, |page| notifications.list(&filter, page))
        }
        NotificationCommand::Show { id } => context.output.item(&notifications.find(&id)?),
        NotificationCommand::Retry { id } => {
            let waiting = notifications.retry(notifications.find(&id)?.id)?;
            let said = format!("{} to {}: a worker sends it", waiting.event, whom(&waiting));
            context.output.done(&said, &waiting)
        }
        NotificationCommand::Channels => {
            let channels = notifications.channels()?;
            match context.output.format() {
                Format::Table => context.output.table(&channels),
                Format::Json => context.output.json(&serde_json::json!({"items": channels, "next": null})),
                Format::Jsonl => channels.iter().try_for_each(|channel| context.output.json_line(channel)),
            }
        }
        NotificationCommand::Test { channel } => {
            let sent = notifications.test(&channel)?;
            let lines = |of: &[&Notification]| of.iter().map(|it| sent_line(it)).collect::<Vec<_>>().join("; ");
            let (taken, failed): (Vec<_>, Vec<_>) =
                sent.iter().partition(|it| it.status == NotificationStatus::Delivered);
            if failed.is_empty() {
                return context.output.done(&lines(&taken), &serde_json::json!({"items": sent, "next": null}));
            }
            if !taken.is_empty() {
                remark(&lines(&taken));
            }
            Err(Failure::new(ErrorCode::NotificationNotDelivered, lines(&failed)))
        }
        NotificationCommand::Deliver => {
            let tried = notifications.deliver_due(&Stop::default(), &mut |event| {
                if let DeliveryEvent::Tried(notification) = event {
                    remark(&sent_line(notification));
                }
            })?;
            let said = format!("tried {}", counted(tried, "notification"));
            context.output.done(&said, &serde_json::json!({"tried": tried}))
        }
    }
}

/// What came of a try, in a line: `job.failed to crm: delivered, 200 OK`.
pub(crate) fn sent_line(sent: &Notification) -> String {
    let said = sent.error.as_ref().or(sent.answer.as_ref()).map(|said| format!(", {said}")).unwrap_or_default();
    format!("{} to {}: {}{said}", sent.event, whom(sent), sent.status)
}

/// Who is told: the address, or the channel.
fn whom(notification: &Notification) -> &str {
    notification.receiver.as_deref().unwrap_or(&notification.channel)
}

impl Row for Notification {
    const COLUMNS: &'static [Column] = &[
        Column::text("Event"),
        Column::text("Channel"),
        Column::text("To").spare(1),
        Column::text("Status"),
        Column::number("Tries"),
        Column::text("Happened"),
        Column::text("Next try").spare(3),
        Column::text("Said").spare(1),
        Column::text("Id").spare(2),
    ];

    fn cells(&self) -> Vec<Cell> {
        let tone = match self.status {
            NotificationStatus::Delivered => Tone::Good,
            NotificationStatus::GivenUp => Tone::Bad,
            _ => Tone::Plain,
        };
        vec![
            self.event.as_str().into(),
            self.channel.as_str().into(),
            dash(self.receiver.as_deref(), str::to_owned).into(),
            Cell::new(self.status.as_str()).tone(tone),
            self.attempts.to_string().into(),
            moment(self.raised_at).into(),
            dash(self.next_attempt_at, moment).into(),
            dash(self.error.as_ref().or(self.answer.as_ref()), ToString::to_string).into(),
            Cell::new(self.id.to_string()).tone(Tone::Faint),
        ]
    }
}

impl Row for Channel {
    const COLUMNS: &'static [Column] = &[
        Column::text("Channel"),
        Column::text("Target"),
        Column::text("State"),
        Column::number("Waiting"),
        Column::number("Given up"),
        Column::text("Events").spare(1),
    ];

    fn cells(&self) -> Vec<Cell> {
        let state = match self.off_since {
            Some(since) => Cell::new(format!("off since {}", moment(since))).tone(Tone::Bad),
            None => Cell::new("on").tone(Tone::Good),
        };
        let events: Vec<_> = self.events.iter().map(|event| event.as_str()).collect();
        vec![
            self.name.as_str().into(),
            self.target.as_str().into(),
            state,
            self.waiting.to_string().into(),
            self.given_up.to_string().into(),
            events.join(" ").into(),
        ]
    }
}
