//! The list that a platform gives as data beside its pages.
//!
//! The data replaces the pages if it is read to its end and brings as many vehicles as are claimed. Else the pages are read
//! as well, and both count. A walk that stops in the middle keeps the data read so far.

use std::collections::HashSet;

use super::{Ask, Walk, WalkEnd, key_of, list::Origin, requests, requests::HostTurn};
use crate::extract::{DataRequest, Extraction, Warning};

/// A list given as data, as far as it was read.
pub(super) struct DataList<'a> {
    turn: HostTurn<'a>,
    next: Option<DataRequest>,
    /// The answers with where they came from.
    read: Vec<(String, Extraction)>,
    /// The keys of its vehicles.
    known: HashSet<String>,
    claimed: Option<u32>,
    /// How many vehicles the first page shows, and how many it claims.
    shown_by_page: usize,
    claimed_by_page: Option<u32>,
}

impl<'a> DataList<'a> {
    pub(super) fn begin(first: DataRequest, turn: HostTurn<'a>, page: Option<&Extraction>) -> Self {
        let shown_by_page = page.map_or(0, |page| page.listings.len());
        // A page that claims 0 vehicles and shows some cannot be compared with.
        let claimed_by_page = page.and_then(|page| page.total).filter(|total| *total > 0 || shown_by_page == 0);
        let (read, known) = (Vec::new(), HashSet::new());
        Self { turn, next: Some(first), read, known, claimed: None, shown_by_page, claimed_by_page }
    }

    /// How many answers were read.
    pub(super) fn answers(&self) -> usize {
        self.read.len()
    }

    /// Takes an answer.
    ///
    /// # Errors
    /// Why the data cannot replace the pages.
    fn take(&mut self, url: String, answer: Extraction) -> Result<(), String> {
        let before = self.known.len();
        self.known.extend(answer.listings.iter().filter_map(key_of));
        if !answer.listings.is_empty() && self.known.len() == before && !self.read.is_empty() {
            return Err("it repeats itself".to_owned());
        }
        self.claimed = self.claimed.max(answer.total);
        // The answer behind the last vehicle is empty, and no page that was lost.
        if !answer.listings.is_empty() || answer.unsettled > 0 {
            self.read.push((url, answer));
        }
        Ok(())
    }

    /// Fails if it brought too few vehicles to replace the pages. If it was not read to its end, one vehicle is enough.
    ///
    /// # Errors
    /// Why not.
    fn must_be_enough(&mut self, share_percent: u32) -> Result<(), String> {
        let found = self.read.iter().map(|(_, answer)| answer.listings.len()).sum::<usize>().min(self.known.len());
        let most_on_page = |claimed: u32| (claimed as usize).max(self.shown_by_page);
        if let Some(by_page) = self.claimed_by_page.filter(|claimed| found > 2 * most_on_page(*claimed)) {
            // It lists more than this page's lot, such as a whole group.
            self.read.clear();
            return Err(format!("it has {found} vehicles where the page has {by_page}"));
        }
        let claimed = if self.next.is_none() { self.claimed.max(self.claimed_by_page) } else { None };
        let shown = if self.next.is_none() { self.shown_by_page } else { 0 };
        let expected = claimed.map_or(0, |claimed| claimed as usize).max(shown).max(1);
        if found * 100 < expected * share_percent as usize {
            return Err(format!("it brought {found} of {expected} vehicles"));
        }
        Ok(())
    }
}

impl<'a> Walk<'a> {
    /// Asks for one answer of the data. After the last answer, decides whether the data replaces the pages.
    pub(super) fn step_data(&mut self, mut data: DataList<'a>) -> Result<(), WalkEnd> {
        match self.ask_for_data(&mut data)? {
            Ok(()) if data.next.is_some() => self.data = Some(data),
            outcome => self.settle_data(data, outcome),
        }
        Ok(())
    }

    /// Asks for one answer; the inner error says why the data cannot replace the pages.
    fn ask_for_data(&mut self, data: &mut DataList<'a>) -> Result<Result<(), String>, WalkEnd> {
        let Some(request) = data.next.take() else { return Ok(Ok(())) };
        if !self.requests.may_ask() {
            let reason = "it did not come to its end within the pages that a scrape may take";
            return Ok(Err(reason.to_owned()));
        }
        if !self.visited.insert(requests::key_of_request(&request)) {
            return Ok(Err("it leads back to an answer that was asked for before".to_owned()));
        }
        let answer = data.turn.must_be_at(&request).and_then(|()| self.requests.answer(&request));
        let failure = match answer {
            Ok((answer, following)) => {
                self.requests.count(&answer);
                data.next = following;
                return Ok(data.take(request.url.into(), answer));
            }
            Err(ended) => ended.of_one_page()?,
        };
        // Another host than the website's says nothing about how the website's pages may be asked for.
        if self.requests.is_own_host(&request) {
            self.requests.leave_alone(failure.retry_after);
        }
        match request.otherwise.filter(|_| self.requests.may_ask()) {
            Some(otherwise) => {
                tracing::debug!(url = %request.url, reason = failure.message, "the list is asked for otherwise");
                data.next = Some(*otherwise);
                Ok(Ok(()))
            }
            None => Ok(Err(failure.message)),
        }
    }

    /// Takes the data in place of the pages, or beside them.
    pub(super) fn settle_data(&mut self, mut data: DataList<'a>, outcome: Result<(), String>) {
        match outcome.and_then(|()| data.must_be_enough(self.limits.data_share_percent)) {
            Ok(()) => {
                self.list.replace(data.read);
                self.next = data.next.map(|request| Ask::Answer(Box::new(request)));
            }
            Err(reason) => {
                tracing::info!(reason, "the list as data can not stand for the pages; they are read");
                self.warnings.push(Warning::DataNotEnough { reason });
                self.list.add(data.read, Origin::Beside);
            }
        }
    }
}
