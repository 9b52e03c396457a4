import { assertEquals, assertStringIncludes } from "@std/assert";
import { familyOf, installAdvice, planInstall, type Program } from "../../lib/host/install.ts";

const DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nID=debian\n';
const MINT = 'NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n';
const FEDORA = "NAME=Fedora\nID=fedora\n";
const ROCKY = 'ID="rocky"\nID_LIKE="rhel centos fedora"\n';
const ARCH = "ID=arch\n";
const MANJARO = "ID=manjaro\nID_LIKE=arch\n";
const ALPINE = "ID=alpine\n";
const NIXOS = "ID=nixos\n";

const MISSING: Program[] = ["ip", "tc", "nft", "ping"];

Deno.test("a distribution belongs to the family of its package manager", () => {
  const families = [DEBIAN, MINT, FEDORA, ROCKY, ARCH, MANJARO, ALPINE, NIXOS, ""].map(familyOf);
  assertEquals(families, [
    "debian",
    "debian",
    "fedora",
    "fedora",
    "arch",
    "arch",
    "alpine",
    "other",
    "other",
  ]);
});

Deno.test("nothing is done when nothing is missing", () => {
  assertEquals(planInstall([], DEBIAN, 0), { kind: "nothing" });
  assertEquals(planInstall([], NIXOS, 1000), { kind: "nothing" });
});

Deno.test("root on Debian and its kin installs each package once", () => {
  for (const osRelease of [DEBIAN, MINT]) {
    assertEquals(planInstall(MISSING, osRelease, 0), {
      kind: "install",
      packages: ["iproute2", "nftables", "iputils-ping"],
      commands: [
        "apt-get -qq -o DPkg::Lock::Timeout=120 update".split(" "),
        ("apt-get -qq -o DPkg::Lock::Timeout=120 install -y --no-install-recommends " +
          "iproute2 nftables iputils-ping").split(" "),
      ],
    });
  }
});

const ADVICE: [osRelease: string, command: string][] = [
  [DEBIAN, "sudo apt-get install iproute2 nftables iputils-ping"],
  [FEDORA, "sudo dnf install iproute iproute-tc nftables iputils"],
  [ROCKY, "sudo dnf install iproute iproute-tc nftables iputils"],
  [ARCH, "sudo pacman -S iproute2 nftables iputils"],
  [
    ALPINE,
    "Alpine has musl, and Netyard needs glibc: use a Debian, Ubuntu, Fedora or Arch system",
  ],
  [
    NIXOS,
    "Debian, Ubuntu: sudo apt-get install iproute2 nftables iputils-ping\n" +
    "  Fedora: sudo dnf install iproute iproute-tc nftables iputils\n" +
    "  Arch: sudo pacman -S iproute2 nftables iputils",
  ],
];

for (const [osRelease, command] of ADVICE) {
  Deno.test(`a person is told what to type on ${/^ID=.*$/m.exec(osRelease)}`, () => {
    assertEquals(planInstall(MISSING, osRelease, 1000), {
      kind: "advise",
      message: `Netyard needs programs that are not on this host: ip, tc, nft, ping\n  ${command}`,
    });
  });
}

Deno.test("root elsewhere is told, too", () => {
  for (const osRelease of [FEDORA, ARCH, ALPINE, NIXOS]) {
    assertEquals(planInstall(MISSING, osRelease, 0).kind, "advise");
  }
});

Deno.test("advice for one program names its package", () => {
  assertEquals(
    installAdvice(["qemu-system-x86_64"], DEBIAN),
    "sudo apt-get install qemu-system-x86",
  );
  assertStringIncludes(installAdvice(["nft"], ""), "Fedora: sudo dnf install nftables; Arch:");
});
