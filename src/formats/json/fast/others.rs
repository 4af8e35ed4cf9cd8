//! The fields of usual records beyond those of an event: what histcheck only keeps, and what makes
//! a record one of a whole operation.

use super::batch::Batch;
use super::entry::{Entry, Form, INDEX, Other, Pending, Whole, seen};
use crate::formats::moments::is_never;
use crate::formats::roles::{Role, is_of_no_consequence, role, unit_of};
use crate::history::{EventType, NO_TIME, Outcome, Shape, Time, Value};

/// The roles of a record of which it is known what plays them, as bits.
#[derive(Clone, Copy, Default)]
struct Taken(u16);

impl Taken {
    /// Those that the fields `seen` play.
    fn by(seen: u8) -> Taken {
        let mut taken = Taken::default();
        for (field, role) in [
            (seen::PROCESS, Role::Process),
            (seen::TYPE, Role::Outcome),
            (seen::FUNCTION, Role::Function),
            (seen::VALUE, Role::Value),
            (seen::KEY, Role::Key),
        ] {
            if seen & field != 0 {
                taken.0 |= 1 << role as u16;
            }
        }
        taken
    }

    fn has(self, role: Role) -> bool {
        self.0 & 1 << role as u16 != 0
    }

    /// Whether something says what the operation takes and returns, and when it does.
    fn has_ends(self) -> bool {
        let has_values = self.has(Role::Input) && self.has(Role::Output);
        self.has(Role::Return) && (self.has(Role::Value) || has_values)
    }

    /// Whether all is told once, and what it does; of `nulls` nothing is.
    fn is_usual(self, nulls: Taken) -> bool {
        let is_mixed = self.has(Role::Value) && (self.has(Role::Input) || self.has(Role::Output));
        !is_mixed && self.0 & nulls.0 == 0 && self.has(Role::Function)
    }

    /// `None` if something plays it already.
    fn take(&mut self, role: Role) -> Option<()> {
        let free = !self.has(role);
        self.0 |= 1 << role as u16;
        free.then_some(())
    }
}

impl<'t> Batch<'t> {
    /// The role of the field whose name has the number `name`.
    #[inline]
    pub(in crate::formats) fn role(&mut self, name: u8) -> Role {
        match self.roles.get(usize::from(name)) {
            Some(&role) => role,
            None => self.new_role(name),
        }
    }

    #[cold]
    fn new_role(&mut self, name: u8) -> Role {
        // A record that was given up may have left names behind that nobody asked for.
        for &name in &self.names.names()[self.roles.len()..=usize::from(name)] {
            self.roles.push(role(name).0);
            self.is_idle.push(is_of_no_consequence(name));
            self.units.push(unit_of(name));
        }
        self.roles[usize::from(name)]
    }

    fn role_of(&self, other: &Other) -> Role {
        self.roles[usize::from(other.name)]
    }

    /// Finishes the record of `entry`, whose other fields are those from `first` on: makes it an
    /// event or a whole operation. `None` if it is not usual.
    pub(in crate::formats) fn settle(
        &mut self,
        mut entry: Entry,
        seen: u8,
        first: usize,
    ) -> Option<Entry> {
        let others = &self.extras[first..];
        if seen & seen::INDEX != 0 && others.iter().any(|other| other.name == INDEX) {
            return None;
        }
        let has_call = others.iter().any(|other| self.role_of(other) == Role::Call);
        let pending = std::mem::take(&mut self.pending);
        let is_event =
            seen & seen::TYPE != 0 && (entry.time != NO_TIME || entry.kind == EventType::Invoke);
        if has_call && !is_event {
            self.whole(&mut entry, seen, first, &pending)?;
        } else {
            if seen & seen::REQUIRED != seen::REQUIRED {
                return None;
            }
            if seen & seen::VALUE == 0 && self.has_unknown(first) {
                return None;
            }
            for at in first..self.extras.len() {
                if self.stands_for_another(at, seen) {
                    return None;
                }
                if self.extras[at].is_end {
                    let is_call = self.role_of(&self.extras[at]) == Role::Call;
                    let time = if is_call { pending.call } else { pending.ret };
                    if self.units[usize::from(self.extras[at].name)].is_some() {
                        return None;
                    }
                    // A fraction is a value whose digits are not kept here.
                    let Some(Time::Whole(time)) = time else { return None };
                    self.extras[at].value = self.values.int(time);
                }
            }
        }
        entry.extras = (self.extras.len() - first) as u8;
        Some(entry)
    }

    /// Whether one of the fields from `first` on may mean something.
    pub(in crate::formats) fn has_unknown(&mut self, first: usize) -> bool {
        (first..self.extras.len()).any(|at| {
            let name = self.extras[at].name;
            self.role(name);
            name != INDEX && !self.is_idle[usize::from(name)]
        })
    }

    /// Whether the field at `at` is one that an event lacks of which these were `seen`.
    fn stands_for_another(&self, at: usize, seen: u8) -> bool {
        let missing = |field: u8| seen & field == 0;
        match self.role_of(&self.extras[at]) {
            Role::Value | Role::Input => missing(seen::VALUE),
            // Beside a `value`, too, it is what was returned.
            Role::Output | Role::Reply => true,
            Role::Key => missing(seen::KEY),
            Role::Time => missing(seen::TIME),
            _ => false,
        }
    }

    /// Makes `entry` a whole operation, and keeps only the fields that are no part of one.
    fn whole(
        &mut self,
        entry: &mut Entry,
        seen: u8,
        first: usize,
        pending: &Pending<'t>,
    ) -> Option<()> {
        let mut taken = Taken::by(seen);
        // Null says that nothing plays a role, unless something else does.
        let mut nulls = Taken::default();
        let mut outcome = (seen & seen::TYPE != 0).then_some(match entry.kind {
            EventType::Ok => Outcome::Ok,
            EventType::Fail => Outcome::Fail,
            EventType::Info | EventType::Invoke => Outcome::Info,
        });
        let (mut input, mut output) = (Value::NULL, Value::NULL);
        let (mut kept, mut names) = (first, 0);
        for at in first..self.extras.len() {
            let other = self.extras[at];
            let (role, value) = (self.role_of(&other), other.value);
            match role {
                _ if role == Role::Other || role.is_rare() && value.is_null() => {
                    self.extras[kept] = other;
                    kept += 1;
                    continue;
                }
                Role::Call | Role::Return if other.is_end => {}
                Role::Input => input = value,
                Role::Output => output = value,
                Role::Value => entry.value = value,
                _ if value.is_null() => {
                    nulls.0 |= 1 << role as u16;
                    continue;
                }
                Role::Process => {
                    self.values.as_int(value)?;
                    entry.process = value;
                }
                Role::Outcome => outcome = Some(self.outcome(value)?),
                Role::Key => entry.key = value,
                Role::Function => {
                    let name = pending.function?;
                    entry.function =
                        self.functions.named(name.strip_prefix(':').unwrap_or(name))?;
                }
                _ => return None,
            }
            names |= 1_u64.checked_shl(other.name.into()).unwrap_or(0);
            taken.take(role)?;
        }
        let call = pending.call?;
        let ret = pending.ret.filter(|&ret| !is_never(call, ret));
        if seen & seen::TIME != 0 || !taken.is_usual(nulls) {
            return None;
        }
        self.extras.truncate(kept);
        if !taken.has_ends() && self.has_unknown(first) {
            return None;
        }
        if taken.has(Role::Value) {
            input = entry.value;
            output = if ret.is_some() { input } else { Value::NULL };
        }
        entry.value = input;
        entry.form = Form::Whole;
        let completed = if ret.is_some() { Outcome::Ok } else { Outcome::Open };
        let outcome = outcome.unwrap_or(completed);
        self.wholes.push(Whole { call, ret, output, outcome, taken: names });
        Some(())
    }

    /// The outcome that is called `name`.
    fn outcome(&self, name: Value) -> Option<Outcome> {
        let (Shape::Text(name) | Shape::Keyword(name)) = self.values.shape(name) else {
            return None;
        };
        match name.strip_prefix(':').unwrap_or(name) {
            "ok" => Some(Outcome::Ok),
            "fail" => Some(Outcome::Fail),
            "info" => Some(Outcome::Info),
            _ => None,
        }
    }
}
