import { assertEquals, assertThrows } from "@std/assert";
import { parseEffectiveCapabilities, sufficesForLab } from "../../native/process/capabilities.ts";
import { splitRecords, toByteString } from "../../native/process/process.ts";
import {
  planReexec,
  type ProcessStart,
  RootlessError,
  rootlessError,
  type UserNamespaceFacts,
  usernsObstacle,
} from "../../native/process/userns.ts";

const START: ProcessStart = {
  executable: "/opt/deno/bin/deno",
  argv: ["deno", "run", "--allow-ffi", "a.ts", "", "two words"],
  environment: ["HOME=/home/ada", "PATH=/usr/bin:/bin"],
  mainModule: "file:///home/ada/a.ts",
};

Deno.test("a process is started again with its arguments, in unshare", () => {
  assertEquals(planReexec(START, "/usr/bin/unshare"), {
    program: "/usr/bin/unshare",
    argv: [
      "unshare",
      "-Urnm",
      "--",
      "/opt/deno/bin/deno",
      "run",
      "--allow-ffi",
      "a.ts",
      "",
      "two words",
    ],
    environment: [
      "HOME=/home/ada",
      "PATH=/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
      "NETYARD_ROOTLESS=1",
    ],
  });
});

Deno.test("a PATH with some system directories gets the others, at its end", () => {
  const { environment } = planReexec(
    { ...START, environment: ["PATH=/usr/sbin:/bin"] },
    "/usr/bin/unshare",
  );
  assertEquals(environment[0], "PATH=/usr/sbin:/bin:/usr/local/sbin:/sbin");
});

Deno.test("an older marker is replaced, and a variable that only begins like it stays", () => {
  const environment = ["NETYARD_ROOTLESS=0", "NETYARD_ROOTLESS_X=1"];
  assertEquals(planReexec({ ...START, environment }, "/u").environment, [
    "NETYARD_ROOTLESS_X=1",
    "NETYARD_ROOTLESS=1",
  ]);
});

Deno.test("deno that was called as dx stays dx", () => {
  const argv = ["/home/ada/bin/dx", "cowsay"];
  assertEquals(planReexec({ ...START, argv }, "/u").argv.slice(3), [
    "/opt/deno/bin/deno",
    "x",
    "cowsay",
  ]);
  // A copy of Deno with that name needs no subcommand.
  assertEquals(planReexec({ ...START, argv, executable: "/opt/dx" }, "/u").argv.slice(3), [
    "/opt/dx",
    "cowsay",
  ]);
});

Deno.test("a path that is not ASCII reaches execve as its UTF-8 bytes", () => {
  const { argv } = planReexec({ ...START, executable: "/home/zoë/deno" }, "/u");
  assertEquals(argv[3], "/home/zo\u00c3\u00ab/deno");
});

Deno.test("a process that cannot be started a second time is refused", () => {
  assertThrows(
    () => planReexec({ ...START, mainModule: "file:///home/ada/$deno$stdin.mts" }, "/u"),
    RootlessError,
    "save it to a file",
  );
  assertThrows(
    () => planReexec({ ...START, executable: "/opt/deno/bin/deno (deleted)" }, "/u"),
    RootlessError,
    "run the script again",
  );
});

Deno.test("splitting keeps empty records and bytes that are not UTF-8", () => {
  const bytes = new Uint8Array([100, 0, 0, 255, 195, 171, 0]);
  assertEquals(splitRecords(bytes), ["d", "", "\u00ff\u00c3\u00ab"]);
  assertEquals(splitRecords(new Uint8Array()), []);
  assertEquals(toByteString("ë"), "\u00c3\u00ab");
});

const ABLE: UserNamespaceFacts = {
  unshare: "/usr/bin/unshare",
  supported: true,
  max: "96365",
  container: false,
};
const FAILED = {
  ok: false,
  error: "unshare: write failed /proc/self/uid_map: Operation not permitted",
};

Deno.test("an ordinary host has no obstacle, with or without a trial", () => {
  assertEquals(usernsObstacle(ABLE), undefined);
  assertEquals(usernsObstacle({ ...ABLE, clone: "1", apparmor: "0" }), undefined);
  assertEquals(usernsObstacle({ ...ABLE, trial: { ok: true, error: "" } }), undefined);
});

Deno.test("a successful trial overrides a sysctl that forbids it in general", () => {
  const facts = { ...ABLE, apparmor: "1", trial: { ok: true, error: "" } };
  assertEquals(usernsObstacle(facts), undefined);
});

const OBSTACLES: [facts: Partial<UserNamespaceFacts>, message: string][] = [
  [
    { unshare: undefined },
    "the program unshare is not on PATH. To fix it, install the package util-linux",
  ],
  [
    { supported: false },
    "this kernel has no user namespaces. To fix it, use a kernel with CONFIG_USER_NS=y",
  ],
  [
    { clone: "0" },
    "kernel.unprivileged_userns_clone is 0. To fix it, run `sudo sysctl -w kernel.unprivileged_userns_clone=1`",
  ],
  [
    { max: "0" },
    "user.max_user_namespaces is 0. To fix it, run `sudo sysctl -w user.max_user_namespaces=10000`",
  ],
  [
    { apparmor: "1" },
    "kernel.apparmor_restrict_unprivileged_userns is 1, and no AppArmor profile allows it. " +
    "To fix it, run `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`",
  ],
  [
    {},
    "`unshare -Urnm` fails here (unshare: write failed /proc/self/uid_map: Operation not permitted). " +
    "To fix it, find the security policy of the host that forbids it (seccomp, SELinux, a chroot)",
  ],
  [
    { container: true },
    "`unshare -Urnm` fails here (unshare: write failed /proc/self/uid_map: Operation not permitted). " +
    "To fix it, start the container with --privileged",
  ],
  [
    { trial: { ok: false, error: "unshare: unshare failed: No space left on device" } },
    "`unshare -Urnm` fails here (unshare: unshare failed: No space left on device). To fix it, raise " +
    "user.max_user_namespaces, user.max_net_namespaces and user.max_mnt_namespaces with `sudo sysctl -w`",
  ],
];

for (const [facts, message] of OBSTACLES) {
  Deno.test(`the error names the obstacle: ${message.slice(0, 40)}`, () => {
    const obstacle = usernsObstacle({ ...ABLE, trial: FAILED, ...facts });
    assertEquals(
      rootlessError(obstacle!).message,
      "Netyard needs root and cannot become root in a user namespace: " +
        `${message}; or run the script as root.`,
    );
  });
}

Deno.test("the sysctls decide if no trial is permitted", () => {
  for (const facts of [{ clone: "0" }, { max: "0" }, { apparmor: "1" }]) {
    assertEquals(
      usernsObstacle({ ...ABLE, ...facts }),
      usernsObstacle({ ...ABLE, ...facts, trial: FAILED }),
    );
  }
});

Deno.test("the effective capabilities are read from the status of a process", () => {
  const status = "Name:\tdeno\nCapInh:\t0\nCapPrm:\t000001ffffffffff\nCapEff:\t0000000000201000\n";
  assertEquals(parseEffectiveCapabilities(status), 0x201000n);
  assertEquals(parseEffectiveCapabilities("Name:\tdeno\n"), 0n);
});

Deno.test("a lab needs both capabilities", () => {
  assertEquals(sufficesForLab(0x1ffffffffffn), true);
  assertEquals(sufficesForLab(1n << 12n | 1n << 21n), true);
  assertEquals(sufficesForLab(1n << 12n), false);
  assertEquals(sufficesForLab(1n << 21n), false);
  assertEquals(sufficesForLab(0n), false);
});
