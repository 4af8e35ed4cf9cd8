//! What someone may have meant who mistyped a name.

/// The one of `names` that is closest to `text`, if it is close.
pub(super) fn nearest(
    text: &str,
    names: impl Iterator<Item = &'static str>,
) -> Option<&'static str> {
    let text: Vec<char> =
        text.to_ascii_lowercase().replace(['_', ' '], "-").chars().take(60).collect();
    let (distance, name) = names.map(|name| (distance(&text, name), name)).min()?;
    (distance <= 1 + name.len() / 4).then_some(name)
}

/// How many characters have to be put in, left out or replaced to make the one text of the other
/// (Levenshtein 1966).
fn distance(text: &[char], name: &str) -> usize {
    let mut row: Vec<usize> = (0..=text.len()).collect();
    for (line, wanted) in name.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (at, &given) in text.iter().enumerate() {
            let replaced = diagonal + usize::from(given != wanted);
            diagonal = row[at + 1];
            row[at + 1] = replaced.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_names_are_understood() {
        let near = |text| nearest(text, ["stale-read", "lost-update", "phantom-read"].into_iter());
        assert_eq!(near("stale_read"), Some("stale-read"));
        assert_eq!(near("Lost Update"), Some("lost-update"));
        assert_eq!(near("LostUpdate"), Some("lost-update"));
        assert_eq!(near("phantomread"), Some("phantom-read"));
        assert_eq!(near("nonsense"), None);
        assert_eq!(near(""), None);
    }
}
