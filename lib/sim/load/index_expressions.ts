/**
 * Replaces `${i}`, and expressions such as `${i % 2}`, by their value; `i` is the number of a counted
 * device. Expressions have whole numbers and `+ - * / %`; a division drops the remainder.
 *
 * @throws {RangeError} If an expression divides by 0.
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

/** Whether a text has `${i}` in a place where only the number of a counted device makes sense. */
export function needsIndex(text: string): boolean {
  return /\$\{[A-Za-z0-9._-]*\$\{\s*i\b[^}]*\}/.test(text);
}

const EXPRESSION = /\$\{\s*(?:i|\d+)(?:\s*[-+*/%]\s*(?:i|\d+))*\s*\}/g;

/** Returns the value of numbers with operators between them; undefined for a division by 0. */
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
