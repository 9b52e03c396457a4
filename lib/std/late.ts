/**
 * A module that is loaded when a script uses it and not when the script imports Netyard.
 *
 * `await part.load()` loads it; asynchronous functions do that where they need it. Synchronous
 * functions call `part()`, which returns the module if some function has loaded it before: a lab
 * loads what its synchronous methods need when it is created, so that every handle finds it.
 *
 * @example
 * ```ts ignore
 * const shell = late(() => import("./process/shell.ts"));
 *
 * await shell.load(); // in an asynchronous function, once
 * shell().nodeShell(runtime); // in a synchronous one
 * ```
 */
export interface Late<Module> {
  /** The module, which must have been loaded. */
  (): Module;
  /** Loads the module, once. */
  load(): Promise<Module>;
}

/** Makes a {@link Late} module from the function that imports it. */
export function late<Module>(load: () => Promise<Module>): Late<Module> {
  let loaded: Module | undefined;
  let loading: Promise<Module> | undefined;
  const module = (): Module => {
    if (loaded === undefined) throw new TypeError(`not loaded yet: ${load}`);
    return loaded;
  };
  return Object.assign(module, {
    load: () => loading ??= load().then((module) => loaded = module),
  });
}
