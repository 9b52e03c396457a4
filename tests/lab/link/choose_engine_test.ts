import { assertEquals, assertLess, assertThrows } from "@std/assert";
import { hasCapabilities } from "../../../native/process/capabilities.ts";
import {
  chooseEngine,
  type LinkEngineFacts,
  linkEngineHere,
} from "../../../lib/lab/link/choose_engine.ts";
import { hasNetem, missingForNetem } from "../../../lib/host/netem_probe.ts";
import { LinkEngineError } from "../../../lib/link/errors.ts";

const facts = (missing: string[] = [], tc = true): LinkEngineFacts => ({
  missing: () => missing,
  tc: () => tc,
  osRelease: () => "ID=debian\n",
});
const NETEM = facts();
const NONE = facts(["sch_netem", "act_police"]);

Deno.test("netem is chosen where it works, and the emulator elsewhere", () => {
  for (const requested of [undefined, "auto"] as const) {
    assertEquals(chooseEngine(requested, undefined, NETEM), "netem");
    assertEquals(chooseEngine(requested, undefined, NONE), "emulator");
    assertEquals(chooseEngine(requested, undefined, facts([], false)), "emulator");
  }
});

Deno.test("the option wins over the environment, and the environment over the host", () => {
  assertEquals(chooseEngine(undefined, "emulator", NETEM), "emulator");
  assertEquals(chooseEngine(undefined, "netem", NETEM), "netem");
  assertEquals(chooseEngine(undefined, "auto", NONE), "emulator");
  assertEquals(chooseEngine(undefined, "", NETEM), "netem");
  assertEquals(chooseEngine("emulator", "netem", NETEM), "emulator");
  assertEquals(chooseEngine("auto", "emulator", NETEM), "netem");
  assertEquals(chooseEngine("netem", "nonsense", NETEM), "netem");
});

Deno.test("the host is read only if it decides", () => {
  const never = () => {
    throw new Error("looked at");
  };
  const unseen = { missing: never, tc: never, osRelease: never };
  assertEquals(chooseEngine("emulator", undefined, unseen), "emulator");
});

Deno.test("unusable netem is refused with what is missing and what to do", () => {
  const refused = (requested: "netem" | undefined, host: LinkEngineFacts, message: string) =>
    assertThrows(() => chooseEngine(requested, "netem", host), LinkEngineError, message);
  refused(
    "netem",
    NONE,
    'linkEngine is "netem", but the kernel has no sch_netem, act_police: ' +
      'run `sudo modprobe -a sch_netem act_police`, or use linkEngine "emulator"',
  );
  refused(undefined, NONE, 'NETYARD_LINK_ENGINE is "netem", but the kernel has no sch_netem');
  refused(
    "netem",
    facts([], false),
    'linkEngine is "netem", but there is no tc: ' +
      'install it: sudo apt-get install iproute2; or use linkEngine "emulator"',
  );
});

Deno.test("an unknown engine in the environment is refused with the known ones", () => {
  assertThrows(
    () => chooseEngine(undefined, "Netem", NETEM),
    LinkEngineError,
    'NETYARD_LINK_ENGINE is "Netem", but must be one of auto, netem, emulator; ' +
      'did you mean "netem"?',
  );
  assertThrows(() => chooseEngine(undefined, "kernel", NETEM), LinkEngineError, "one of auto");
});

Deno.test("without --allow-env, the variable counts as unset", async () => {
  const script = `import { linkEngineHere } from "${
    import.meta.resolve("../../../lib/lab/link/choose_engine.ts")
  }"; try { console.log(linkEngineHere()); } catch (error) { console.log(error.name); }`;
  const say = async (flag: string, value: string) => {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--allow-ffi",
        "--allow-read",
        flag,
        `data:text/typescript,${encodeURIComponent(script)}`,
      ],
      env: { NETYARD_LINK_ENGINE: value },
    }).output();
    return new TextDecoder().decode(stdout).trim();
  };
  assertEquals(await say("--allow-env", "nonsense"), "LinkEngineError");
  if (hasCapabilities()) assertEquals(await say("--deny-env", "nonsense"), linkEngineHere("auto"));
});

Deno.test({
  name: "the kernel is probed for netem once, and quickly",
  ignore: !hasCapabilities(),
  fn() {
    assertEquals(hasNetem(), missingForNetem().length === 0);
    const start = performance.now();
    for (let i = 0; i < 1000; i++) hasNetem();
    assertLess(performance.now() - start, 50);
  },
});
