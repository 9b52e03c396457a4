import { assertEquals, assertThrows } from "@std/assert";
import { BootFilesError } from "../../../lib/vm/tiny/errors.ts";
import {
  builtinModules,
  loadOrder,
  type ModuleInfo,
  moduleName,
  modulesAlias,
  modulesDep,
  readModuleInfo,
} from "../../../lib/vm/tiny/modules.ts";
import { libraryClosure, parseDepends } from "../../../lib/vm/tiny/packages.ts";
import { moduleFile } from "./elf_file.ts";

function modules(depends: Record<string, string[]>): Map<string, ModuleInfo> {
  return new Map(
    Object.entries(depends).map(([name, depends]) => [name, {
      path: `kernel/${name}.ko`,
      depends,
      aliases: [`test:${name}*`],
    }]),
  );
}

// virtio_net -> net_failover -> failover, virtio_net -> virtio -> virtio_ring
const NET = modules({
  virtio_net: ["virtio_ring", "virtio", "net_failover"],
  virtio: ["virtio_ring"],
  virtio_ring: [],
  net_failover: ["failover"],
  failover: [],
});

Deno.test("the dependencies and aliases of a module are read", () => {
  const file = moduleFile([
    "license=GPL",
    "alias=virtio:d00000001v*",
    "alias=second",
    "depends=virtio-ring,virtio,net_failover",
    "name=virtio_net",
  ]);
  assertEquals(readModuleInfo("kernel/net/virtio_net.ko", file), {
    path: "kernel/net/virtio_net.ko",
    depends: ["virtio_ring", "virtio", "net_failover"],
    aliases: ["virtio:d00000001v*", "second"],
  });
  assertEquals(readModuleInfo("a.ko", moduleFile(["depends="])).depends, []);
  assertThrows(
    () => readModuleInfo("a.ko", new TextEncoder().encode("text")),
    BootFilesError,
    "a.ko is not a kernel module",
  );
  assertEquals(moduleName("kernel/char/virtio-rng.ko.xz"), "virtio_rng");
});

Deno.test("modules are loaded after their dependencies", () => {
  assertEquals(loadOrder(["virtio-net", "virtio"], NET), [
    "virtio_ring",
    "virtio",
    "failover",
    "net_failover",
    "virtio_net",
  ]);
});

Deno.test("built-in modules are not loaded; a missing module is an error", () => {
  const some = modules({ bridge: ["stp", "llc"], llc: [] });
  assertEquals(loadOrder(["bridge", "ext4"], some, new Set(["stp", "ext4"])), ["llc", "bridge"]);
  assertThrows(
    () => loadOrder(["bridge"], some),
    BootFilesError,
    'the kernel\'s package has no module "stp", on which bridge depends',
  );
  assertThrows(
    () => loadOrder(["a"], modules({ a: ["b"], b: ["a"] })),
    BootFilesError,
    "kernel modules depend on each other: a -> b -> a",
  );
});

Deno.test("modules.dep has all dependencies, with the first one to load last", () => {
  assertEquals(
    modulesDep(["virtio_ring", "virtio", "failover", "net_failover", "virtio_net"], NET),
    "kernel/virtio_ring.ko:\n" +
      "kernel/virtio.ko: kernel/virtio_ring.ko\n" +
      "kernel/failover.ko:\n" +
      "kernel/net_failover.ko: kernel/failover.ko\n" +
      "kernel/virtio_net.ko: kernel/net_failover.ko kernel/failover.ko kernel/virtio.ko " +
      "kernel/virtio_ring.ko\n",
  );
  assertEquals(modulesAlias(["virtio"], NET), "alias test:virtio* virtio\n");
});

Deno.test("the names in modules.builtin are read", () => {
  const text = "kernel/fs/ext4/ext4.ko\nkernel/crypto/crypto-simd.ko\n";
  assertEquals(builtinModules(text), new Set(["ext4", "crypto_simd"]));
});

// An excerpt of the output of `apt-cache depends --recurse`.
const DEPENDS = `iproute2
  Depends: libbpf1
 |Depends: debconf
  Depends: <debconf-2.0>
    cdebconf
    debconf
  PreDepends: libc6
libbpf1
  Depends: libc6
  Depends: zlib1g
  Depends: libbpf-common
debconf
  Depends: perl
libc6
  Depends: libgcc-s1
libc6:i386
  Depends: libgcc-s1:i386
`;

Deno.test("dependencies are followed to libraries, and no further", () => {
  const depends = parseDepends(DEPENDS);
  assertEquals(depends.get("iproute2"), ["libbpf1", "debconf", "libc6"]);
  assertEquals(libraryClosure(["iproute2"], depends), [
    "iproute2",
    "libbpf1",
    "libc6",
    "zlib1g",
    "libgcc-s1",
  ]);
});
