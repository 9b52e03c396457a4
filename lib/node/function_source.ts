import { RemoteFunctionError } from "./errors.ts";

/** The source of a function as an expression that evaluates to it again. */
export function functionSource(fn: unknown): string {
  if (typeof fn !== "function") {
    throw new RemoteFunctionError(
      `run() takes a function, but was given ${typeof fn}; for example run(() => Deno.hostname())`,
    );
  }
  const text = Function.prototype.toString.call(fn);
  if (/\{\s*\[native code\]\s*\}\s*$/.test(text)) {
    throw new RemoteFunctionError(
      `run() cannot send ${
        fn.name || "a native or bound function"
      }: its source is not known; wrap it, ` +
        "as in run((x) => parseInt(x), x)",
    );
  }
  // A method in shorthand, `name(...) {...}`, is an expression only inside an object.
  for (const source of [`(${text})`, `Object.values({ ${text} })[0]`]) {
    try {
      new Function(`return ${source}`);
      return source;
    } catch {
      // Try the next form.
    }
  }
  throw new RemoteFunctionError(
    `run() cannot send this function: its source does not stand alone: ${text.slice(0, 80)}`,
  );
}

/** Says which outer variable a function missed, if that is why it failed. */
export function missingVariable(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== "ReferenceError") return undefined;
  return /^(\S+) is not defined$/.exec(error.message)?.[1];
}
