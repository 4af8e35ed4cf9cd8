// The data of the page: columns of numbers, unpacked once, and what they say of an operation.

const NEVER = 0xffffffff;
const OUTCOMES = ["ok", "fail", "info", "open"];

const data = JSON.parse(document.getElementById("data").textContent);
const names = data.rows.names;
const texts = data.rows.texts;
const count = data.rows.count;

/** The bytes of a base64 text. */
function bytesOf(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** Reads LEB128 numbers one by one; 0 behind the last. */
function reader(base64) {
  const bytes = bytesOf(base64);
  let at = 0;
  return () => {
    if (at >= bytes.length) return 0;
    let byte = bytes[at++];
    let number = byte & 127;
    let scale = 1;
    while (byte > 127) {
      byte = bytes[at++];
      scale *= 128;
      number += (byte & 127) * scale;
    }
    return number;
  };
}

/** The number, which may be negative, that was written as a natural one. */
function unzigzag(number) {
  return number % 2 === 0 ? number / 2 : -(number + 1) / 2;
}

/** All rows, column by column. */
const rows = (() => {
  const packed = data.rows.columns;
  const hasKeys = data.keys.are_named;
  const table = {
    call: new Uint32Array(count),
    ret: new Uint32Array(count),
    invoked: null,
    completed: null,
    process: new Uint32Array(count),
    kind: new Uint32Array(count),
    left: new Uint32Array(count),
    key: new Uint32Array(hasKeys ? count : 0),
    input: new Uint32Array(count),
    output: new Uint32Array(count),
    callTime: data.rows.has_times ? new Float64Array(count) : null,
    retTime: data.rows.has_times ? new Float64Array(count) : null,
    step: new Uint32Array(count),
    state: new Uint32Array(count),
    extras: new Map(),
  };
  unpackEnds(table, packed);
  for (const column of ["process", "kind", "key", "input", "output", "state"]) {
    const next = reader(packed[column]);
    const target = table[column];
    for (let row = 0; row < target.length; row++) target[row] = next();
  }
  const left = reader(packed.left);
  for (let row = 0; row < count; row++) if ((table.kind[row] & 3) === 2) table.left[row] = left();
  if (data.rows.has_times) unpackTimes(table, packed);
  unpackSteps(table, packed);
  unpackExtras(table, packed);
  return table;
})();

/** Ranks and records of both ends; ranks are records unless times order the history. */
function unpackEnds(table, packed) {
  const call = reader(packed.call);
  const ret = reader(packed.ret);
  let before = 0;
  for (let row = 0; row < count; row++) {
    before += call();
    const length = ret();
    table.call[row] = before;
    table.ret[row] = length === 0 ? NEVER : before + length;
  }
  table.invoked = table.call;
  table.completed = table.ret;
  if (!data.rows.is_by_time) return;
  table.invoked = new Uint32Array(count);
  table.completed = new Uint32Array(count);
  const invoked = reader(packed.invoked);
  const completed = reader(packed.completed);
  let record = 0;
  for (let row = 0; row < count; row++) {
    record += unzigzag(invoked());
    const behind = completed();
    table.invoked[row] = record;
    table.completed[row] = behind === 0 ? NEVER : record + unzigzag(behind - 1);
  }
}

/** Times in nanoseconds since the first call; NaN where there is none. */
function unpackTimes(table, packed) {
  const call = reader(packed.call_time);
  const ret = reader(packed.ret_time);
  let before = 0;
  for (let row = 0; row < count; row++) {
    const since = call();
    if (since > 0) before += unzigzag(since - 1);
    const length = ret();
    table.callTime[row] = since > 0 ? before : NaN;
    table.retTime[row] = length > 0 ? before + unzigzag(length - 1) : NaN;
  }
}

function unpackSteps(table, packed) {
  const next = reader(packed.step);
  const before = new Map();
  for (let row = 0; row < count; row++) {
    const jump = next();
    if (jump === 0) continue;
    const key = keyOf(row, table);
    const step = (before.get(key) || 0) + 1 + unzigzag(jump - 1);
    table.step[row] = step;
    before.set(key, step);
  }
}

function unpackExtras(table, packed) {
  const rowOf = reader(packed.extra_row);
  const name = reader(packed.extra_name);
  const value = reader(packed.extra_value);
  let row = 0;
  for (;;) {
    const named = name();
    if (named === 0) return;
    row += rowOf();
    const own = table.extras.get(row);
    if (own) own.push([named, value()]);
    else table.extras.set(row, [[named, value()]]);
  }
}

function keyOf(row, table = rows) {
  return table.key.length > 0 ? table.key[row] : 0;
}

/** The name of a key: keys' texts are the first ones. */
function keyName(key) {
  return data.keys.are_named ? texts[key + 1] : "";
}

function functionOf(row) {
  return names[rows.kind[row] >> 2];
}

/** "ok", "fail", "info", or "open" for an operation without a completion. */
function outcomeOf(row) {
  return OUTCOMES[rows.kind[row] & 3];
}

/** The operation as a phrase: `write 1`, `read → 1`. */
function phraseOf(row) {
  const { name, is_effect: isEffect } = functionOf(row);
  const [input, output] = [rows.input[row], rows.output[row]];
  let phrase = name;
  if (input !== 0) phrase += " " + texts[input];
  const answers = output === 0 ? !isEffect : output !== input;
  if (answers && (rows.kind[row] & 3) === 0) phrase += " → " + (texts[output] || "null");
  return phrase;
}

/** A text without the quotes of a string. */
function bare(text) {
  return text.replace(/^"|"$/g, "");
}

function processOf(row) {
  return texts[rows.process[row]] || "null";
}

/** A duration in nanoseconds with a unit that fits, and at most three decimals. */
function durationPhrase(nanoseconds) {
  const size = Math.abs(nanoseconds);
  const [unit, name] =
    size < 1e3 ? [1, "ns"] : size < 1e6 ? [1e3, "µs"] : size < 1e9 ? [1e6, "ms"] : [1e9, "s"];
  const whole = unit === 1 ? nanoseconds : Math.trunc(nanoseconds / (unit / 1000)) / 1000;
  return `${whole} ${name}`;
}

/** A time in nanoseconds to its last digit. */
function exactPhrase(nanoseconds) {
  const size = Math.abs(nanoseconds);
  const [digits, name] = size < 1e3 ? [0, "ns"] : size < 1e6 ? [3, "µs"] : size < 1e9 ? [6, "ms"]
    : [9, "s"];
  const text = Math.round(size).toString().padStart(digits + 1, "0");
  const [whole, part] = [text.slice(0, text.length - digits), text.slice(text.length - digits)];
  const fraction = part.replace(/0+$/, "");
  return `${nanoseconds < 0 ? "-" : ""}${whole}${fraction ? "." + fraction : ""} ${name}`;
}

/** `1 operation`, `1,234 operations`. */
function counted(number, noun) {
  return `${withThousands(number)} ${noun}${number === 1 ? "" : "s"}`;
}

function withThousands(number) {
  return number.toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/** The first place in a sorted array, from `from` to `to`, that is not below `value`. */
function lowerBound(array, value, from = 0, to = array.length) {
  while (from < to) {
    const middle = (from + to) >> 1;
    if (array[middle] < value) from = middle + 1;
    else to = middle;
  }
  return from;
}
