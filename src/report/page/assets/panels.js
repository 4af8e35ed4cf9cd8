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
  pick: (index) => {
    keyList.current = index;
    chooseKey(keysListed[index] === filter.key ? null : keysListed[index]);
  },
});

/** Shows one key only, or all of them, and goes to where it fails. */
function chooseKey(key) {
  filter.key = key;
  walk.key = null;
  refresh();
  showAll();
  const failure = failureOf(key);
  if (failure && failure.row !== null) goToFailure(failure);
  changed();
}

function goToFailure(failure) {
  view.selected = failure.row;
  fitRows(failure.core.length > 0 ? [...failure.core, failure.row] : [failure.row]);
}

/** Goes to what shows an anomaly: its key, its window. */
function goToAnomaly(index) {
  const anomaly = data.anomalies[index];
  if (!anomaly) return;
  currentAnomaly = index;
  byId("anomalies").querySelectorAll("button").forEach((button, at) => {
    button.setAttribute("aria-current", at === index);
  });
  clearFilter(anomaly.key);
  const failure = failureOf(anomaly.key ?? 0);
  const own = failure && anomaly.rows.includes(failure.row) ? failure.row : null;
  view.selected = own ?? anomaly.rows.at(-1) ?? null;
  fitRows(anomaly.rows);
  changed();
}

let currentAnomaly = -1;

/** Shows everything, of one key if it is given one. */
function clearFilter(key = null) {
  Object.assign(filter, { key: data.keys.are_named ? key : null, process: "" });
  filter.names.clear();
  filter.outcomes.clear();
  walk.key = null;
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
  const line = (record) => (linesOf.has(record) ? `, line ${linesOf.get(record)}` : "");
  const time = (times) =>
    times && !Number.isNaN(times[row]) ? ` at ${durationPhrase(times[row])}` : "";
  const facts = [["process", processOf(row)]];
  if (data.keys.are_named) facts.push(["key", keyName(keyOf(row))]);
  facts.push(["outcome", WORDS[outcomeOf(row)]]);
  facts.push(["called", `record ${invoked}${line(invoked)}${time(rows.callTime)}`]);
  if (completed !== NEVER) {
    facts.push(["returned", `record ${completed}${line(completed)}${time(rows.retTime)}`]);
  }
  const took = rows.callTime ? rows.retTime[row] - rows.callTime[row] : NaN;
  if (!Number.isNaN(took)) facts.push(["took", durationPhrase(took)]);
  if (rows.input[row]) facts.push(["input", texts[rows.input[row]]]);
  if (rows.output[row]) facts.push(["output", texts[rows.output[row]]]);
  for (const [name, value] of rows.extras.get(row) || []) {
    facts.push([bare(texts[name]), bare(texts[value])]);
  }
  if (rows.step[row]) facts.push(["takes effect", `as step ${withThousands(rows.step[row])}`]);
  if (rows.state[row]) facts.push(["state after it", data.states[rows.state[row] - 1]]);
  return facts;
}

const linesOf = new Map(data.lines);
const WORDS = {
  ok: "ok",
  fail: "failed: did not happen",
  info: "unknown: may have happened at any time after its call",
  open: "never returned: may have happened at any time after its call",
};

/** What a row has to do with the violation, in a sentence. */
function roleOf(row) {
  const failure = failureOf(keyOf(row));
  if (!failure) return "";
  if (failure.row === row) {
    return failure.is_first ? "No order of the operations explains it." : "The search got stuck here.";
  }
  return failure.core.includes(row) ? "One of the few operations that prove the violation." : "";
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

const stepList = new LongList(byId("steps"), {
  length: () => orderOf(keyOfSteps()).length + (failureOf(keyOfSteps()) ? 1 : 0),
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

function drawSteps() {
  const key = keyOfSteps();
  const order = orderOf(key);
  const taken = takenOf(key);
  const has = order.length > 0;
  byId("no-steps").hidden = has;
  byId("no-steps").textContent =
    key === null ? "Choose a key or an operation to see its linearization." : "None is known.";
  byId("stepper").hidden = !has;
  byId("steps").hidden = !has;
  if (!has) return;
  const last = order.length + (failureOf(key) ? 1 : 0);
  const slider = byId("slider");
  slider.max = last;
  slider.value = taken ?? last;
  const name = data.keys.are_named ? `key ${keyName(key)}: ` : "";
  const at = taken === null ? withThousands(order.length) : withThousands(taken);
  byId("step-at").textContent = `${name}step ${at} of ${withThousands(order.length)}`;
  const state = stateAfter(key, Math.min(taken ?? order.length, order.length));
  byId("step-state").textContent = state === "" ? "" : `state: ${state}`;
  stepList.show(taken === null ? stepList.current : taken - 1);
}
