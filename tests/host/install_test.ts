import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  COMMON_PROGRAMS,
  familyOf,
  FEATURE_PROGRAMS,
  installAdvice,
  planInstall,
  type Program,
  PROGRAMS,
} from "../../lib/host/install.ts";

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

Deno.test("what virtual machines and uplinks need has its packages", () => {
  const programs: Program[] = [
    "qemu-system-x86_64",
    "qemu-img",
    "virtiofsd",
    "pasta",
    "slirp4netns",
  ];
  const advice = (osRelease: string) => installAdvice(programs, osRelease);
  assertEquals(
    advice(FEDORA),
    "sudo dnf install qemu-system-x86 qemu-img virtiofsd passt slirp4netns",
  );
  assertEquals(advice(ARCH), "sudo pacman -S qemu-base qemu-img virtiofsd passt slirp4netns");
});

const VIRTIOFSD: [release: string, name: string][] = [
  ['ID=debian\nVERSION_ID="12"\n', "qemu-system-common"],
  ['ID=debian\nVERSION_ID="13"\n', "virtiofsd"],
  ["ID=debian\n", "virtiofsd"], // testing has no number
  ['ID=ubuntu\nID_LIKE=debian\nVERSION_ID="22.04"\n', "qemu-system-common"],
  ['ID=ubuntu\nID_LIKE=debian\nVERSION_ID="23.10"\n', "virtiofsd"],
  ['ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n', "virtiofsd"],
];

for (const [release, name] of VIRTIOFSD) {
  Deno.test(`virtiofsd is in the package ${name} of ${release.replaceAll("\n", " ")}`, () => {
    assertEquals(installAdvice(["virtiofsd"], release), `sudo apt-get install ${name}`);
  });
}

Deno.test("every program is either of every lab or of a feature", () => {
  assertEquals([...COMMON_PROGRAMS, ...FEATURE_PROGRAMS].sort(), [...PROGRAMS].sort());
});
