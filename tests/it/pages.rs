//! Pages for browsers: what they hold, and how they behave in a real browser.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::program::histcheck;
use crate::support::browser::Browser;

/// The page that the program makes of a history, as a file.
fn page(name: &str, arguments: &str, history: Option<&str>) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("page-{name}.html"));
    let program = histcheck(arguments).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")));
    let program = program.arg("--html").arg(&path).stdin(history.unwrap_or_default());
    let outcome = program.run();
    assert!(matches!(outcome.status, 0 | 1), "{}", outcome.stderr);
    path
}

fn generated(arguments: &str) -> String {
    histcheck(&format!("generate {arguments}")).run().status(0).stdout
}

/// The data of a page.
fn data(page: &str) -> Json {
    let start = "<script type=\"application/json\" id=\"data\">";
    let (_, rest) = page.split_once(start).unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

/// The numbers of a column.
fn numbers(data: &Json, column: &str) -> Vec<u64> {
    use base64::Engine as _;
    let packed = data["rows"]["columns"][column].as_str().unwrap();
    let bytes = base64::engine::general_purpose::STANDARD.decode(packed).unwrap();
    let mut numbers = Vec::new();
    let (mut number, mut shift) = (0, 0);
    for byte in bytes {
        number |= u64::from(byte & 127) << shift;
        shift += 7;
        if byte < 128 {
            numbers.push(number);
            (number, shift) = (0, 0);
        }
    }
    numbers
}

/// Values that would run if they were taken for markup.
const HOSTILE: &str = r#"
{"process":0,"type":"invoke","f":"write","key":"<b>k</b>","value":"<script>document.title='owned'</script>"}
{"process":0,"type":"ok","f":"write","key":"<b>k</b>","value":"<script>document.title='owned'</script>"}
{"process":1,"type":"invoke","f":"write","key":"<b>k</b>","value":"</script><img src=x onerror=document.title='owned'>"}
{"process":1,"type":"ok","f":"write","key":"<b>k</b>","value":"</script><img src=x onerror=document.title='owned'>","note":"<!--<script>"}
{"process":2,"type":"invoke","f":"read","key":"<b>k</b>","value":null,"node":"</template><img src=x onerror=document.title='owned'>"}
{"process":2,"type":"ok","f":"read","key":"<b>k</b>","value":"<script>document.title='owned'</script>","node":"</template><img src=x onerror=document.title='owned'>"}
{"process":"nemesis","type":"info","f":"<img src=x onerror=document.title='owned'>","value":"]]>"}
"#;

#[test]
fn a_page_is_one_file_and_holds_the_history() {
    let history = generated("abd-crashes --operations 300 --seed 5");
    let path = page("whole", "-", Some(&history));
    let text = fs::read_to_string(&path).unwrap();
    for outside in ["src=\"", "href=", "url(", "@import", "fetch("] {
        assert!(!text.contains(outside), "{outside}");
    }
    let data = data(&text);
    assert_eq!(data["verdict"], "valid");
    let witness = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page-whole.jsonl");
    histcheck("- --witness").arg(&witness).stdin(history.clone()).run().status(0);
    let witness: Json = serde_json::from_str(&fs::read_to_string(witness).unwrap()).unwrap();

    let records: Vec<Json> =
        history.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut call = 0;
    let calls: Vec<usize> = numbers(&data, "call")
        .iter()
        .map(|&step| {
            call += step as usize;
            call
        })
        .collect();
    let texts = |column: &str| {
        let texts = numbers(&data, column).into_iter();
        texts.map(|at| data["rows"]["texts"][at as usize].clone()).collect::<Vec<_>>()
    };
    let (inputs, outputs, kinds) = (texts("input"), texts("output"), numbers(&data, "kind"));
    let shown = |value: &Json| if value.is_null() { json!("") } else { json!(value.to_string()) };
    for (row, &record) in calls.iter().enumerate() {
        let invoked = &records[record];
        assert_eq!(invoked["type"], "invoke");
        assert_eq!(shown(&invoked["value"]), inputs[row]);
        assert_eq!(data["rows"]["names"][(kinds[row] / 4) as usize]["name"], invoked["f"]);
        match numbers(&data, "ret")[row] {
            0 => assert!(kinds[row] % 4 >= 2),
            length => {
                let completed = &records[record + length as usize];
                assert_eq!(completed["process"], invoked["process"]);
                let outcome = ["ok", "fail", "info"][(kinds[row] % 4) as usize];
                assert_eq!(completed["type"], outcome);
                assert_eq!(shown(&completed["value"]), outputs[row]);
            }
        }
    }
    let mut order: Vec<(u64, usize)> = Vec::new();
    let mut before = 0;
    for (&step, &record) in numbers(&data, "step").iter().zip(&calls).filter(|step| *step.0 > 0) {
        let jump = step - 1;
        let jump = if jump % 2 == 0 { (jump / 2) as i64 } else { -(jump.div_ceil(2) as i64) };
        before = before + 1 + jump;
        order.push((before as u64, record));
    }
    order.sort_unstable();
    assert_eq!(
        order.iter().map(|step| step.0).collect::<Vec<_>>(),
        Vec::from_iter(1..=before as u64)
    );
    let is_shown = |record: &Json| order.iter().any(|step| json!(step.1) == *record);
    let expected: Vec<&Json> =
        witness["order"].as_array().unwrap().iter().filter(|record| is_shown(record)).collect();
    assert_eq!(
        order.iter().map(|step| json!(step.1)).collect::<Vec<_>>(),
        expected.into_iter().cloned().collect::<Vec<_>>()
    );
}

#[test]
fn a_page_is_the_same_by_any_way() {
    let file = "histories/store/read-replicas.jsonl";
    let page =
        |name: &str, more: &str| fs::read(page(name, &format!("{file} {more}"), None)).unwrap();
    let usual = page("usual", "");
    assert_eq!(usual, page("thread", "--threads 1 -q"));
    let report = histcheck(&format!("report {file} --to html"));
    let report = report.current_dir(Path::new(env!("CARGO_MANIFEST_DIR"))).run().status(0);
    assert!(usual == report.stdout.as_bytes());
    histcheck("histories/store --html nowhere.html")
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .run()
        .status(2)
        .complains("--html shows one history");
}

#[test]
fn no_text_of_a_history_is_markup_in_its_page() {
    let path = page("hostile-text", "-", Some(HOSTILE.trim_start()));
    let text = fs::read_to_string(path).unwrap();
    assert_eq!(text.matches("</script").count(), 2);
    assert_eq!(text.matches("<script").count(), 2);
    assert_eq!(text.matches("</template").count(), 1);
    assert!(!text.contains("<img") && !text.contains("<b>"));
    assert!(data(&text)["rows"]["texts"].to_string().contains("</script><img src=x"));
}

/// Whether the page is there, and has been drawn.
const READY: &str = "document.documentElement?.dataset.ready === 'yes'";

/// What is to be seen of the timeline, as a number that changes with it.
const TIMELINE: &str = "(() => { const url = document.getElementById('timeline').toDataURL();
    let hash = 0; for (let i = 0; i < url.length; i++) hash = (hash * 31 + url.charCodeAt(i)) | 0;
    return hash; })()";

/// How many operations are listed.
const LISTED: &str = "parseInt(document.querySelector('#operations .spacer').style.height) / 24";

#[test]
fn a_browser_shows_hostile_values_as_text() {
    let Some(mut browser) = Browser::start() else { return };
    let path = page("hostile", "-", Some(HOSTILE.trim_start()));
    browser.open(&path, READY);
    assert_eq!(browser.text("#verdict"), "invalid");
    let phrase = browser.text("#phrase");
    assert!(phrase.contains("→ \"<script>document.title='owned'</script>\""), "{phrase}");
    let facts = browser.text("#facts");
    assert!(facts.contains("</template><img src=x onerror="), "{facts}");
    browser.click("[aria-controls=operations-part]");
    let operations = browser.text("#operations");
    assert!(operations.contains("</script><img src=x"), "{operations}");
    assert!(browser.text("#keys").contains("<b>k</b>"));
    browser.click("[aria-controls=report-part]");
    assert!(browser.text("#report").contains("<script>"));
    let strangers = "document.querySelectorAll('img, b, body script:not([id])').length";
    assert_eq!(browser.evaluate(strangers), json!(1), "only the page's own script");
    assert_ne!(browser.evaluate("document.title"), json!("owned"));
    assert_eq!(browser.complaints(), &[] as &[String]);
}

#[test]
fn a_browser_leads_through_a_violation() {
    let Some(mut browser) = Browser::start() else { return };
    let file = "histories/stale-read-lagging-replica.jsonl";
    browser.open(&page("stale", file, None), READY);
    assert_eq!(browser.text("#phrase"), "get → \"v1\"");
    assert_eq!(browser.text("#role"), "No order of the operations explains it.");
    assert!(
        browser.text("#anomalies [aria-current=true]").starts_with("stale-read: process 3 read")
    );
    let facts = browser.text("#facts");
    assert!(
        facts.contains("record 11, line 12 at 40.697955 ms") && facts.contains("noden2"),
        "{facts}"
    );

    // The anomalies, by click and by key.
    browser.click("#anomalies li:nth-child(2) button");
    browser.wait("document.querySelector('#phrase').textContent === 'get → \"v2\"'");
    browser.press("p");
    browser.wait("document.querySelector('#phrase').textContent === 'get → \"v1\"'");

    // The linearization, step by step.
    browser.press("[");
    browser.press("[");
    browser.wait("document.querySelector('#step-at').textContent === 'step 4 of 5'");
    assert_eq!(browser.text("#step-state"), "state: \"v2\"");
    assert_eq!(browser.text("#phrase"), "put \"v2\"");
    browser.press("[");
    browser.wait("document.querySelector('#step-at').textContent === 'step 3 of 5'");
    assert_eq!(browser.text("#step-state"), "state: \"v1\"");
    for _ in 0..5 {
        browser.press("]");
    }
    browser.wait("document.querySelector('#phrase').textContent === 'get → \"v1\"'");
    assert!(browser.text("#steps").contains("no place for it"));

    // Operations one by one, and by a click on the figure.
    browser.press("j");
    browser.wait("document.querySelector('#phrase').textContent === 'put \"v3\"'");
    let middle = browser.evaluate(
        "(() => { const e = document.querySelector('#figure').shadowRoot.querySelector('g[id^=op]');
          const r = e.getBoundingClientRect();
          return [r.left + r.width / 2, r.top + r.height / 2]; })()",
    );
    browser.click_at([middle[0].as_f64().unwrap(), middle[1].as_f64().unwrap()]);
    browser.wait("document.querySelector('#phrase').textContent === 'put \"v1\"'");
    browser.press("Escape");
    browser.wait("document.querySelector('#phrase').textContent === 'Nothing is selected'");
    assert_eq!(browser.complaints(), &[] as &[String]);
}

/// A browser with the page of a history of six keys, its operations listed.
fn with_keys(name: &str) -> Option<Browser> {
    let mut browser = Browser::start()?;
    let history = generated("abd-crashes --workload register --keys 6 --operations 1500 --seed 2");
    browser.open(&page(name, "-", Some(&history)), READY);
    browser.click("[aria-controls=operations-part]");
    browser.wait(&format!("{LISTED} === 1500"));
    Some(browser)
}

#[test]
fn a_browser_filters() {
    let Some(mut browser) = with_keys("filters") else { return };

    // One key, and all of them again.
    browser.click("#keys [data-index='2']");
    browser.wait(&format!("{LISTED} < 600 && {LISTED} > 50"));
    assert!(browser.text("#only-key").starts_with("only key"));
    browser.click("#only-key");
    browser.wait(&format!("{LISTED} === 1500"));

    // Functions, outcomes, processes.
    let reads = "[...document.querySelectorAll('.chip')].find(c => c.textContent === 'read')";
    browser.evaluate(&format!("{reads}.querySelector('input').click()"));
    browser.wait(&format!(
        "{LISTED} < 1500 && !document.querySelector('#operations').textContent.includes('read')"
    ));
    browser.evaluate(&format!("{reads}.querySelector('input').click()"));
    browser.click("#process");
    browser.type_text("1, 3");
    browser.wait(&format!("{LISTED} < 500 && {LISTED} > 0"));
    let listed = browser.evaluate(
        "[...document.querySelectorAll('#operations .state')].map(e => e.textContent.split(' ')[0])",
    );
    assert!(listed.as_array().unwrap().iter().all(|process| process == "1" || process == "3"));
    browser.click("#clear");
    browser.wait(&format!("{LISTED} === 1500 && document.querySelector('#process').value === ''"));
    browser.click("#process");
    browser.type_text("no such process");
    browser.wait(&format!("{LISTED} === 0"));
    browser.press("Escape");
    browser.wait(&format!("{LISTED} === 1500"));
    assert_eq!(browser.complaints(), &[] as &[String]);
}

#[test]
fn a_browser_searches_and_zooms() {
    let Some(mut browser) = with_keys("searches") else { return };
    // What is found is among what is shown.
    browser.press("/");
    browser.type_text("write");
    browser.wait("document.querySelector('#hits').textContent.endsWith(' found')");
    let all = browser.text("#hits");
    browser.click("#keys [data-index='2']");
    browser.wait(&format!("document.querySelector('#hits').textContent !== '{all}'"));
    browser.click("#only-key");
    browser.wait(&format!("document.querySelector('#hits').textContent === '{all}'"));
    browser.click("#search");
    browser.press("Escape");
    browser.wait("document.querySelector('#hits').textContent === ''");

    // From hit to hit.
    browser.press("/");
    browser.type_text("write 7");
    browser.wait("/^\\d+ found$/.test(document.querySelector('#hits').textContent)");
    browser.press("Enter");
    browser.wait("document.querySelector('#hits').textContent.startsWith('1 of ')");
    assert!(browser.text("#phrase").starts_with("write 7"));
    browser.press("Enter");
    browser.wait("document.querySelector('#hits').textContent.startsWith('2 of ')");
    browser.press("Escape");

    // Zoom and pan, by key and by wheel; the axis.
    let mut seen = vec![browser.evaluate(TIMELINE)];
    for key in ["0", "+", "+", "ArrowRight", "o", "-"] {
        browser.press(key);
        let before = seen.last().unwrap().clone();
        browser.wait(&format!("{TIMELINE} !== {before}"));
        seen.push(browser.evaluate(TIMELINE));
    }
    assert_eq!(browser.text("#axis"), "Axis: time");
    let wheel = json!({"type": "mouseWheel", "x": 700, "y": 800, "deltaX": 0, "deltaY": -300});
    browser.call("Input.dispatchMouseEvent", wheel);
    browser.wait(&format!("{TIMELINE} !== {}", seen.last().unwrap()));
    browser.press("?");
    browser.wait("document.querySelector('#help').open");
    assert_eq!(browser.complaints(), &[] as &[String]);
}

/// A page of many operations works as others do. With `HISTCHECK_MEASURE` in the environment there
/// are 100,000 and 1,000,000, and it says how long they took; nothing is asserted of times.
#[test]
fn many_operations_in_a_browser() {
    /// A number that says enough.
    fn whole(number: Json) -> i64 {
        number.as_f64().unwrap_or(f64::NAN).round() as i64
    }
    const STEPS: &str = "(async () => { const times = [];
        for (let i = 0; i < 40; i++) {
            const start = performance.now();
            document.body.dispatchEvent(
                new KeyboardEvent('keydown', { key: i % 20 < 10 ? '+' : '-', bubbles: true }));
            await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
            times.push(performance.now() - start);
        }
        return Math.max(...times); })()";
    let Some(mut browser) = Browser::start() else { return };
    let is_measured = std::env::var_os("HISTCHECK_MEASURE").is_some();
    let sizes: &[i64] = if is_measured { &[100_000, 1_000_000] } else { &[20_000] };
    for operations in sizes {
        let history = generated(&format!("abd --operations {operations}"));
        let path = page("many", "-q", Some(&history));
        browser.open(&path, READY);
        browser.click("[aria-controls=operations-part]");
        assert!(browser.text("#operations").contains("write 1"));
        let steps = browser.text("#step-at").replace(',', "");
        assert_eq!(steps, format!("step {operations} of {operations}"));
        let paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime";
        let ready = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd";
        println!(
            "{operations} operations: {} MB; painted first after {} ms, complete after {} ms; the \
             slowest of 40 zoom steps took {} ms",
            fs::metadata(&path).unwrap().len() / 1_000_000,
            whole(browser.evaluate(paint)),
            whole(browser.evaluate(ready)),
            whole(browser.evaluate(STEPS)),
        );
    }
    assert_eq!(browser.complaints(), &[] as &[String]);
}
