//! A history that is hard to decide.

/// Sums of even numbers, and one that is odd: the search has to try which of the additions
/// happened, and there are far too many ways.
pub(crate) fn hard() -> String {
    let mut text = String::new();
    for process in 0..60_u64 {
        let delta = 2 * (process * process * 7919 + 3 * process + 1);
        text += &format!(
            "{{\"process\":{process},\"type\":\"invoke\",\"f\":\"add\",\"value\":{delta}}}\n"
        );
    }
    text += "{\"process\":99,\"type\":\"invoke\",\"f\":\"read\"}\n";
    text += "{\"process\":99,\"type\":\"ok\",\"f\":\"read\",\"value\":2000001}\n";
    text
}
