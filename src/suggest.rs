//! What someone may have meant who mistyped a name.

/// Returns those of `names` that are closest to `text`, in their order; none if no name is close.
///
/// The distance is Levenshtein's, without regard to case; `_` and blanks count as `-`. A name of
/// *n* letters is close at a distance of up to 1 + *n* / 4.
///
/// ```
/// use histcheck::suggest::nearest;
/// assert_eq!(nearest("Stale_Raed", ["stale-read", "dirty-read"]), ["stale-read"]);
/// assert!(nearest("nonsense", ["stale-read", "dirty-read"]).is_empty());
/// ```
pub fn nearest<'n>(text: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    // Names are short; a long text is no misspelling of one.
    let text: String = text.chars().take(60).collect();
    let text = text.to_ascii_lowercase().replace(['_', ' '], "-");
    let distance = |name: &str| strsim::levenshtein(&text, &name.to_ascii_lowercase());
    let near: Vec<(usize, &str)> = names
        .into_iter()
        .map(|name| (distance(name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .collect();
    let least = near.iter().map(|(distance, _)| *distance).min();
    near.into_iter()
        .filter(|(distance, _)| Some(*distance) == least)
        .map(|(_, name)| name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_names_are_understood() {
        let near = |text| nearest(text, ["stale-read", "lost-update", "phantom-read"]);
        assert_eq!(near("stale_read"), ["stale-read"]);
        assert_eq!(near("Lost Update"), ["lost-update"]);
        assert_eq!(near("LostUpdate"), ["lost-update"]);
        assert_eq!(near("phantomread"), ["phantom-read"]);
        for text in ["nonsense", "", &"stale-read".repeat(7)] {
            assert!(near(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn names_that_are_equally_close_are_all_meant() {
        assert_eq!(nearest("h0099", ["H0007", "H0009", "H0019"]), ["H0009", "H0019"]);
        assert_eq!(nearest("xy", ["kv", "set"]), [""; 0], "a short name is not just any");
    }
}
