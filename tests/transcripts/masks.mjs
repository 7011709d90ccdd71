// What differs between two runs of the same exchange, and what must not.
//
// Times and durations are masked by their form. An identifier is what differed between two recordings at the same place: it
// stands in a transcript as `«id 7»`, the same number wherever the same identifier stands, so that a replay can tell that
// the server takes it for the same.

// The protocol's revisions look like dates: the last is the day up to which dates are kept.
const TIMES = [
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?/g, "«time»"],
  [/(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d? \w{3} \d{4} \d\d:\d\d:\d\d GMT/g, "«time»"],
  [/\b\d{4}-\d\d-\d\d\b/g, (date) => (date > "2026-07-28" ? "«date»" : date)],
  [/\b1[789]\d{8}(\d{3})?(\.\d+)?\b/g, "«time»"],
  // In JSON within JSON the quotes have backslashes before them.
  [/((?:elapsed|duration|execution_time|uptime)[a-z_]*[\\"]*: ?)\d+(\.\d+)?/g, "$1«duration»"],
  [/\b(?:an?|\d+(?:\.\d+)?) (millisecond|second|minute|hour|day|week|month|year)s? ago\b/g, "«ago»"],
];

/** The words that may be identifiers: long enough to be drawn, and of signs that those have. */
const WORD = /[A-Za-z0-9_-]{12,}|\d+(?:\.\d+)?/g;
const LABEL = /«id \d+»/g;

export function withoutTimes(text) {
  return TIMES.reduce((masked, [form, mask]) => masked.replace(form, mask), text);
}

/** The identifiers of a replay, by their labels. */
export class Identifiers {
  #values = new Map();

  /** Puts the current values in the place of labels. */
  fill(text) {
    return text.replace(LABEL, (label) => this.#values.get(label) ?? label);
  }

  set(label, value) {
    this.#values.set(label, value);
  }

  /**
   * Whether `current` is what `recorded` says; takes the value of each label that stands there for the first time. Gives the
   * first place where they differ, or nothing.
   */
  differs(recorded, current) {
    const parts = withoutTimes(recorded).split(/(«id \d+»|«any»)/);
    let rest = withoutTimes(current);
    for (let index = 0; index < parts.length; index += 2) {
      const literal = parts[index];
      if (!rest.startsWith(literal)) return place(literal, rest);
      rest = rest.slice(literal.length);
      const label = parts[index + 1];
      if (label === undefined) break;
      const known = this.#values.get(label);
      const word = known !== undefined && rest.startsWith(known) ? known : rest.match(label === "«any»" ? /^\d+(\.\d+)?/ : /^[A-Za-z0-9_-]+/)?.[0];
      if (word === undefined) return `no ${label} at ${JSON.stringify(rest.slice(0, 80))}`;
      if (label !== "«any»" && known !== undefined && known !== word) return `${label} was ${known} and is ${word}`;
      if (label !== "«any»") this.#values.set(label, word);
      rest = rest.slice(word.length);
    }
    return rest === "" ? undefined : place("", rest);
  }
}

function place(expected, found) {
  let at = 0;
  while (at < expected.length && expected[at] === found[at]) at += 1;
  const from = Math.max(0, at - 40);
  return `expected ${JSON.stringify(expected.slice(from, at + 120))}, found ${JSON.stringify(found.slice(from, at + 120))}`;
}

/** Finds the identifiers of a recording by a second run of it, and puts labels in their place. */
export class Labels {
  #labels = new Map();
  #current = new Map();

  /** A word of the recording whose label and whose place in the second run are known before. */
  know(word, current, label) {
    this.#labels.set(word, label);
    this.#current.set(word, current);
  }

  /** A request of the recording as the second run must send it. */
  translate(text) {
    return text.replace(WORD, (word) => this.#current.get(word) ?? word);
  }

  /** A request of the recording with labels in the place of identifiers. */
  ofRequest(text) {
    return text.replace(WORD, (word) => this.#labels.get(word) ?? word);
  }

  /**
   * What the server said, with labels in the place of the words that the second run has others for. A number that is too
   * short for an identifier may be anything. Gives nothing where the two runs differ in more than words.
   */
  ofAnswer(recorded, current) {
    const [one, other] = [withoutTimes(recorded), withoutTimes(current)];
    const skeleton = (text) => text.replace(WORD, "«»");
    if (skeleton(one) !== skeleton(other)) return undefined;
    const others = other.match(WORD) ?? [];
    let index = -1;
    return one.replace(WORD, (word) => {
      const now = others[(index += 1)];
      if (word === now) return word;
      if (word.length < 12) return "«any»";
      if (!this.#labels.has(word)) this.know(word, now, `«id ${this.#labels.size + 1}»`);
      return this.#labels.get(word);
    });
  }
}
