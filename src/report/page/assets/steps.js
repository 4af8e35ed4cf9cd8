// The linearization of a key, step by step: the order, the state after each step, and a place on
// the axis for each point, within its operation and in the order of the steps.

/** The step at which the reader is: the key, and how many operations have taken effect. */
const walk = { key: null, at: 0 };

/** By key: its rows in the order of their steps. */
const ordersOfKeys = new Map();

/** By key: its points on the axis; forgotten with every change of places. */
const stepsOfKey = new Map();

/** The key whose steps are shown: that of the filter, or of what is selected, or the only one. */
function keyOfSteps() {
  if (filter.key !== null) return filter.key;
  if (data.keys.count === 1) return 0;
  return view.selected === null ? null : keyOf(view.selected);
}

/** The rows of a key in the order of their steps. */
function orderOf(key) {
  if (key === null) return [];
  let order = ordersOfKeys.get(key);
  if (!order) {
    order = [];
    for (let row = 0; row < count; row++) {
      if (rows.step[row] > 0 && keyOf(row) === key) order.push(row);
    }
    order.sort((a, b) => rows.step[a] - rows.step[b]);
    ordersOfKeys.set(key, order);
  }
  return order;
}

/** The failure of a key, if it has one. */
function failureOf(key) {
  return failures.get(key);
}

const failures = new Map(data.failures.map((failure) => [failure.key, failure]));

/** The points of a key: its rows that are shown, in the order of their steps, and their places. */
function pointsOf(key) {
  let points = stepsOfKey.get(key);
  if (points) return points;
  if (!shown.isSorted) return { rows: [], places: [] };
  const own = orderOf(key).filter((row) => placeOf(row) >= 0);
  const starts = new Float64Array(own.length);
  const ends = new Float64Array(own.length);
  let latest = -Infinity;
  own.forEach((row, at) => {
    latest = Math.max(latest, shown.start[placeOf(row)]);
    starts[at] = latest;
  });
  let earliest = Infinity;
  for (let at = own.length - 1; at >= 0; at--) {
    earliest = Math.min(earliest, shown.end[placeOf(own[at])]);
    ends[at] = Math.max(earliest, starts[at]);
  }
  points = { rows: own, places: spread(starts, ends) };
  stepsOfKey.set(key, points);
  return points;
}

/** Places between starts and ends, both ascending, such that no two are the same if they can. */
function spread(starts, ends) {
  const places = new Float64Array(starts.length);
  for (let at = 0; at < starts.length; ) {
    // Steps behind one and the same call share the room until the next call or return.
    let behind = at;
    while (behind < starts.length && starts[behind] === starts[at]) behind++;
    const next = behind < starts.length ? starts[behind] : Infinity;
    const until = Math.min(ends[at], next);
    const room = until === Infinity ? (shown.most - starts[at]) / 2 : until - starts[at];
    for (let nth = at; nth < behind; nth++) {
      places[nth] = starts[at] + (room * (nth - at + 1)) / (behind - at + 1);
    }
    at = behind;
  }
  return places;
}

/** The state after so many steps of a key, as text. */
function stateAfter(key, steps) {
  const row = orderOf(key)[steps - 1];
  return row === undefined || rows.state[row] === 0 ? "" : data.states[rows.state[row] - 1];
}

/** Goes to the state after so many steps of the key that is shown. */
function goToStep(steps) {
  const key = keyOfSteps();
  const order = orderOf(key);
  const last = linesOfSteps(key);
  if (last === 0) return;
  const failure = failureOf(key);
  walk.key = key;
  walk.at = Math.min(Math.max(steps, 0), last);
  const row = walk.at > order.length ? failure.row : order[walk.at - 1];
  if (row !== undefined && row !== null) {
    view.selected = row;
    reveal(row);
  }
  changed();
}

/** How many steps of a key have been taken; all of them, as long as nobody steps through it. */
function takenOf(key) {
  return walk.key === key ? walk.at : null;
}
