// Draws the timeline and the strip of the whole history. Only what is in sight is looked at, and
// operations too close to tell apart are drawn as one.

const ROW = 26;
const BAR = 18;
const AXIS = 24;
const NAMES = 128;
const STRIP = 40;
const timeline = document.getElementById("timeline");
const strip = document.getElementById("strip");
let colors = {};
let letter = 7;

/** Takes the colours from the style sheet, which knows whether it is dark. */
function readColors() {
  const style = getComputedStyle(document.documentElement);
  const names = [
    "paper", "ink", "faint", "rail", "ok", "ok-line", "fail", "fail-line", "info", "info-line",
    "bad", "bad-line", "point", "hit", "hit-line", "trouble", "many",
  ];
  for (const name of names) colors[name] = style.getPropertyValue(`--${name}`).trim();
}

/** Makes a canvas as sharp as the screen is; its context, cleared, in CSS pixels. */
function prepare(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = colors.paper;
  context.fillRect(0, 0, width, height);
  return { context, width, height };
}

/** The pixel of a place on the axis. */
function pixelOf(place, width) {
  return NAMES + ((place - view.from) / (view.to - view.from)) * (width - NAMES);
}

function placeAt(pixel, width) {
  return view.from + ((pixel - NAMES) / (width - NAMES)) * (view.to - view.from);
}

function drawTimeline() {
  const { context, width, height } = prepare(timeline);
  const most = Math.max(0, shown.lanes.length * ROW - (height - AXIS));
  view.top = Math.min(Math.max(view.top, 0), most);
  const marks = marksOf();
  context.save();
  context.beginPath();
  context.rect(NAMES, 0, width - NAMES, height - AXIS);
  context.clip();
  drawTroubles(context, width, height - AXIS);
  const first = Math.floor(view.top / ROW);
  const last = Math.min(shown.lanes.length - 1, Math.floor((view.top + height - AXIS) / ROW));
  context.font = `12px ${MONO}`;
  for (let lane = first; lane <= last; lane++) drawLane(context, lane, width, marks);
  drawPoints(context, width);
  context.restore();
  if (shown.list.length === 0) {
    context.fillStyle = colors.faint;
    context.font = `13px ${SANS}`;
    context.fillText("No operation passes the filter.", NAMES + 16, 32);
  }
  for (let lane = first; lane <= last; lane++) drawName(context, lane, height);
  drawAxis(context, width, height);
}

const MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";
const SANS = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif";

/** What is drawn otherwise than usual: the operation that fails, those that prove it, and so on. */
function marksOf() {
  const key = keyOfSteps();
  const failure = failureOf(key);
  const taken = takenOf(key);
  return {
    culprits: new Set(data.failures.map((one) => one.row)),
    core: new Set([...(failure ? failure.core : []), ...(data.anomalies[currentAnomaly]?.rows ?? [])]),
    key,
    taken,
    current: taken === null ? null : orderOf(key)[taken - 1],
  };
}

function drawTroubles(context, width, height) {
  context.fillStyle = colors.trouble;
  for (const trouble of data.troubles) {
    const [from, to] = placesOf(trouble);
    const [x, end] = [pixelOf(from, width), pixelOf(to, width)];
    if (end >= NAMES && x <= width) context.fillRect(x, 0, Math.max(end - x, 1), height);
  }
}

/** The two ends of what was done to the system, on the axis. */
function placesOf(trouble) {
  if (view.axis === "time" && trouble.times[0] !== null) {
    return [trouble.times[0], trouble.times[1] ?? shown.most];
  }
  return trouble.ranks.map((rank) => {
    if (shown.list.length === count) return rank - rows.call[0];
    let [low, high] = [0, shown.list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows.call[shown.list[middle]] < rank) low = middle + 1;
      else high = middle;
    }
    return low < shown.list.length ? shown.start[low] : shown.most;
  });
}

/** Draws the operations of a lane that are in sight. */
function drawLane(context, lane, width, marks) {
  const places = shown.byLane[lane];
  const y = lane * ROW - view.top + (ROW - BAR) / 2;
  context.fillStyle = colors.rail;
  context.fillRect(NAMES, y + BAR / 2, width - NAMES, 1);
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (shown.start[places[middle]] < view.from) low = middle + 1;
    else high = middle;
  }
  const scale = (width - NAMES) / (view.to - view.from);
  // Where what is too small to be told apart has been drawn up to, by outcome; hits are the last.
  const drawn = [-1, -1, -1, -1];
  for (let at = Math.max(0, low - 1); at < places.length; at++) {
    const place = places[at];
    if (shown.start[place] > view.to) break;
    const row = shown.list[place];
    const next = at + 1 < places.length ? shown.start[places[at + 1]] : shown.most;
    const x = NAMES + (shown.start[place] - view.from) * scale;
    const isOpen = shown.end[place] === Infinity;
    const end = NAMES + ((isOpen ? next : shown.end[place]) - view.from) * scale;
    const outcome = Math.min(rows.kind[row] & 3, 2);
    const isMarked = marks.culprits.has(row) || row === view.selected;
    if (end - x < 3 && !isMarked) {
      const sort = view.hitSet.has(row) ? 3 : outcome;
      if (Math.floor(end) <= drawn[sort] || (sort < 3 && Math.floor(end) <= drawn[3])) continue;
      drawn[sort] = Math.floor(end);
      context.fillStyle = colors[LINES[sort]];
      context.fillRect(Math.floor(x), y + 2, Math.max(1, Math.ceil(end - x)), BAR - 4);
      continue;
    }
    const before = at > 0 ? shown.list[places[at - 1]] : row;
    const isOther = rows.process[before] !== rows.process[row];
    drawBar(context, row, { x, y, end: Math.max(end, x + 3), outcome, isOpen, isOther }, marks);
  }
}

const FILLS = ["ok", "fail", "info"];
const LINES = ["ok-line", "fail-line", "info-line", "hit-line"];

function drawBar(context, row, { x, y, end, outcome, isOpen, isOther }, marks) {
  const isCulprit = marks.culprits.has(row);
  const isLater = marks.taken !== null && keyOf(row) === marks.key && !isTaken(row, marks.taken);
  context.globalAlpha = isLater && row !== view.selected ? 0.35 : 1;
  context.fillStyle = view.hitSet.has(row) ? colors.hit : colors[isCulprit ? "bad" : FILLS[outcome]];
  context.strokeStyle = colors[isCulprit ? "bad-line" : LINES[outcome]];
  context.lineWidth = isCulprit || marks.core.has(row) ? 2.5 : 1;
  const [left, right] = [Math.max(x, NAMES - 4), Math.min(end, timeline.clientWidth + 4)];
  context.setLineDash(outcome === 2 ? [4, 3] : []);
  context.beginPath();
  if (isOpen) {
    context.moveTo(right, y);
    context.lineTo(left, y);
    context.lineTo(left, y + BAR);
    context.lineTo(right, y + BAR);
    context.fillRect(left, y, right - left, BAR);
  } else {
    context.rect(left, y, right - left, BAR);
    context.fill();
  }
  context.stroke();
  context.setLineDash([]);
  if (row === view.selected || row === marks.current) {
    context.strokeStyle = colors.ink;
    context.lineWidth = 2;
    context.strokeRect(left - 2, y - 2, right - left + 4, BAR + 4);
  }
  // A lane may go from one process to another.
  const name = isOther ? `process ${processOf(row)}: ` : "";
  drawLabel(context, name + phraseOf(row), left, right, y, outcome);
  context.globalAlpha = 1;
}

/** Whether a row has taken effect after so many steps of its key. */
function isTaken(row, taken) {
  return rows.step[row] > 0 && rows.step[row] <= taken;
}

function drawLabel(context, label, left, right, y, outcome) {
  const room = right - left - 8;
  if (room < 2 * letter) return;
  const text = fitted(context, label, room);
  if (text === "") return;
  context.fillStyle = outcome === 1 ? colors.faint : colors.ink;
  context.fillText(text, left + 4, y + 13);
  if (outcome === 1) context.fillRect(left + 4, y + 9, Math.min(room, text.length * letter), 1);
}

/** A text that fits into so many pixels, cut with an ellipsis if it has to be. */
function fitted(context, text, room) {
  const fits = Math.floor(room / letter);
  const isPlain = /^[\x20-\x7e…→]*$/.test(text);
  if (isPlain) return text.length <= fits ? text : fits < 2 ? "" : text.slice(0, fits - 1) + "…";
  // Some characters are wider than others, and some are made of two.
  const characters = [...text].slice(0, fits + 1);
  while (characters.length > 0) {
    const isWhole = characters.join("") === text;
    const cut = isWhole ? text : characters.join("") + "…";
    if (context.measureText(cut).width <= room) return cut;
    characters.pop();
  }
  return "";
}

/** So many points can be told apart. */
const POINTS = 150;

/** The points of the linearization, where they can be told apart. */
function drawPoints(context, width) {
  const key = keyOfSteps();
  if (key === null) return;
  const part = (view.to - view.from) / (shown.most - shown.least);
  if (view.axis === "order" && orderOf(key).length * part > 2 * POINTS) return;
  const taken = takenOf(key) ?? Infinity;
  const points = pointsOf(key);
  const first = Math.max(0, lowerBound(points.places, view.from) - 1);
  if (lowerBound(points.places, view.to) - first > POINTS) return;
  context.lineWidth = 1.5;
  context.strokeStyle = context.fillStyle = colors.point;
  let before = null;
  for (let at = first; at < points.rows.length; at++) {
    const row = points.rows[at];
    if (rows.step[row] > taken) break;
    const x = pixelOf(points.places[at], width);
    const y = shown.lanes.indexOf(lanes.of[row]) * ROW - view.top + ROW / 2 + BAR / 2;
    if (before) {
      context.beginPath();
      context.moveTo(...before);
      context.lineTo(x, y);
      context.stroke();
    }
    if (x > width) break;
    before = [x, y];
    context.beginPath();
    context.arc(x, y, 3.5, 0, 2 * Math.PI);
    context.fill();
  }
}

/** The name of a lane: of the process that is on it at the left edge, or comes next. */
function drawName(context, lane, height) {
  const places = shown.byLane[lane];
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (shown.start[places[middle]] <= view.from) low = middle + 1;
    else high = middle;
  }
  const row = shown.list[places[Math.max(0, low - 1)]];
  const y = lane * ROW - view.top + ROW / 2 + 4;
  if (y > height - AXIS) return;
  const node = lanes.nodes[lanes.of[row]];
  context.font = `12px ${SANS}`;
  context.fillStyle = colors.ink;
  context.textAlign = "right";
  const name = `${node === "" ? "process" : node + " ·"} ${processOf(row)}`;
  context.fillText(fitted(context, name, NAMES - 12), NAMES - 8, y, NAMES - 12);
  context.textAlign = "left";
}

function drawAxis(context, width, height) {
  const y = height - AXIS;
  context.fillStyle = colors.paper;
  context.fillRect(0, y, width, AXIS);
  context.fillStyle = colors.faint;
  context.fillRect(NAMES, y, width - NAMES, 1);
  context.font = `11px ${SANS}`;
  let taken = 0;
  for (const [x, text] of view.axis === "time" ? ticksOfTime(width) : ticksOfOrder(width)) {
    const half = context.measureText(text).width / 2;
    if (x - half < taken + 12 || x + half > width) continue;
    context.fillRect(x, y, 1, 5);
    context.fillText(text, x - half, y + 17);
    taken = x + half;
  }
}

/** Ticks at round times: their pixels and texts. */
function ticksOfTime(width) {
  const room = ((view.to - view.from) / (width - NAMES)) * 90;
  const power = 10 ** Math.floor(Math.log10(Math.max(room, 1)));
  const step = power * ([1, 2, 5].find((times) => times * power >= room) ?? 10);
  const ticks = [];
  for (let time = Math.ceil(view.from / step) * step; time <= view.to; time += step) {
    ticks.push([pixelOf(time, width), exactPhrase(time)]);
  }
  return ticks;
}

/** Ticks where operations were called: their pixels, and the moments: times, or else records. */
function ticksOfOrder(width) {
  const ticks = [];
  for (let pixel = NAMES; pixel < width; pixel += 90) {
    const at = lowerBound(shown.start, placeAt(pixel, width));
    if (at >= shown.list.length) break;
    const row = shown.list[at];
    const isTimed = rows.callTime && !Number.isNaN(rows.callTime[row]);
    const moment = isTimed
      ? durationPhrase(rows.callTime[row])
      : `record ${withThousands(rows.invoked[row])}`;
    ticks.push([pixelOf(shown.start[at], width), moment]);
  }
  return ticks;
}

/** How many operations were called in each of so many parts, and how many of them were not ok. */
function binsOf(parts) {
  if (shown.bins?.bins.length === parts) return shown.bins;
  const bins = new Uint32Array(parts);
  const others = new Uint32Array(parts);
  const scale = parts / (shown.most - shown.least);
  for (let at = 0; at < shown.list.length; at++) {
    const bin = Math.min(Math.floor((shown.start[at] - shown.least) * scale), parts - 1);
    bins[bin] += 1;
    if ((rows.kind[shown.list[at]] & 3) !== 0) others[bin] += 1;
  }
  shown.bins = { bins, others, most: bins.reduce((one, other) => Math.max(one, other), 1) };
  return shown.bins;
}

/** The strip: how many operations were called when, and where keys failed. */
function drawStrip() {
  const { context, width } = prepare(strip);
  const whole = shown.most - shown.least;
  const scale = (width - NAMES) / whole;
  const { bins, others, most } = binsOf(Math.max(1, Math.floor((width - NAMES) / 3)));
  const pixel = (place) => NAMES + (place - shown.least) * scale;
  context.fillStyle = colors.trouble;
  for (const trouble of data.troubles) {
    const [from, to] = placesOf(trouble).map(pixel);
    context.fillRect(from, 0, Math.max(to - from, 1), STRIP);
  }
  for (const [heights, color] of [[bins, "many"], [others, "fail-line"]]) {
    context.fillStyle = colors[color];
    heights.forEach((size, bin) => {
      const tall = (size / most) * (STRIP - 4);
      context.fillRect(NAMES + bin * 3, STRIP - tall, 2, tall);
    });
  }
  context.fillStyle = colors["bad-line"];
  for (const { row } of data.failures) {
    const at = row === null ? -1 : placeOf(row);
    if (at >= 0) context.fillRect(pixel(shown.start[at]) - 1, 0, 2, STRIP);
  }
  const [from, to] = [pixel(view.from), pixel(view.to)];
  context.strokeStyle = colors.point;
  context.lineWidth = 2;
  context.strokeRect(from, 1, Math.max(to - from, 2), STRIP - 2);
  context.font = `12px ${SANS}`;
  context.fillStyle = colors.faint;
  context.textAlign = "right";
  context.fillText(counted(shown.list.length, "operation"), NAMES - 8, 24, NAMES - 12);
  context.textAlign = "left";
}

/** The row that is drawn at a pixel of the timeline, if any: the nearest of its lane. */
function rowAt(x, y) {
  const lane = Math.floor((y + view.top) / ROW);
  const { clientWidth: width, clientHeight: height } = timeline;
  if (x < NAMES || y > height - AXIS || lane < 0 || lane >= shown.lanes.length) return null;
  const places = shown.byLane[lane];
  const place = placeAt(x, width);
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (shown.start[places[middle]] <= place) low = middle + 1;
    else high = middle;
  }
  const slack = (3 * (view.to - view.from)) / (width - NAMES);
  for (const at of [low - 1, low]) {
    if (at < 0 || at >= places.length) continue;
    const one = places[at];
    if (shown.start[one] - slack <= place && place <= shown.end[one] + slack) {
      return shown.list[one];
    }
  }
  return null;
}

/** Scrolls the lanes so that one of them is in sight. */
function showLane(lane) {
  const height = timeline.clientHeight - AXIS;
  if (lane * ROW < view.top) view.top = lane * ROW;
  if ((lane + 1) * ROW > view.top + height) view.top = (lane + 1) * ROW - height;
}
