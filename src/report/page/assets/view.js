// What is shown: the operations that pass the filter, their places on the axis and on lanes, and
// the window of both that is in sight.

const filter = { key: null, process: "", names: new Set(), outcomes: new Set() };

/** The axis is the order of all ends, in which gaps vanish, or time. */
const view = {
  axis: "order",
  from: 0,
  to: 1,
  top: 0,
  selected: null,
  hits: [],
  hitSet: new Set(),
};

/** The rows that pass the filter, with their places; made anew by `refresh`. */
let shown = null;

/** Lanes: each process has one, and leaves it to another behind its last operation. */
const lanes = (() => {
  const lastRow = new Map();
  for (let row = 0; row < count; row++) lastRow.set(rows.process[row], row);
  const laneOf = new Map();
  const of = new Uint32Array(count);
  const first = [];
  // Lanes that are left, and from when on, the earliest first.
  const left = { lanes: [], from: [] };
  for (let row = 0; row < count; row++) {
    const process = rows.process[row];
    let lane = laneOf.get(process);
    if (lane === undefined) {
      const at = laneToTake(left, first, row);
      if (at < 0) {
        lane = first.push(row) - 1;
      } else {
        lane = left.lanes.splice(at, 1)[0];
        left.from.splice(at, 1);
      }
      laneOf.set(process, lane);
    }
    of[row] = lane;
    if (lastRow.get(process) !== row) continue;
    const from = endOf(row);
    if (from === NEVER) continue;
    const at = lowerBound(left.from, from);
    left.from.splice(at, 0, from);
    left.lanes.splice(at, 0, lane);
  }
  return { of, ...laneOrder(of, first) };
})();

/** Which of the lanes that are left a row's process takes: one of its node; -1 for a new one. */
function laneToTake(left, first, row) {
  const many = lowerBound(left.from, rows.call[row]);
  if (rows.extras.size === 0 || first.length > 200) return many > 0 ? 0 : -1;
  const node = nodeOf(row);
  return left.lanes.slice(0, many).findIndex((lane) => nodeOf(first[lane]) === node);
}

/** When the process of a row went on, or was gone; never for an operation that hangs. */
function endOf(row) {
  if (rows.ret[row] !== NEVER || rows.left[row] === 0) return rows.ret[row];
  return data.rows.is_by_time ? rows.call[row] : rows.call[row] + rows.left[row];
}

/** Lanes by node, if all their operations name one and the same, and by process. */
function laneOrder(of, first) {
  const nodes = first.map((row) => nodeOf(row));
  for (let row = 0; row < count && rows.extras.size > 0; row++) {
    if (nodes[of[row]] !== nodeOf(row)) nodes[of[row]] = "";
  }
  const numbers = first.map((row) => {
    const process = Number(processOf(row));
    return Number.isNaN(process) ? Infinity : process;
  });
  const byNode = (a, b) =>
    nodes[a] === nodes[b]
      ? 0
      : (nodes[a] === "") - (nodes[b] === "") ||
        nodes[a].localeCompare(nodes[b], "en", { numeric: true });
  const byNumber = (a, b) => (numbers[a] === numbers[b] ? a - b : numbers[a] - numbers[b]);
  const order = first.map((_, lane) => lane);
  order.sort((a, b) => byNode(a, b) || byNumber(a, b));
  const place = new Uint32Array(first.length);
  order.forEach((lane, at) => (place[lane] = at));
  return { place, nodes };
}

function nodeOf(row) {
  const extra = rows.extras.get(row)?.find(([name]) => texts[name] === '"node"');
  return extra ? bare(texts[extra[1]]) : "";
}

function passes(row) {
  return (
    (filter.key === null || keyOf(row) === filter.key) &&
    (filter.process === "" || filter.processes.has(rows.process[row])) &&
    !filter.names.has(rows.kind[row] >> 2) &&
    !filter.outcomes.has(Math.min(rows.kind[row] & 3, 2))
  );
}

/** The texts that are names of the processes that the filter names. */
function processesNamed(list) {
  const found = new Set();
  if (list === "") return found;
  const wanted = new Set(list.split(",").map((name) => name.trim()).filter(Boolean));
  texts.forEach((text, at) => {
    if (wanted.has(text) || wanted.has(bare(text))) found.add(at);
  });
  if (wanted.has("null")) found.add(0);
  return found;
}

/** Applies the filter. The window stays where it was, by its operations, as far as it can. */
function refresh() {
  filter.processes = processesNamed(filter.process);
  const picked = new Uint32Array(count);
  let size = 0;
  for (let row = 0; row < count; row++) if (passes(row)) picked[size++] = row;
  const before = shown && rangeInSight();
  shown = placed(picked.slice(0, size));
  stepsOfKey.clear();
  if (view.selected !== null && placeOf(view.selected) < 0) view.selected = null;
  if (before) showRows(before[0], before[1]);
  else showAll();
  searchAgain();
  changed();
}

/** The least and largest call in sight, as ranks. */
function rangeInSight() {
  const { list, start } = shown;
  let [from, to] = [Infinity, -Infinity];
  for (let at = 0; at < list.length; at++) {
    if (start[at] < view.from || start[at] > view.to) continue;
    from = Math.min(from, rows.call[list[at]]);
    to = Math.max(to, rows.call[list[at]]);
  }
  return from === Infinity ? null : [from, to];
}

/** Moves the window to the operations called between two ranks. */
function showRows(from, to) {
  const calls = shown.list;
  const place = (rank) => {
    let [low, high] = [0, calls.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows.call[calls[middle]] < rank) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const [first, last] = [place(from), Math.min(place(to), calls.length - 1)];
  if (first >= last || last - first >= 0.9 * (calls.length - 1)) return showAll();
  let [least, most] = [Infinity, -Infinity];
  for (let at = first; at <= last; at++) {
    least = Math.min(least, shown.start[at]);
    most = Math.max(most, shown.end[at] === Infinity ? shown.start[at] : shown.end[at]);
  }
  setWindow(least, most);
}

function showAll() {
  setWindow(shown.least, shown.most);
}

/** The rows of `list`, with their places. */
function placed(list) {
  const [start, end] = view.axis === "time" ? placesInTime(list) : placesInOrder(list);
  let [least, most] = [Infinity, -Infinity];
  let isSorted = true;
  for (let at = 0; at < list.length; at++) {
    isSorted &&= at === 0 || start[at - 1] <= start[at];
    least = Math.min(least, start[at]);
    most = Math.max(most, start[at], end[at] === Infinity ? start[at] : end[at]);
  }
  if (list.length === 0) [least, most] = [0, 1];
  const margin = (most - least || 1) * 0.01;
  const used = new Set();
  for (const row of list) used.add(lanes.of[row]);
  const order = [...used].sort((a, b) => lanes.place[a] - lanes.place[b]);
  const laneAt = new Map(order.map((lane, at) => [lane, at]));
  const byLane = order.map(() => []);
  list.forEach((row, at) => byLane[laneAt.get(lanes.of[row])].push(at));
  // Clocks that disagree can put a lane's operations in another order.
  if (!isSorted) byLane.forEach((places) => places.sort((a, b) => start[a] - start[b]));
  return {
    list,
    start,
    end,
    isSorted,
    least: least - margin,
    most: most + margin,
    lanes: order,
    byLane: byLane.map((places) => Uint32Array.from(places)),
  };
}

/** Places by the order of ends: without a filter ranks, else only the ends that are shown count. */
function placesInOrder(list) {
  const start = new Float64Array(list.length);
  const end = new Float64Array(list.length);
  let place = (rank) => rank - rows.call[0];
  if (list.length < count) {
    const ends = new Uint32Array(2 * list.length);
    list.forEach((row, at) => {
      ends[2 * at] = rows.call[row];
      ends[2 * at + 1] = rows.ret[row];
    });
    ends.sort();
    place = (rank) => lowerBound(ends, rank);
  }
  list.forEach((row, at) => {
    start[at] = place(rows.call[row]);
    end[at] = rows.ret[row] === NEVER ? Infinity : place(rows.ret[row]);
  });
  return [start, end];
}

/** Places by time; without one, where the operation before is. */
function placesInTime(list) {
  const start = new Float64Array(list.length);
  const end = new Float64Array(list.length);
  let before = 0;
  list.forEach((row, at) => {
    if (!Number.isNaN(rows.callTime[row])) before = rows.callTime[row];
    start[at] = before;
    const returned = Number.isNaN(rows.retTime[row]) ? before : rows.retTime[row];
    end[at] = rows.ret[row] === NEVER ? Infinity : Math.max(returned, before);
  });
  return [start, end];
}

/** Where a row stands among those shown; -1 if it does not. */
function placeOf(row) {
  if (row === null) return -1;
  if (shown.list.length === count) return row;
  const at = lowerBound(shown.list, row);
  return shown.list[at] === row ? at : -1;
}

/** Moves the window, within what there is, to at least a few operations. */
function setWindow(from, to) {
  const whole = shown.most - shown.least;
  const least = Math.min(whole, view.axis === "time" ? whole / 1e7 : 4);
  let width = Math.min(Math.max(to - from, least), whole);
  const middle = (from + to) / 2;
  view.from = Math.min(Math.max(middle - width / 2, shown.least), shown.most - width);
  view.to = view.from + width;
}

/** Zooms by a factor (below 1: closer) around a part of the window. */
function zoom(factor, part = 0.5) {
  const width = view.to - view.from;
  const fixed = view.from + part * width;
  setWindow(fixed - part * width * factor, fixed + (1 - part) * width * factor);
  changed();
}

/** Moves the window by a part of its width. */
function pan(part) {
  const by = part * (view.to - view.from);
  setWindow(view.from + by, view.to + by);
  changed();
}

/** Moves the window so that these rows are in it, with some room around them. */
function fitRows(list) {
  let [from, to] = [Infinity, -Infinity];
  let lane = Infinity;
  for (const row of list) {
    const at = placeOf(row);
    if (at < 0) continue;
    from = Math.min(from, shown.start[at]);
    to = Math.max(to, shown.end[at] === Infinity ? shown.start[at] : shown.end[at]);
    lane = Math.min(lane, shown.lanes.indexOf(lanes.of[row]));
  }
  if (from === Infinity) return;
  const room = Math.max((to - from) * 0.3, view.axis === "time" ? 0 : 8);
  setWindow(from - room, to + room);
  showLane(lane);
  if (placeOf(view.selected) >= 0) showLane(shown.lanes.indexOf(lanes.of[view.selected]));
  changed();
}

/** Brings a row into sight, with as little movement as that takes. */
function reveal(row) {
  const at = placeOf(row);
  if (at < 0) return;
  const [start, width] = [shown.start[at], view.to - view.from];
  if (start < view.from || start > view.from + 0.9 * width) {
    setWindow(start - width * 0.4, start + width * 0.6);
  }
  showLane(shown.lanes.indexOf(lanes.of[row]));
  changed();
}
