/**
 * A text with `${i}`, and sums such as `${i % 2}`, replaced by their value, where `i` is the number of
 * a counted device. They are of whole numbers, with `+ - * / %`; a division drops the rest.
 *
 * @throws {RangeError} If it divides by 0.
 *
 * @example
 * ```ts
 * import { replaceIndex } from "./index_expressions.ts";
 *
 * console.assert(replaceIndex("${provider-${i % 2}.port} ${HOME}", 3) === "${provider-1.port} ${HOME}");
 * ```
 */
export function replaceIndex(text: string, i: number): string {
  return text.replace(EXPRESSION, (written) => {
    const tokens = written.slice(2, -1).match(/i|\d+|[-+*/%]/g)!;
    if (!tokens.includes("i")) return written;
    const value = sumOf(tokens.map((token) => token === "i" ? String(i) : token));
    if (value === undefined) throw new RangeError(`"${written}" divides by 0`);
    return String(value);
  });
}

/** Whether a text has `${i}` where only the number of a counted device can be meant. */
export function needsIndex(text: string): boolean {
  return /\$\{[A-Za-z0-9._-]*\$\{\s*i\b[^}]*\}/.test(text);
}

const EXPRESSION = /\$\{\s*(?:i|\d+)(?:\s*[-+*/%]\s*(?:i|\d+))*\s*\}/g;

/** The value of numbers with signs between them; of a division by 0, undefined. */
function sumOf(tokens: readonly string[]): number | undefined {
  const terms = [Number(tokens[0])];
  for (let at = 1; at < tokens.length; at += 2) {
    const operand = Number(tokens[at + 1]);
    const last = terms.length - 1;
    switch (tokens[at]) {
      case "+":
        terms.push(operand);
        break;
      case "-":
        terms.push(-operand);
        break;
      case "*":
        terms[last] *= operand;
        break;
      default:
        if (operand === 0) return undefined;
        terms[last] = tokens[at] === "%"
          ? terms[last] % operand
          : Math.trunc(terms[last] / operand);
    }
  }
  return terms.reduce((sum, term) => sum + term, 0);
}
