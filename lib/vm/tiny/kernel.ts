import { BootFilesError } from "./errors.ts";
import { BOOT_MODULES, EXTRA_MODULES } from "./guest_modules.ts";
import type { GuestTree } from "./guest_tree.ts";
import {
  builtinModules,
  loadOrder,
  type ModuleInfo,
  moduleName,
  modulesAlias,
  modulesDep,
  readModuleInfo,
} from "./modules.ts";
import type { PackageTree } from "./package_tree.ts";
import { runTool } from "./tool.ts";

// Later releases of Debian compress their modules.
const UNPACKERS: Record<string, string> = { ".xz": "xz", ".zst": "zstd", ".gz": "gzip" };

/** Reads the image of the kernel from its package. */
export function kernelImage(packages: PackageTree): Uint8Array<ArrayBuffer> {
  const name = packages.names("boot").find((name) => name.startsWith("vmlinuz-"));
  if (!name) throw new BootFilesError("the kernel's package has no /boot/vmlinuz");
  return packages.read(`boot/${name}`);
}

/** Adds the kernel modules that the guest may need, and the files by which modprobe finds them. */
export async function addModules(guest: GuestTree, packages: PackageTree): Promise<void> {
  const base = ["usr/lib/modules", "lib/modules"].find((path) => packages.find(path));
  const release = base && packages.names(base)[0];
  if (!release) throw new BootFilesError("the kernel's package has no modules");
  const source = `${base}/${release}`;
  const files = new Map<string, string>();
  for (const path of packages.files(source)) {
    if (/\.ko(\.\w+)?$/.test(path)) files.set(moduleName(path), path.slice(source.length + 1));
  }
  const builtinText = new TextDecoder().decode(packages.read(`${source}/modules.builtin`));
  const builtin = builtinModules(builtinText);

  const modules = new Map<string, ModuleInfo>();
  const target = `usr/lib/modules/${release}`;
  const roots = [...BOOT_MODULES, ...EXTRA_MODULES.filter((name) => files.has(moduleName(name)))];
  const queue = new Set(roots.map(moduleName));
  for (const name of queue) { // the loop adds to it
    const file = files.get(name);
    if (!file) continue;
    const content = await unpacked(packages, `${source}/${file}`);
    const path = file.replace(/\.ko\.\w+$/, ".ko");
    const info = readModuleInfo(path, content);
    modules.set(name, info);
    for (const needed of info.depends) queue.add(needed);
    guest.file(`${target}/${path}`, content, 0o644);
  }
  const order = loadOrder(roots, modules, builtin);
  guest.file(`${target}/modules.dep`, modulesDep(order, modules), 0o644);
  guest.file(`${target}/modules.alias`, modulesAlias(order, modules), 0o644);
  guest.file(`${target}/modules.builtin`, builtinText, 0o644);
}

async function unpacked(packages: PackageTree, path: string): Promise<Uint8Array> {
  const tool = UNPACKERS[path.slice(path.lastIndexOf("."))];
  return tool ? await runTool([tool, "-dc", packages.find(path)!]) : packages.read(path);
}
