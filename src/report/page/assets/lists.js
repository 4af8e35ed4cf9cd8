// Long lists, of which only what is in sight is in the document.

/** Browsers cut elements that are higher. */
const HIGHEST = 8e6;

/**
 * A list of `length()` lines in `element`; `fill(line, index)` fills one, `pick(index)` is for
 * clicks, and `move(index)` for arrows, if they do something else.
 */
class LongList {
  constructor(element, { length, fill, pick, move = pick, height = 24 }) {
    Object.assign(this, { element, length, fill, pick, move, height, lines: [], current: -1 });
    this.spacer = document.createElement("div");
    this.spacer.className = "spacer";
    element.replaceChildren(this.spacer);
    element.addEventListener("scroll", () => this.draw());
    element.addEventListener("click", (event) => {
      const line = event.target.closest("[data-index]");
      if (line) this.pick(Number(line.dataset.index));
    });
    element.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.draw()).observe(element);
  }

  /** The arrows move through the list while it has the focus. */
  key(event) {
    const all = this.length();
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -all, End: all }[
      event.key
    ];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = Math.min(Math.max(this.current + by, 0), this.length() - 1);
    if (next >= 0 && next !== this.current) this.move(next);
  }

  /** The line that is the first in sight: the scroll bar may stand for more than its pixels. */
  first() {
    const { scrollTop, clientHeight } = this.element;
    const whole = this.length() * this.height;
    const room = Math.min(whole, HIGHEST) - clientHeight;
    if (whole <= HIGHEST || room <= 0) return Math.floor(scrollTop / this.height);
    return Math.floor(((scrollTop / room) * (whole - clientHeight)) / this.height);
  }

  /** Draws the lines that are in sight. */
  draw() {
    const length = this.length();
    const whole = Math.min(length * this.height, HIGHEST);
    this.spacer.style.height = `${whole}px`;
    const first = this.first();
    const fits = Math.ceil(this.element.clientHeight / this.height) + 1;
    const many = Math.max(0, Math.min(fits, length - first));
    while (this.lines.length < many) this.lines.push(this.newLine());
    const scaled = length * this.height > HIGHEST;
    const top = scaled ? this.element.scrollTop : first * this.height;
    this.lines.forEach((line, at) => {
      line.hidden = at >= many;
      if (line.hidden) return;
      const index = first + at;
      line.style.transform = `translateY(${top + at * this.height}px)`;
      line.dataset.index = index;
      line.id = `${this.element.id}-${index}`;
      line.setAttribute("aria-selected", index === this.current);
      line.setAttribute("aria-posinset", index + 1);
      line.setAttribute("aria-setsize", length);
      this.fill(line, index);
    });
    if (this.current < 0) this.element.removeAttribute("aria-activedescendant");
    else this.element.setAttribute("aria-activedescendant", `${this.element.id}-${this.current}`);
  }

  newLine() {
    const line = document.createElement("div");
    line.className = "line";
    line.setAttribute("role", "option");
    this.element.append(line);
    return line;
  }

  /** Makes a line the current one, and brings it into sight. */
  show(index) {
    this.current = index;
    const { scrollTop, clientHeight } = this.element;
    const length = this.length();
    if (index >= 0 && length * this.height <= HIGHEST) {
      const top = index * this.height;
      if (top < scrollTop || top + this.height > scrollTop + clientHeight) {
        this.element.scrollTop = Math.max(0, top - clientHeight / 2);
      }
    } else if (index >= 0) {
      const part = index / Math.max(1, length - clientHeight / this.height);
      this.element.scrollTop = part * (HIGHEST - clientHeight);
    }
    this.draw();
  }
}

/** Fills a line with texts, each in a class of its own; never as markup. */
function fillWith(line, parts) {
  parts.forEach(([name, text], at) => {
    let part = line.children[at];
    if (!part) line.append((part = document.createElement("span")));
    part.className = name;
    if (part.textContent !== text) part.textContent = text;
  });
  while (line.children.length > parts.length) line.lastChild.remove();
  line.title = parts.map(([, text]) => text).join(" ").slice(0, 300);
}
