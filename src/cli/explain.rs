//! `histcheck explain`: what the code of an error or a warning means.

use histcheck::Code;
use histcheck::caveats::CaveatKind;
use histcheck::suggest::nearest;

use super::args::ExplainArgs;
use super::exit::Status;
use super::output::Output;
use super::stderr::complain;

/// Explains one code, or lists all.
pub(crate) fn run(args: &ExplainArgs, output: &mut Output) -> Status {
    let palette = *output.palette();
    let title =
        |code: &str, title: &str| format!("{}{code}{}: {title}\n", palette.label, palette.reset);
    let Some(text) = &args.code else {
        let list: String = entries().map(|(code, name, _)| title(code, &name)).collect();
        output.print(&list);
        return Status::Valid;
    };
    let asked = entries().find(|(code, ..)| code.eq_ignore_ascii_case(text));
    match asked {
        Some((code, name, explanation)) => {
            output.print(&format!("{}\n{}\n", title(code, &name), wrapped(explanation, 80)));
            Status::Valid
        }
        None => {
            let meant = match near(text).as_slice() {
                [] => "`histcheck explain` lists the codes".to_owned(),
                near => format!("did you mean {}?", near.join(", ")),
            };
            complain(&format!(
                "error: there is no code `{}`: {meant}",
                histcheck::report::shortened(text, 40)
            ));
            Status::Unreadable
        }
    }
}

/// The codes of errors and of warnings: what each is called, and what it means.
fn entries() -> impl Iterator<Item = (&'static str, String, &'static str)> {
    let errors =
        Code::ALL.iter().map(|code| (code.as_str(), code.title().to_owned(), code.explanation()));
    let warnings = CaveatKind::ALL
        .iter()
        .map(|kind| (kind.code(), kind.name().replace('-', " "), kind.explanation()));
    errors.chain(warnings)
}

/// The codes with the same number, or else those whose names are close.
fn near(text: &str) -> Vec<&'static str> {
    let digits: String = text.chars().filter(char::is_ascii_digit).take(9).collect();
    let numbered = digits.parse().map(|number: u32| format!("H{number:04}"));
    let text = numbered.as_deref().unwrap_or(text);
    let mut near = nearest(text, entries().map(|(code, ..)| code));
    near.truncate(5);
    near
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
        assert_eq!(near("E0007"), ["H0007"]);
        assert_eq!(near("7"), ["H0007"]);
        assert_eq!(near("H0099"), ["H0009", "H0019", "H0029"]);
        assert!(near("nonsense").is_empty());
    }

    #[test]
    fn lines_are_wrapped() {
        assert_eq!(wrapped("one two  three", 7), "one two\nthree");
    }
}
