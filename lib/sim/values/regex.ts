/**
 * Translates the regular expressions of simulations, which have the syntax of Rust's regex crate, to
 * JavaScript. Classes such as `\d` and `\w` are ASCII only.
 */

/** A regular expression is invalid or not supported; the message says why. */
export class RegexSyntaxError extends Error {}

/**
 * Translates an expression in Rust's syntax.
 *
 * @throws {RegexSyntaxError} If it is invalid, or has no equivalent in JavaScript.
 *
 * @example
 * ```ts
 * import { toRegExp } from "./regex.ts";
 *
 * const match = toRegExp("(?i)rtt = (?P<avg>[[:digit:].]+)").exec("RTT = 5.1 ms");
 * console.assert(match?.groups?.avg === "5.1");
 * ```
 */
export function toRegExp(text: string): RegExp {
  const [, letters = ""] = /^\(\?([a-zA-Z-]+)\)/.exec(text) ?? [];
  const body = letters === "" ? text : text.slice(letters.length + 3);
  const flags = flagsOf(letters, "ims");
  try {
    return new RegExp(new Translation(body, flags.includes("s")).result(), `v${flags}`);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new RegexSyntaxError(error.message.replace(/^Invalid regular expression: .*: /s, ""));
  }
}

function flagsOf(letters: string, known: string): string {
  let flags = "";
  for (const letter of letters) {
    if (letter === "u") continue; // Unicode is always on.
    if (!known.includes(letter)) {
      const why = letter === "x"
        ? "write it without spaces and comments"
        : `use ${[...known].join(", ")}`;
      throw new RegexSyntaxError(`the flag "${letter}" is not supported: ${why}`);
    }
    if (!flags.includes(letter)) flags += letter;
  }
  return flags;
}

const POSIX: Record<string, string> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  ascii: "\\x00-\\x7f",
  blank: "\\t\\x20",
  cntrl: "\\x00-\\x1f\\x7f",
  digit: "0-9",
  graph: "\\x21-\\x7e",
  lower: "a-z",
  print: "\\x20-\\x7e",
  punct: "\\x21-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x7e",
  space: "\\t\\n\\v\\f\\r\\x20",
  upper: "A-Z",
  word: "0-9A-Z_a-z",
  xdigit: "0-9A-Fa-f",
};

/** Reads the expression from start to end, and translates each piece. */
class Translation {
  readonly #text: string;
  readonly #dotAll: boolean;
  #at = 0;

  constructor(text: string, dotAll: boolean) {
    this.#text = text;
    // In a group with the flag "s", a dot has the meaning that it has in JavaScript.
    this.#dotAll = dotAll || /\(\?[a-z]*s[a-z-]*:/.test(text);
  }

  result(): string {
    let out = "";
    while (this.#at < this.#text.length) out += this.#piece();
    return out;
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match) this.#at += match[0].length;
    return match;
  }

  #piece(): string {
    const named = this.#take(/\(\?P?<(?![=!])/y);
    if (named) return "(?<";
    const flags = this.#take(/\(\?([a-zA-Z-]+)([:)])/y);
    if (flags) return this.#group(flags[1], flags[2]);
    const quantifier = this.#take(/\{\d+(?:,\d*)?\}/y);
    if (quantifier) return quantifier[0];
    if (this.#text[this.#at] === "[") return this.#class();
    if (this.#text[this.#at] === "\\") return this.#escape(false);
    const [char] = this.#take(/[^]/yu)!;
    if (char === "." && !this.#dotAll) return "[^\\n]";
    return char === "]" || char === "}" ? `\\${char}` : char;
  }

  #group(letters: string, end: string): string {
    if (end === ")") {
      throw new RegexSyntaxError(
        `"(?${letters})" may only be at the start; use "(?${letters}:...)"`,
      );
    }
    const [on, off] = letters.split("-");
    const flags = flagsOf(on, "ims") + (off ? `-${flagsOf(off, "ims")}` : "");
    return `(?${flags}:`;
  }

  /** A class in brackets, with classes in it and `&&` and `--` between them. */
  #class(): string {
    this.#at++;
    const negated = this.#take(/\^/y) ? "^" : "";
    const operands = [""];
    let out = "";
    let empty = true;
    const put = (text: string) => {
      operands[operands.length - 1] += text;
      empty = false;
    };
    for (;;) {
      if (this.#at >= this.#text.length) throw new RegexSyntaxError('a "[" has no "]"');
      if (!empty && this.#take(/\]/y)) break;
      const operator = this.#take(/&&|--|~~/y)?.[0];
      if (operator === "~~") throw new RegexSyntaxError('"~~" in a class is not supported');
      if (operator) {
        out += `[${operands.at(-1)}]${operator}`;
        operands.push("");
        continue;
      }
      put(this.#classItem());
    }
    const last = operands.at(-1)!;
    return `[${negated}${out}${operands.length > 1 ? `[${last}]` : last}]`;
  }

  #classItem(): string {
    const posix = this.#take(/\[:(\^?)([a-z]+):\]/y);
    if (posix) {
      const ranges = POSIX[posix[2]];
      if (!ranges) throw new RegexSyntaxError(`"${posix[0]}" is no class`);
      return posix[1] ? `[^${ranges}]` : ranges;
    }
    if (this.#text[this.#at] === "[") return this.#class();
    const first = this.#classChar();
    // A hyphen is a range's only between two characters.
    if (/^\\[dDsSwWpP]/.test(first) || !this.#take(/-(?![\]-])/y)) return first;
    return `${first}-${this.#classChar()}`;
  }

  #classChar(): string {
    if (this.#text[this.#at] === "\\") return this.#escape(true);
    const [char] = this.#take(/[^]/yu)!;
    return classLiteral(char);
  }

  #escape(inClass: boolean): string {
    const edge = inClass ? null : this.#take(/\\[Az]/y);
    if (edge) return edge[0] === "\\A" ? "(?<![^])" : "(?![^])";
    const bell = this.#take(/\\a/y);
    if (bell) return "\\x07";
    const code = this.#take(/\\(?:[xuU]\{([0-9A-Fa-f]+)\}|U([0-9A-Fa-f]{8}))/y);
    if (code) return `\\u{${(code[1] ?? code[2]).replace(/^0+(?=.)/, "")}}`;
    const named = this.#take(/\\[pP](?:\{[^}]*\}|([A-Z]))/y);
    if (named) return named[1] ? `${named[0].slice(0, 2)}{${named[1]}}` : named[0];
    const word = this.#take(/\\[A-Za-z0-9]/y);
    if (word) return word[0];
    const other = this.#take(/\\([^])/yu);
    if (!other) throw new RegexSyntaxError('it ends in "\\"');
    if (inClass) return classLiteral(other[1]);
    return /[$()*+./?[\\\]^{|}]/.test(other[1]) ? other[0] : other[1];
  }
}

/** A character that means itself in a class. */
function classLiteral(char: string): string {
  return /[^\w\s]/.test(char) && char < "\x7f"
    ? `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`
    : char;
}
