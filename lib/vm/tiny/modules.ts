import { elfSection } from "./elf.ts";
import { BootFilesError } from "./errors.ts";

/** The metadata of a kernel module. */
export interface ModuleInfo {
  /** Its path below the directory of the kernel's modules: `kernel/net/bridge/bridge.ko`. */
  path: string;
  /** The modules that it depends on directly, in the spelling with underscores. */
  depends: string[];
  /** The names by which the kernel requests it. */
  aliases: string[];
}

/** Modules by name. */
export type Modules = ReadonlyMap<string, ModuleInfo>;

/** Returns the name of a module from its file or another spelling: `virtio-rng.ko` is `virtio_rng`. */
export function moduleName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/\.ko(\.\w+)?$/, "").replaceAll("-", "_");
}

/** Reads the section `.modinfo` of a module: `key=value` entries, each with a trailing zero byte. */
export function readModuleInfo(path: string, file: Uint8Array): ModuleInfo {
  const section = elfSection(file, ".modinfo");
  if (!section) throw new BootFilesError(`${path} is not a kernel module: it has no .modinfo`);
  const lines = new TextDecoder().decode(section).split("\0");
  const values = (key: string) =>
    lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
  return {
    path,
    depends: values("depends").flatMap((list) => list.split(",")).filter((name) => name !== "")
      .map(moduleName),
    aliases: values("alias"),
  };
}

/**
 * Returns modules and all their dependencies in load order: each after those that it depends on.
 *
 * @param roots The names to begin with.
 * @param modules The modules that exist as files.
 * @param builtin The names of modules that are built into the kernel.
 * @throws {BootFilesError} If one is neither a file nor built in, or two depend on each other.
 */
export function loadOrder(
  roots: Iterable<string>,
  modules: Modules,
  builtin: ReadonlySet<string> = new Set(),
): string[] {
  const order = new Set<string>();
  const visit = (name: string, trail: readonly string[]) => {
    if (order.has(name)) return;
    if (trail.includes(name)) {
      throw new BootFilesError(
        `kernel modules depend on each other: ${[...trail, name].join(" -> ")}`,
      );
    }
    const module = modules.get(name);
    if (!module && builtin.has(name)) return;
    if (!module) {
      const reason = trail.length > 0 ? `, on which ${trail.at(-1)} depends` : "";
      throw new BootFilesError(`the kernel's package has no module "${name}"${reason}`);
    }
    for (const needed of module.depends) visit(needed, [...trail, name]);
    order.add(name);
  };
  for (const name of roots) visit(moduleName(name), []);
  return [...order];
}

/** Returns the text of `modules.dep`, as depmod(8) writes it: the first dependency to load comes last. */
export function modulesDep(names: readonly string[], modules: Modules): string {
  return names.map((name) => {
    const needed = loadOrder([name], modules, builtinOf(names, modules)).reverse().slice(1);
    const paths = needed.map((needed) => modules.get(needed)!.path);
    return [`${modules.get(name)!.path}:`, ...paths].join(" ") + "\n";
  }).join("");
}

/** Returns the dependencies without files; an earlier {@link loadOrder} has checked that they are built in. */
function builtinOf(names: readonly string[], modules: Modules): Set<string> {
  return new Set(
    names.flatMap((name) => modules.get(name)!.depends).filter((name) => !modules.has(name)),
  );
}

/** Returns the text of `modules.alias`, which maps the kernel's own requests to modules. */
export function modulesAlias(names: readonly string[], modules: Modules): string {
  return names.flatMap((name) =>
    modules.get(name)!.aliases.map((alias) => `alias ${alias} ${name}\n`)
  ).join("");
}

/** Parses `modules.builtin`. */
export function builtinModules(text: string): Set<string> {
  return new Set(text.split("\n").filter((line) => line !== "").map(moduleName));
}
