import { assertEquals, assertThrows } from "@std/assert";
import { VmStateError } from "../../lib/vm/options/errors.ts";
import { mustAllow, type VmOperation, type VmState } from "../../lib/vm/options/state.ts";

const STATES: VmState[] = [
  "defined",
  "booting",
  "running",
  "paused",
  "stopping",
  "stopped",
  "failed",
  "removed",
];

function allowedIn(operation: VmOperation): VmState[] {
  return STATES.filter((state) => {
    try {
      mustAllow(operation, state, "nas.x()");
      return true;
    } catch (error) {
      assertEquals(error instanceof VmStateError, true);
      return false;
    }
  });
}

Deno.test("each operation is allowed in its states only", () => {
  assertEquals(allowedIn("boot"), ["defined", "stopped", "failed"]);
  assertEquals(allowedIn("shutdown"), ["running", "paused"]);
  assertEquals(allowedIn("powerOff"), ["booting", "running", "paused", "stopping"]);
  assertEquals(allowedIn("powerButton"), ["running"]);
  assertEquals(allowedIn("pause"), ["running"]);
  assertEquals(allowedIn("resume"), ["paused"]);
  assertEquals(allowedIn("reset"), ["running", "paused"]);
  assertEquals(allowedIn("snapshot"), ["running", "paused"]);
  assertEquals(allowedIn("restore"), ["defined", "running", "paused", "stopped", "failed"]);
  assertEquals(allowedIn("use"), ["running"]);
});

Deno.test("an operation in the wrong state names the state, the expected ones, and how to get there", () => {
  const error = assertThrows(
    () => mustAllow("shutdown", "defined", "nas.shutdown()"),
    VmStateError,
  );
  assertEquals(
    error.message,
    "nas.shutdown(): the VM is defined, but must be running or paused; boot() it first",
  );
  assertEquals(error.state, "defined");
  assertEquals(error.expected, ["running", "paused"]);
});
