// Brings it all together: what the mouse, the keyboard and the fields do, and when to draw.

let isScheduled = false;

/** Draws everything anew, once, before the next frame. */
function changed() {
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(() => {
    isScheduled = false;
    draw();
  });
}

let drawnFor = {};

function draw() {
  drawTimeline();
  drawStrip();
  const key = keyOfSteps();
  const now = { selected: view.selected, shown, key, at: takenOf(key), hits: view.hits };
  const isNew = (name) => drawnFor[name] !== now[name];
  if (isNew("selected") || isNew("shown")) {
    drawDetails();
    operationList.show(view.selected === null ? -1 : placeOf(view.selected));
  }
  if (isNew("key") || isNew("at") || isNew("shown")) drawSteps();
  if (isNew("shown")) {
    keyList.show(filter.key === null ? -1 : keysListed.indexOf(filter.key));
    const isFiltered = filter.process !== "" || filter.names.size + filter.outcomes.size > 0;
    byId("clear").hidden = !isFiltered;
    const chosen = filter.key === null ? "" : `only key ${keyName(filter.key)} ✕`;
    byId("only-key").textContent = chosen;
    byId("only-key").hidden = chosen === "";
  }
  if (isNew("hits") || isNew("selected")) drawHits();
  drawnFor = now;
}

/** The rows shown whose phrase, or other fields, hold the text; a number after # is a record. */
function search(text) {
  const wanted = text.trim().toLowerCase();
  view.searched = text;
  view.hits = [];
  if (wanted !== "") {
    const record = /^#(\d+)$/.exec(wanted);
    const isIn = (one) => one.toLowerCase().includes(wanted);
    const inTexts = rows.extras.size > 0 ? texts.map(isIn) : [];
    for (const row of shown.list) {
      const isHit = record
        ? rows.invoked[row] === Number(record[1]) || rows.completed[row] === Number(record[1])
        : isIn(phraseOf(row)) ||
          (rows.extras.get(row) || []).some(([, value]) => inTexts[value]);
      if (isHit) view.hits.push(row);
    }
  }
  view.hitSet = new Set(view.hits);
  changed();
}

/** Searches again, where something is searched for. */
function searchAgain() {
  const text = byId("search").value;
  if (text.trim() !== "" || view.hits.length > 0) search(text);
}

/** Goes to the next hit, or the one before. */
function nextHit(by) {
  if (view.hits.length === 0) return;
  const at = lowerBound(view.hits, view.selected ?? 0);
  const isHere = view.hits[at] === view.selected;
  const next = by > 0 ? at + (isHere ? 1 : 0) : at - 1;
  select(view.hits[(next + view.hits.length) % view.hits.length]);
}

function drawHits() {
  const at = view.hits.indexOf(view.selected);
  const total = withThousands(view.hits.length);
  const wanted = byId("search").value.trim() !== "";
  byId("hits").textContent = !wanted ? "" : at < 0 ? `${total} found` : `${at + 1} of ${total}`;
}

/** Selects the next operation that is shown, or the one before. */
function nextOperation(by) {
  if (shown.list.length === 0) return;
  const at = view.selected === null ? -1 : placeOf(view.selected);
  select(shown.list[Math.min(Math.max(at + by, 0), shown.list.length - 1)]);
}

function nextAnomaly(by) {
  const many = data.anomalies.length;
  if (many > 0) goToAnomaly((currentAnomaly + by + many) % many);
}

function turnAxis() {
  if (!data.rows.has_times) return;
  view.axis = view.axis === "order" ? "time" : "order";
  byId("axis").textContent = view.axis === "order" ? "Axis: order" : "Axis: time";
  refresh();
}

/** The first step forth from the end leads to the start; the first one back is the last but one. */
function step(by) {
  const key = keyOfSteps();
  const taken = takenOf(key);
  goToStep(taken === null ? (by > 0 ? 1 : linesOfSteps(key) - 1) : taken + by);
}

const KEYS = {
  ArrowLeft: () => pan(-0.2),
  ArrowRight: () => pan(0.2),
  ArrowUp: () => scrollLanes(-ROW),
  ArrowDown: () => scrollLanes(ROW),
  PageUp: () => scrollLanes(AXIS - timeline.clientHeight),
  PageDown: () => scrollLanes(timeline.clientHeight - AXIS),
  Home: () => scrollLanes(-Infinity),
  End: () => scrollLanes(shown.lanes.length * ROW),
  "+": () => zoom(0.6),
  "=": () => zoom(0.6),
  "-": () => zoom(1 / 0.6),
  0: () => (showAll(), changed()),
  j: () => nextOperation(1),
  k: () => nextOperation(-1),
  n: () => nextAnomaly(1),
  p: () => nextAnomaly(-1),
  "]": () => step(1),
  "[": () => step(-1),
  o: turnAxis,
  "/": () => byId("search").focus(),
  "?": () => byId("help").showModal(),
  Escape: () => {
    walk.key = null;
    select(null);
  },
};

function scrollLanes(by) {
  view.top += by;
  changed();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
  const own = document.activeElement;
  if (own?.matches("input:not([type=checkbox], [type=range])")) {
    if (event.key !== "Escape") return;
    // Browsers empty the field by themselves, and tell nobody.
    own.value = "";
    own.dispatchEvent(new Event("input"));
    own.blur();
    return;
  }
  const moves = /^(Arrow|Page|Home|End)/.test(event.key);
  if (moves && own?.matches("input, #report, #details, #anomalies-part, [role=tab]")) return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

/** The wheel zooms at the pointer; with shift, or sideways, it moves the window. */
function onWheel(event) {
  event.preventDefault();
  const { width, left } = timeline.getBoundingClientRect();
  if (event.clientX - left < NAMES) return scrollLanes(event.deltaY);
  const sideways = event.shiftKey ? event.deltaY : event.deltaX;
  if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
    pan(sideways / 500);
  } else {
    const part = Math.max(0, (event.clientX - left - NAMES) / (width - NAMES));
    zoom(Math.exp(event.deltaY / 400), part);
  }
}

/** Dragging moves the window; a click selects. */
function onTimelineDown(event) {
  if (event.button !== 0) return;
  const start = { x: event.clientX, y: event.clientY, from: view.from, top: view.top };
  const width = view.to - view.from;
  let isDrag = false;
  const move = (now) => {
    const [x, y] = [now.clientX - start.x, now.clientY - start.y];
    isDrag ||= Math.abs(x) + Math.abs(y) > 4;
    if (!isDrag) return;
    const from = start.from - (x / (timeline.clientWidth - NAMES)) * width;
    setWindow(from, from + width);
    view.top = start.top - y;
    changed();
  };
  whileDown(timeline, event, move, () => {
    if (!isDrag) select(rowAt(event.offsetX, event.offsetY));
  });
}

/** On the strip, the pointer takes the window along. */
function onStripDown(event) {
  if (event.button !== 0) return;
  const move = (now) => {
    const { left, width } = strip.getBoundingClientRect();
    const part = (now.clientX - left - NAMES) / (width - NAMES);
    const middle = shown.least + part * (shown.most - shown.least);
    const half = (view.to - view.from) / 2;
    setWindow(middle - half, middle + half);
    changed();
  };
  move(event);
  whileDown(strip, event, move, () => {});
}

function whileDown(canvas, event, move, up) {
  canvas.setPointerCapture(event.pointerId);
  const ended = new AbortController();
  const { signal } = ended;
  canvas.addEventListener("pointermove", move, { signal });
  canvas.addEventListener("pointerup", () => (ended.abort(), up()), { signal });
  canvas.addEventListener("pointercancel", () => ended.abort(), { signal });
  canvas.addEventListener("lostpointercapture", () => ended.abort(), { signal });
}

/** Says what is under the pointer. */
function onHover(event) {
  const row = rowAt(event.offsetX, event.offsetY);
  const place = placeAt(event.offsetX, timeline.clientWidth);
  const isUnder = (trouble) => {
    const [from, to] = placesOf(trouble);
    return event.offsetX >= NAMES && from <= place && place <= to;
  };
  const trouble = data.troubles.find(isUnder)?.title ?? "";
  timeline.title = row === null ? trouble : `${phraseOf(row)} by process ${processOf(row)}`;
}

/** A box for each function and each outcome. */
function listChips() {
  const used = new Set();
  for (let row = 0; row < count; row++) used.add(rows.kind[row] >> 2);
  const add = (label, set, value, className) => {
    const chip = element("label", `chip ${className}`);
    const box = element("input", "");
    Object.assign(box, { type: "checkbox", checked: true });
    box.addEventListener("change", () => {
      if (box.checked) set.delete(value);
      else set.add(value);
      refresh();
    });
    chip.append(box, element("span", "", label));
    byId("chips").append(chip);
  };
  [...used].sort((a, b) => a - b).forEach((at) => add(names[at].name, filter.names, at, "name"));
  ["ok", "fail", "info"].forEach((label, value) =>
    add(label, filter.outcomes, value, "outcome"),
  );
}

/** The tabs of the panel to the right. */
function chooseTab(chosen) {
  for (const tab of document.querySelectorAll("[role=tab]")) {
    tab.setAttribute("aria-selected", tab === chosen);
    byId(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
  }
  stepList.show(stepList.current);
  operationList.show(operationList.current);
}

/** The arrows go from tab to tab. */
function onTabKey(event) {
  const tabs = [...document.querySelectorAll("[role=tab]")];
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (by === undefined) return;
  const next = tabs[(tabs.indexOf(event.target) + by + tabs.length) % tabs.length];
  next.focus();
  chooseTab(next);
}

/** A click on an operation of the figure selects it. */
function onFigure(event) {
  const group = event.composedPath().find((one) => /^op\d+$/.test(one.id || ""));
  if (!group) return;
  const record = Number(group.id.slice(2));
  const row = rows.invoked.indexOf(record);
  if (row < 0) return;
  if (placeOf(row) < 0) clearFilter(keyOf(row));
  select(row);
}

function later(act, delay = 120) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...given), delay);
  };
}

function listen() {
  document.addEventListener("keydown", onKey);
  timeline.addEventListener("wheel", onWheel, { passive: false });
  timeline.addEventListener("pointerdown", onTimelineDown);
  timeline.addEventListener("pointermove", onHover);
  strip.addEventListener("pointerdown", onStripDown);
  byId("figure").addEventListener("click", onFigure);
  byId("search").addEventListener("input", later((event) => search(event.target.value)));
  byId("search").addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    if (view.searched !== event.target.value) search(event.target.value);
    nextHit(event.shiftKey ? -1 : 1);
  });
  byId("process").addEventListener("input", later((event) => {
    filter.process = event.target.value.trim();
    refresh();
  }));
  byId("find-key").addEventListener("input", later((event) => {
    const wanted = event.target.value.trim().toLowerCase();
    const holds = (key) => keyName(key).toLowerCase().includes(wanted);
    keysListed = wanted === "" ? keysInOrder : keysInOrder.filter(holds);
    keyList.show(-1);
  }));
  const clicks = {
    "zoom-in": () => zoom(0.6),
    "zoom-out": () => zoom(1 / 0.6),
    "zoom-all": KEYS[0],
    axis: turnAxis,
    "step-before": () => step(-1),
    "step-next": () => step(1),
    "only-key": () => chooseKey(null),
    "help-open": KEYS["?"],
    clear: () => clearFilter(filter.key),
  };
  for (const [id, act] of Object.entries(clicks)) byId(id).addEventListener("click", act);
  byId("slider").addEventListener("input", (event) => goToStep(Number(event.target.value)));
  for (const tab of document.querySelectorAll("[role=tab]")) {
    tab.addEventListener("click", () => chooseTab(tab));
    tab.addEventListener("keydown", onTabKey);
  }
  new ResizeObserver(changed).observe(timeline);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    readColors();
    changed();
  });
}

/** What the page is about, in a line. */
function about() {
  const parts = [data.file, `checked as ${data.model}`];
  if (data.start !== null) parts.push(`times count from ${data.start}`);
  if (count < data.operations) {
    parts.push(`${withThousands(count)} of ${counted(data.operations, "operation")} are here`);
  }
  return parts.filter(Boolean).join(" · ");
}

/** The anomaly to begin with: that of the failure of which the headline and the figure tell. */
function firstAnomaly() {
  const { key, row } = data.failures[0] ?? {};
  const shows = (anomaly) => anomaly.rows.length > 0;
  const isOwn = (anomaly) => shows(anomaly) && anomaly.key === key && anomaly.rows.includes(row);
  const own = data.anomalies.findIndex(isOwn);
  return own >= 0 ? own : data.anomalies.findIndex(shows);
}

function start() {
  readColors();
  if (window.innerHeight < 700) byId("figure-part").open = false;
  byId("verdict").textContent = data.verdict;
  byId("verdict").className = data.verdict;
  byId("sentence").textContent = data.sentence;
  byId("about").textContent = about();
  byId("report").textContent = data.text;
  byId("keys-part").hidden = !data.keys.are_named;
  byId("axis").hidden = !data.rows.has_times;
  const context = timeline.getContext("2d");
  context.font = `12px ${MONO}`;
  letter = context.measureText("0123456789").width / 10;
  listAnomalies();
  listChips();
  listen();
  refresh();
  if (firstAnomaly() >= 0) {
    goToAnomaly(firstAnomaly());
  } else if (data.failures.length > 0 && data.failures[0].row !== null) {
    chooseKey(data.keys.are_named ? data.failures[0].key : null);
    goToFailure(data.failures[0]);
  }
  draw();
  document.documentElement.dataset.ready = "yes";
}

start();
