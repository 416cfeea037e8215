//! The result of the run (law 10).

use super::Group;
use crate::program::Id;
use crate::seen::{self, End, Ended, Told, Why};

impl Group {
    pub fn list(&mut self, id: Id, ended: Ended, during_stop: bool) {
        if !during_stop {
            // Law 34: before the first interrupt, only those that are not `Ok`.
            if ended != Ended::Returned {
                self.exits.push((id, ended, false));
            }
            return;
        }
        self.exits.push((id, ended, true));
        let inner = self.actors[&id].inner.as_ref();
        let must_succeed =
            self.actors[&id].spec.must_succeed || inner.is_some_and(|inner| inner.failed_by_fault);
        match self.kind_of(id, ended) {
            Some(kind @ (seen::Kind::Panicked | seen::Kind::Lost)) => {
                self.fault.get_or_insert((kind, id));
            }
            Some(kind) if must_succeed => {
                self.fault.get_or_insert((kind, id));
            }
            Some(seen::Kind::Stragglers) => {
                self.straggling_group.get_or_insert(id);
            }
            _ => {}
        }
    }

    /// Law 10.
    pub fn finish(&mut self) {
        let cause = self.cause.clone().expect("a cause");
        let by_cause = match cause {
            Why::Exit(id, ended) => self.kind_of(id, ended).map(|kind| (kind, Some(id))),
            Why::Request(false) => Some((seen::Kind::Failed, None)),
            _ => None,
        };
        let fault = self.fault.map(|(kind, id)| (kind, Some(id)));
        let stragglers = (!self.stragglers.is_empty()).then_some((seen::Kind::Stragglers, None));
        let inside = self
            .straggling_group
            .map(|id| (seen::Kind::Stragglers, Some(id)));
        self.failed_by_fault = by_cause.is_none() && fault.is_some();
        let error = by_cause.or(fault).or(stragglers).or(inside);
        let all = self.settings.keeps_exits;
        let kept = self
            .exits
            .iter()
            .filter(|exit| all || exit.1 != Ended::Returned);
        let report = Told {
            cause,
            exits: kept.copied().collect(),
            stragglers: self.stragglers.clone(),
            never_started: self.never_started.clone(),
        };
        self.end = Some(End {
            error,
            report: (all || error.is_some()).then_some(report),
        });
        self.gone = true;
    }

    /// What kind of error an exit is. A group counts as its own run did.
    fn kind_of(&self, id: Id, ended: Ended) -> Option<seen::Kind> {
        let inner = self.actors[&id].inner.as_ref();
        let inner_error = inner.and_then(|inner| inner.end.as_ref()?.error);
        match ended {
            Ended::Returned | Ended::Forced => None,
            Ended::Panicked => Some(seen::Kind::Panicked),
            Ended::Lost => Some(seen::Kind::Lost),
            Ended::Failed => Some(inner_error.map_or(seen::Kind::Failed, |(kind, _)| kind)),
        }
    }
}
