//! `histcheck explain`: what an error code means.

use histcheck::Code;

use super::args::ExplainArgs;
use super::exit::Status;
use super::output::{Output, complain};

/// Explains one code, or lists all.
pub(crate) fn run(args: &ExplainArgs, output: &mut Output) -> Status {
    let palette = *output.palette();
    let title =
        |code: Code| format!("{}{code}{}: {}\n", palette.label, palette.reset, code.title());
    let Some(text) = &args.code else {
        let list: String = Code::ALL.iter().map(|&code| title(code)).collect();
        output.print(&list);
        return Status::Valid;
    };
    match Code::parse(text) {
        Some(code) => {
            output.print(&format!("{}\n{}\n", title(code), wrapped(code.explanation(), 80)));
            Status::Valid
        }
        None => {
            let near: Vec<String> = near(text).iter().map(|code| code.to_string()).collect();
            let meant = match near.as_slice() {
                [] => "`histcheck explain` lists the codes".to_owned(),
                near => format!("did you mean {}?", near.join(", ")),
            };
            complain(&format!(
                "error: there is no error code `{}`: {meant}",
                histcheck::report::shortened(text, 40)
            ));
            Status::Unreadable
        }
    }
}

/// The codes with the same number, or that differ in one character.
fn near(text: &str) -> Vec<Code> {
    let digits: String = text.chars().filter(char::is_ascii_digit).take(9).collect();
    let number: Option<u32> = digits.parse().ok();
    let is_near = |code: &Code| {
        let name = code.as_str();
        let differing = name
            .chars()
            .zip(text.chars().map(|c| c.to_ascii_uppercase()))
            .filter(|(a, b)| a != b)
            .count();
        number.is_some() && name[1..].parse().ok() == number
            || differing <= 1 && text.chars().count() == name.len()
    };
    Code::ALL.iter().copied().filter(is_near).take(5).collect()
}

/// `text` in lines of at most `width` characters.
pub(super) fn wrapped(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let len = word.chars().count();
        if used > 0 && used + 1 + len > width {
            out.push('\n');
            used = 0;
        } else if used > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += len;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_codes_are_found() {
        assert_eq!(near("E0007"), [Code::MissingField]);
        assert_eq!(near("7"), [Code::MissingField]);
        assert_eq!(near("H0099"), [Code::UnknownType, Code::UnknownOperation]);
        assert!(near("nonsense").is_empty());
    }

    #[test]
    fn lines_are_wrapped() {
        assert_eq!(wrapped("one two  three", 7), "one two\nthree");
    }
}
