//! A queue whose items come back if nobody says that they are done with.

use std::collections::VecDeque;

use super::{Answer, Command};
use crate::sim::Nanos;

/// Items, the oldest first.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Queue {
    ready: VecDeque<i64>,
    /// Items that were taken and come back at a time, the first taken first.
    taken: Vec<(Nanos, i64)>,
}

impl Queue {
    /// Puts those items back to the front whose time is over. Whether there were any.
    pub(super) fn pass_time(&mut self, now: Nanos) -> bool {
        let before = self.taken.len();
        for at in (0..before).rev() {
            if self.taken[at].0 <= now {
                let (_, item) = self.taken.remove(at);
                self.ready.push_front(item);
            }
        }
        self.taken.len() < before
    }

    pub(super) fn apply(&mut self, command: &Command, now: Nanos) -> Answer {
        match *command {
            Command::Read => Answer::Many(self.ready.iter().copied().collect()),
            Command::Enqueue(item) => {
                self.ready.push_back(item);
                Answer::Done
            }
            Command::Dequeue { visible_after } => {
                let item = self.ready.pop_front();
                if item.is_none() && !self.taken.is_empty() {
                    return Answer::Flag(false);
                }
                if let Some(item) = item.filter(|_| visible_after > 0) {
                    self.taken.push((now + visible_after, item));
                }
                Answer::Value(item)
            }
            Command::Acknowledge(item) => {
                let before = self.taken.len();
                self.taken.retain(|one| one.1 != item);
                Answer::Flag(self.taken.len() < before)
            }
            _ => Answer::Flag(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_back_in_their_order_unless_acknowledged() {
        let mut queue = Queue::default();
        let take = Command::Dequeue { visible_after: 10 };
        for item in 1..=4 {
            queue.apply(&Command::Enqueue(item), 0);
        }
        for item in 1..=3 {
            assert_eq!(queue.apply(&take, item), Answer::Value(Some(item)));
        }
        assert_eq!(queue.apply(&Command::Acknowledge(2), 5), Answer::Flag(true));
        assert!(!queue.pass_time(10));
        assert!(queue.pass_time(20));
        assert_eq!(queue.apply(&Command::Read, 20), Answer::Many([1, 3, 4].into()));
        assert_eq!(queue.apply(&Command::Acknowledge(1), 20), Answer::Flag(false));
    }

    #[test]
    fn a_queue_is_not_empty_while_an_item_may_come_back() {
        let mut queue = Queue::default();
        let take = Command::Dequeue { visible_after: 10 };
        queue.apply(&Command::Enqueue(7), 0);
        assert_eq!(queue.apply(&take, 0), Answer::Value(Some(7)));
        assert_eq!(queue.apply(&take, 1), Answer::Flag(false));
        assert_eq!(queue.apply(&Command::Acknowledge(7), 2), Answer::Flag(true));
        assert_eq!(queue.apply(&take, 3), Answer::Value(None));
    }
}
