//! What a knob can be set to: how a setting is written, and read back.

use crate::sim::{MILLISECOND, Nanos};

/// What a knob can be set to.
pub(super) trait Setting: Sized {
    /// What `text` means; an error says what is wrong with it.
    fn parse(text: &str) -> Result<Self, String>;

    /// The text that means this.
    fn show(&self) -> String;

    /// What it can be, in words or as a list.
    fn choices() -> String;
}

impl Setting for bool {
    fn parse(text: &str) -> Result<bool, String> {
        match text {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(format!("`{text}` is neither `yes` nor `no`")),
        }
    }

    fn show(&self) -> String {
        if *self { "yes" } else { "no" }.to_owned()
    }

    fn choices() -> String {
        "yes, no".to_owned()
    }
}

impl Setting for u32 {
    fn parse(text: &str) -> Result<u32, String> {
        text.parse().map_err(|_| format!("`{text}` is no whole number that fits"))
    }

    fn show(&self) -> String {
        self.to_string()
    }

    fn choices() -> String {
        "a number".to_owned()
    }
}

/// A share of all cases, in steps of a ten-thousandth.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Share(pub u32);

impl Setting for Share {
    fn parse(text: &str) -> Result<Share, String> {
        let wrong = || format!("`{text}` is no percentage between 0% and 100%, such as 2.5%");
        let number = text.strip_suffix('%').ok_or_else(wrong)?;
        let (whole, rest) = number.split_once('.').unwrap_or((number, ""));
        if rest.len() > 2 || !(whole.bytes().chain(rest.bytes())).all(|byte| byte.is_ascii_digit())
        {
            return Err(wrong());
        }
        let whole: u32 = whole.parse().map_err(|_| wrong())?;
        let rest: u32 = format!("{rest:0<2}").parse().map_err(|_| wrong())?;
        let share = whole.checked_mul(100).and_then(|share| share.checked_add(rest));
        share.filter(|&share| share <= 10_000).map(Share).ok_or_else(wrong)
    }

    fn show(&self) -> String {
        let (whole, rest) = (self.0 / 100, self.0 % 100);
        match (rest, rest % 10) {
            (0, _) => format!("{whole}%"),
            (_, 0) => format!("{whole}.{}%", rest / 10),
            _ => format!("{whole}.{rest:02}%"),
        }
    }

    fn choices() -> String {
        "a percentage such as 2.5%".to_owned()
    }
}

/// The units in which lengths of time are written, the longest first.
const UNITS: [(&str, Nanos); 4] =
    [("s", 1000 * MILLISECOND), ("ms", MILLISECOND), ("us", 1000), ("ns", 1)];

/// The longest time that a knob can be set to: a day.
const LONGEST: Nanos = 86_400 * 1000 * MILLISECOND;

impl Setting for Nanos {
    fn parse(text: &str) -> Result<Nanos, String> {
        let wrong = || format!("`{text}` is no time of up to a day, such as 250us, 5ms or 2s");
        if text == "0" {
            return Ok(0);
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        let end = digits.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, unit) = digits.split_at(end);
        let number: Nanos = number.parse().map_err(|_| wrong())?;
        let scale = UNITS.iter().find(|one| one.0 == unit).ok_or_else(wrong)?.1;
        let length = number.checked_mul(scale).filter(|&it| it <= LONGEST).ok_or_else(wrong)?;
        Ok(if digits.len() < text.len() { -length } else { length })
    }

    fn show(&self) -> String {
        let unit = UNITS.iter().find(|one| *self % one.1 == 0 && *self != 0);
        unit.map_or("0".to_owned(), |&(unit, scale)| format!("{}{unit}", self / scale))
    }

    fn choices() -> String {
        "a time such as 5ms".to_owned()
    }
}

/// Defines settings that are one of several names: the enum, and how it is written.
macro_rules! choices {
    ($(
        $(#[doc = $about:literal])+
        pub enum $name:ident { $( $(#[doc = $doc:literal])+ $choice:ident = $text:literal, )+ }
    )+) => {$(
        $(#[doc = $about])+
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum $name { $( $(#[doc = $doc])+ $choice, )+ }

        impl Setting for $name {
            fn parse(text: &str) -> Result<$name, String> {
                match text {
                    $( $text => Ok($name::$choice), )+
                    _ => Err(format!("`{text}` is none of {}", Self::choices())),
                }
            }

            fn show(&self) -> String {
                match self { $( $name::$choice => $text, )+ }.to_owned()
            }

            fn choices() -> String {
                [$($text),+].join(", ")
            }
        }
    )+};
}
pub(super) use choices;

#[cfg(test)]
mod tests {
    use super::*;

    fn again<T: Setting>(text: &str) -> String {
        T::parse(text).map_or_else(|_| "refused".to_owned(), |value| value.show())
    }

    #[test]
    fn settings_are_written_as_they_are_read() {
        for text in ["0", "5ms", "-250us", "2s", "7ns", "1500ms"] {
            assert_eq!(again::<Nanos>(text), text);
        }
        for text in ["0%", "2.5%", "0.01%", "100%", "33.33%"] {
            assert_eq!(again::<Share>(text), text);
        }
        assert_eq!(again::<Nanos>("2000us"), "2ms");
        for text in ["", "5", "ms", "-", "5 ms", "100000000000s", "99999999999999999999ns"] {
            assert_eq!(again::<Nanos>(text), "refused", "{text}");
        }
        for text in ["", "%", "5", "101%", "1.234%", "-1%", "1.x%", "+1%"] {
            assert_eq!(again::<Share>(text), "refused", "{text}");
        }
        assert_eq!(again::<bool>("true"), "refused");
        assert_eq!(again::<u32>("-1"), "refused");
    }
}
