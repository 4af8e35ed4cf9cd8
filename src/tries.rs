//! How much the random tests try.

/// Returns how many random inputs a test tries that usually tries `usual`: that, times the
/// environment variable `HISTCHECK_TRIES`.
pub(crate) fn tries(usual: u32) -> u32 {
    let factor = std::env::var("HISTCHECK_TRIES").ok().and_then(|text| text.parse().ok());
    usual * factor.unwrap_or(1)
}
