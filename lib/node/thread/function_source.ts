import { RemoteFunctionError } from "../process/errors.ts";

/** Returns the source of a function as an expression. */
export function functionSource(fn: unknown, node: string): string {
  const refuse = (why: string) => new RemoteFunctionError(`${node}: run() ${why}`);
  if (typeof fn !== "function") {
    throw refuse(
      `takes a function, but was given ${fn === null ? "null" : typeof fn}; ` +
        "for example run(() => Deno.hostname())",
    );
  }
  const text = Function.prototype.toString.call(fn);
  if (/\{\s*\[native code\]\s*\}\s*$/.test(text)) {
    throw refuse(
      `cannot send ${fn.name || "a native or bound function"}: its source is not known; ` +
        "wrap it, as in run((x) => parseInt(x), x)",
    );
  }
  const kind = Object.prototype.toString.call(fn);
  if (/^\[object (Async)?GeneratorFunction\]$/.test(kind)) {
    throw refuse(
      `cannot send the generator ${fn.name || "function"}: what it returns stays on the node's ` +
        "thread; collect the values inside and return them as an array",
    );
  }
  if (/^class\b/.test(text)) {
    throw refuse(`cannot call the class ${fn.name}; make the object inside, and return plain data`);
  }
  if (/^(get|set)\s+[^\s(=]/.test(text)) {
    throw refuse(`cannot send the accessor ${fn.name}; wrap it in a function that stands alone`);
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
  throw refuse(
    `cannot send this function: its source does not stand alone: ${text.slice(0, 80)}`,
  );
}

/** Returns the outer variable that a function missed, if it failed for that reason. */
export function missingVariable(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== "ReferenceError") return undefined;
  return /^(\S+) is not defined$/.exec(error.message)?.[1];
}
