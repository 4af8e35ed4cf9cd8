//! Histories in which many operations are open at once: wider than one machine word, or four.

use histcheck::{History, Options, Verdict, check};

/// `width` processes write 0, 1, … at once, and each reads while all writes are open: process `p`
/// reads what `seen(p)` says.
fn wide(width: i64, seen: impl Fn(i64) -> i64) -> History {
    let mut history = History::builder();
    for p in 0..width {
        history.invoke(p, "write", p).unwrap();
    }
    for p in 0..width {
        history.invoke(width + p, "read", ()).unwrap();
        history.ok(width + p, "read", seen(p)).unwrap();
    }
    for p in 0..width {
        history.ok(p, "write", p).unwrap();
    }
    history.build().unwrap()
}

#[test]
fn every_width_of_masks_decides() {
    for width in [1, 63, 64, 65, 100, 127, 128, 129, 160, 192, 193, 255, 256, 257, 300, 500] {
        let valid = wide(width, |p| p);
        let report = check(&valid, &Options { self_check: true, ..Options::default() }).unwrap();
        assert_eq!(report.verdict, Verdict::Valid, "{width}");
        // The first value comes back after the last one was seen.
        if width > 2 {
            let invalid = wide(width, |p| if p == width - 1 { 0 } else { p });
            let report = check(&invalid, &Options::default()).unwrap();
            assert_eq!(report.verdict, Verdict::Invalid, "{width}");
            let (_, failure) = report.failures().next().unwrap();
            assert_eq!(failure.record.index() as i64, 3 * width - 2, "{width}");
        }
    }
}
