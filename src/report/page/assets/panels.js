// What stands beside the timeline: anomalies, keys, the operation that is selected, the steps of
// the linearization, and all operations as a list.

const byId = (id) => document.getElementById(id);

/** An element with a class and a text. */
function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

/** Keys, failing ones first, then those that were not decided. */
const keysInOrder = (() => {
  const odd = [...data.keys.invalid, ...data.keys.unknown];
  const isOdd = new Set(odd);
  const order = odd;
  for (let key = 0; key < data.keys.count; key++) if (!isOdd.has(key)) order.push(key);
  return order;
})();

const verdictOf = (() => {
  const invalid = new Set(data.keys.invalid);
  const unknown = new Set(data.keys.unknown);
  return (key) => (invalid.has(key) ? "invalid" : unknown.has(key) ? "unknown" : "valid");
})();

const sizesOfKeys = (() => {
  const sizes = new Uint32Array(data.keys.count);
  for (let row = 0; row < count; row++) sizes[keyOf(row)] += 1;
  return sizes;
})();

const SIGNS = { invalid: "✗", unknown: "?", valid: "✓" };
let keysListed = keysInOrder;

const keyList = new LongList(byId("keys"), {
  length: () => keysListed.length,
  fill: (line, index) => {
    const key = keysListed[index];
    const verdict = verdictOf(key);
    fillWith(line, [
      [`sign ${verdict}`, SIGNS[verdict]],
      ["name", keyName(key)],
      ["number", withThousands(sizesOfKeys[key])],
    ]);
    line.setAttribute("aria-selected", key === filter.key);
  },
  pick: (index) => chooseKey(keysListed[index] === filter.key ? null : keysListed[index]),
  move: (index) => chooseKey(keysListed[index]),
});

/** Shows one key only, or all of them, and goes to where it fails. */
function chooseKey(key) {
  filter.key = key;
  walk.key = null;
  markAnomaly(-1);
  refresh();
  showAll();
  const failure = failureOf(key);
  if (failure && failure.row !== null) goToFailure(failure);
  changed();
}

function goToFailure(failure) {
  if (placeOf(failure.row) < 0) clearFilter(failure.key);
  view.selected = failure.row;
  fitRows(failure.core.length > 0 ? [...failure.core, failure.row] : [failure.row]);
}

/** Goes to what shows an anomaly: its key, its window. */
function goToAnomaly(index) {
  const anomaly = data.anomalies[index];
  if (!anomaly) return;
  clearFilter(anomaly.key);
  markAnomaly(index);
  const failure = failureOf(anomaly.key ?? 0);
  const own = failure && anomaly.rows.includes(failure.row) ? failure.row : null;
  view.selected = own ?? anomaly.rows.at(-1) ?? null;
  fitRows(anomaly.rows);
  changed();
}

let currentAnomaly = -1;

/** Shows which anomaly is the one that is looked at; -1 for none. */
function markAnomaly(index) {
  currentAnomaly = index;
  byId("anomalies").querySelectorAll("button").forEach((button, at) => {
    button.setAttribute("aria-current", at === index);
    if (at === index) button.scrollIntoView({ block: "nearest" });
  });
}

/** Shows everything, of one key if it is given one. */
function clearFilter(key = null) {
  Object.assign(filter, { key: data.keys.are_named ? key : null, process: "" });
  filter.names.clear();
  filter.outcomes.clear();
  walk.key = null;
  markAnomaly(-1);
  byId("process").value = "";
  document.querySelectorAll("#chips input").forEach((box) => (box.checked = true));
  refresh();
}

function listAnomalies() {
  const list = byId("anomalies");
  byId("anomalies-part").hidden = data.anomalies.length === 0;
  data.anomalies.forEach((anomaly, index) => {
    const button = element("button", "anomaly", anomaly.text);
    button.addEventListener("click", () => goToAnomaly(index));
    const item = element("li", "");
    item.append(button);
    list.append(item);
  });
}

/** All that is known of a row, as pairs of a name and a text. */
function factsOf(row) {
  const [invoked, completed] = [rows.invoked[row], rows.completed[row]];
  const line = (record) => (linesOf.has(record) ? `, ${linesOf.get(record)}` : "");
  const time = (times) =>
    times && !Number.isNaN(times[row]) ? ` at ${exactPhrase(times[row])}` : "";
  const facts = [["process", processOf(row)]];
  if (data.keys.are_named) facts.push(["key", keyName(keyOf(row))]);
  facts.push(["outcome", WORDS[outcomeOf(row)]]);
  facts.push(["called", `record ${invoked}${line(invoked)}${time(rows.callTime)}`]);
  if (completed !== NEVER) {
    facts.push(["returned", `record ${completed}${line(completed)}${time(rows.retTime)}`]);
  }
  const took = rows.callTime ? rows.retTime[row] - rows.callTime[row] : NaN;
  if (!Number.isNaN(took)) facts.push(["took", exactPhrase(took)]);
  if (rows.input[row]) facts.push(["input", texts[rows.input[row]]]);
  if (rows.output[row]) facts.push(["output", texts[rows.output[row]]]);
  for (const [name, value] of rows.extras.get(row) || []) {
    facts.push([bare(texts[name]), bare(texts[value])]);
  }
  if (rows.step[row]) facts.push(["takes effect", `as step ${withThousands(rows.step[row])}`]);
  if (rows.state[row]) facts.push(["state after it", data.states[rows.state[row] - 1]]);
  return facts;
}

/** Where records are: the line, and the file if there are several. */
const linesOf = new Map(
  data.lines.map(([record, line, file]) => [
    record,
    file === undefined ? `line ${line}` : `line ${line} of ${data.files[file]}`,
  ]),
);
const WORDS = {
  ok: "ok",
  fail: "failed: did not happen",
  info: "unknown: may have happened at any time after its call",
  open: "never returned: may have happened at any time after its call",
};

/** What a row has to do with the violation, in a sentence. */
function roleOf(row) {
  const failure = failureOf(keyOf(row));
  const shows = data.anomalies[currentAnomaly]?.rows.includes(row);
  if (!failure) return shows ? "One of the operations that show the anomaly." : "";
  if (failure.row === row) {
    return failure.is_first ? "No order of the operations explains it." : "The search got stuck here.";
  }
  if (failure.core.includes(row)) return "One of the few operations that prove the violation.";
  return shows ? "One of the operations that show the anomaly." : "";
}

function drawDetails() {
  const row = view.selected;
  byId("phrase").textContent = row === null ? "Nothing is selected" : phraseOf(row);
  byId("role").textContent = row === null ? "" : roleOf(row);
  const list = byId("facts");
  list.replaceChildren();
  if (row === null) return;
  for (const [name, text] of factsOf(row)) {
    list.append(element("dt", "", name), element("dd", "", text));
  }
}

/** So many lines the steps of a key have: of one that fails, the last is what has no place. */
function linesOfSteps(key) {
  const steps = orderOf(key).length;
  const failure = failureOf(key);
  return steps + (failure && (steps > 0 || isFirst(failure)) ? 1 : 0);
}

/** Whether nothing comes before what fails: it returned before anything had to take effect. */
function isFirst({ key, row, is_first: isKnown }) {
  if (!isKnown || row === null) return false;
  for (let other = 0; other < count; other++) {
    if (keyOf(other) === key && other !== row && rows.ret[other] < rows.ret[row]) {
      if ((rows.kind[other] & 3) === 0) return false;
    }
  }
  return true;
}

const stepList = new LongList(byId("steps"), {
  length: () => linesOfSteps(keyOfSteps()),
  fill: (line, index) => {
    const order = orderOf(keyOfSteps());
    if (index === order.length) {
      const { row } = failureOf(keyOfSteps());
      const phrase = row === null ? "the next operation" : phraseOf(row);
      fillWith(line, [["number", SIGNS.invalid], ["name invalid", `${phrase}: no place for it`]]);
      return;
    }
    const row = order[index];
    const state = rows.state[row] ? data.states[rows.state[row] - 1] : "";
    const number = withThousands(rows.step[row]);
    fillWith(line, [["number", number], ["name", phraseOf(row)], ["state", state]]);
  },
  pick: (index) => goToStep(index + 1),
});

const operationList = new LongList(byId("operations"), {
  length: () => shown.list.length,
  fill: (line, index) => {
    const row = shown.list[index];
    fillWith(line, [
      ["number", withThousands(rows.invoked[row])],
      [`name ${outcomeOf(row)}`, phraseOf(row)],
      ["state", `${processOf(row)} · ${outcomeOf(row)}`],
    ]);
  },
  pick: (index) => select(shown.list[index]),
});

/** Selects a row, and brings it into sight. */
function select(row) {
  view.selected = row;
  if (row !== null) reveal(row);
  changed();
}

/** Why no steps are shown of a key. */
function whyNoSteps(key) {
  if (key === null) return "Choose a key or an operation to see its linearization.";
  switch (verdictOf(key)) {
    case "valid":
      return "Nothing had to take effect.";
    case "invalid":
      return "The longest way to order what came before was not looked for, or not found in time.";
    default:
      return "This was not decided.";
  }
}

function drawSteps() {
  const key = keyOfSteps();
  const lines = linesOfSteps(key);
  const steps = orderOf(key).length;
  const taken = takenOf(key);
  byId("no-steps").hidden = lines > 0;
  byId("no-steps").textContent = whyNoSteps(key);
  byId("stepper").hidden = lines === 0;
  byId("steps").hidden = lines === 0;
  if (lines === 0) return;
  const slider = byId("slider");
  slider.max = lines;
  slider.value = taken ?? steps;
  const name = data.keys.are_named ? `key ${keyName(key)}: ` : "";
  const at = Math.min(taken ?? steps, steps);
  const numbers = `step ${withThousands(at)} of ${withThousands(steps)}`;
  const where = steps === 0 ? "nothing comes before it" : numbers;
  byId("step-at").textContent = name + (taken > steps ? "no place for what comes next" : where);
  const state = stateAfter(key, at);
  const before = at === 0 ? "before the first step" : "";
  byId("step-state").textContent = state === "" ? before : `state: ${state}`;
  stepList.show(taken === null ? -1 : taken - 1);
}
