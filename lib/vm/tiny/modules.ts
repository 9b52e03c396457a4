import { elfSection } from "./elf.ts";
import { BootFilesError } from "./errors.ts";

/** What a kernel module says about itself. */
export interface ModuleInfo {
  /** Its path below the directory of the kernel's modules: `kernel/net/bridge/bridge.ko`. */
  path: string;
  /** The modules that it needs itself, in the spelling with underscores. */
  depends: string[];
  /** The names by which the kernel asks for it. */
  aliases: string[];
}

/** Modules by name. */
export type Modules = ReadonlyMap<string, ModuleInfo>;

/** The name of a module by its file or by another spelling: `virtio-rng.ko` is `virtio_rng`. */
export function moduleName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/\.ko(\.\w+)?$/, "").replaceAll("-", "_");
}

/** Reads what the section `.modinfo` of a module has: `key=value`, each with a zero byte behind it. */
export function readModuleInfo(path: string, file: Uint8Array): ModuleInfo {
  const section = elfSection(file, ".modinfo");
  if (!section) throw new BootFilesError(`${path} is no kernel module: it has no .modinfo`);
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
 * Modules and all that they need, each behind what it needs itself: the order of loading.
 *
 * @param wanted The names to begin with.
 * @param modules All that the kernel has as files.
 * @param builtin The names of those that are part of the kernel.
 * @throws {BootFilesError} If one is neither a file nor part of the kernel, or two need each other.
 */
export function loadOrder(
  wanted: Iterable<string>,
  modules: Modules,
  builtin: ReadonlySet<string> = new Set(),
): string[] {
  const order = new Set<string>();
  const visit = (name: string, trail: readonly string[]) => {
    if (order.has(name)) return;
    if (trail.includes(name)) {
      throw new BootFilesError(`kernel modules need each other: ${[...trail, name].join(" -> ")}`);
    }
    const module = modules.get(name);
    if (!module && builtin.has(name)) return;
    if (!module) {
      const reason = trail.length > 0 ? `, which ${trail.at(-1)} needs` : "";
      throw new BootFilesError(`the kernel's package has no module "${name}"${reason}`);
    }
    for (const needed of module.depends) visit(needed, [...trail, name]);
    order.add(name);
  };
  for (const name of wanted) visit(moduleName(name), []);
  return [...order];
}

/** The text of `modules.dep`, as depmod(8) writes it: what is needed first stands last. */
export function modulesDep(names: readonly string[], modules: Modules): string {
  return names.map((name) => {
    const needed = loadOrder([name], modules, builtinOf(names, modules)).reverse().slice(1);
    const paths = needed.map((needed) => modules.get(needed)!.path);
    return [`${modules.get(name)!.path}:`, ...paths].join(" ") + "\n";
  }).join("");
}

/** Needed names that are no files; {@link loadOrder} of the whole has found them in the kernel. */
function builtinOf(names: readonly string[], modules: Modules): Set<string> {
  return new Set(
    names.flatMap((name) => modules.get(name)!.depends).filter((name) => !modules.has(name)),
  );
}

/** The text of `modules.alias`, by which the kernel's own requests find a module. */
export function modulesAlias(names: readonly string[], modules: Modules): string {
  return names.flatMap((name) =>
    modules.get(name)!.aliases.map((alias) => `alias ${alias} ${name}\n`)
  ).join("");
}

/** The names in the text of `modules.builtin`. */
export function builtinModules(text: string): Set<string> {
  return new Set(text.split("\n").filter((line) => line !== "").map(moduleName));
}
