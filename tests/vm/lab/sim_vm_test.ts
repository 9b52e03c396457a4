import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { LabConfig } from "../../../lib/lab/config/types.ts";
import { asserts, run, sh, simulation } from "../../sim/kit.ts";

/** nas (a machine) and pc on lan. */
const topology: LabConfig = {
  bridges: { lan: {} },
  vms: { nas: { bridges: ["lan"] } },
  devices: { pc: { interfaces: { eth0: { gateway: "lan" } } } },
};

Deno.test("steps run programs in a virtual machine as in a device", async () => {
  const directory = await Deno.makeTempDir();
  const tool = `${directory}/tool`;
  await Deno.writeTextFile(tool, '#!/bin/sh\necho "$0: $1"; cat "$2"\n', { mode: 0o755 });
  const regex = /.+/;
  const device = "nas";
  const what = simulation([
    { action: "gen-file", id: "config", content: "pc is $NETYARD_IP_pc\n" },
    {
      action: "run",
      id: "tool",
      device,
      cmd: ["${binary.tool}", "ä b", "${config.path}"],
      captures: {
        said: { regex: /: (.*)/ },
        at: { regex: /^\/run.*tool/ },
        pc: { regex: /pc is (.*)/ },
      },
    },
    {
      action: "spawn",
      id: "server",
      device,
      cmd: [
        "sh",
        "-c",
        'echo "{\\"up\\":\\"$WHO $NETYARD_IP_pc\\"}"; echo hm >&2; sleep 1; exit 0',
      ],
      env: { WHO: "me" },
      parser: "ndjson",
      captures: { up: { pick: ".up" }, err: { pipe: "stderr", regex } },
    },
    { action: "capture", id: "packets", device, filter: "icmp" },
    { action: "set-link-condition", device, condition: { latencyMs: 20 } },
    sh("ping -c 1 $NETYARD_IP_nas", {
      id: "ping",
      device: "pc",
      requires: ["server.up"],
      captures: { ms: { regex: /time=([\d.]+)/ } },
    }),
    asserts("ping.ms >= 40", "server.up == me $NETYARD_IP_pc", "tool.pc == $NETYARD_IP_pc"),
    { action: "wait-for", target: "packets" },
    asserts("packets.packets == 2"),
    { action: "wait-for", target: "server" },
    { action: "spawn", id: "open", device, cmd: ["sleep", "100"] },
    { action: "run", id: "bad", device, cmd: ["no-such-tool"] },
  ], { topology });
  const lines: string[] = [];
  try {
    await run(what, async ({ failure, captures, steps }, outputs) => {
      assertEquals(failure?.id, "bad", failure?.message);
      assertStringIncludes(failure!.message, 'no program "no-such-tool"');
      assertEquals([failure!.device, failure!.exitCode], ["nas", 127]);
      assertEquals(captures["tool.said"], "ä b");
      assertMatch(captures["tool.at"], /^\/run\/netyard\/bin\/tool$/);
      assertEquals(captures["server.err"], "hm");
      assertEquals(steps.map(({ signal }) => signal).filter((signal) => signal), ["SIGTERM"]);
      assertMatch(await Deno.readTextFile(`${outputs}/nodes/nas/stdout.log`), /^pc is /m);
      assertMatch(await Deno.readTextFile(`${outputs}/nodes/nas/stderr.log`), /^hm$/m);
      assert(lines.includes("nas hm"), lines.join("\n"));
    }, {
      binaries: new Map([["tool", tool]]),
      onLine: ({ node, text }) => void lines.push(`${node} ${text}`),
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
