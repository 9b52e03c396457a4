import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { isVm, match, type Prints, testExamples } from "../examples.ts";

/** The output that each example must have. */
const PRINTS: Prints = {
  "vm_split_brain.ts"(output) {
    assertMatch(output, /^together +buy milk +buy milk$/m);
    assertMatch(output, /^apart +buy bread, buy milk +buy milk, sell the cow$/m);
    assertMatch(output, /^healed +(buy bread, buy milk, sell the cow) +\1$/m);
  },
  "vm_behind_nat.ts"(output) {
    const [, own, seen] = match(output, /^IPv4 +(10[\d.]+) +([\d.]+)$/m);
    assertNotEquals(seen, own);
    assertMatch(output, /^IPv6 +([\da-f:]+) +\1$/m);
    assertEquals(output.match(/^the server, by .* none$/gm)?.length, 3);
    assertEquals(output.match(/^the tablet, by .* photos$/gm)?.length, 2);
  },
  "vm_snapshot_pair.ts"(output) {
    const [, connection] = match(output, /^before +1 2 3 +(10[\d.]+:\d+) +no$/m);
    assertMatch(output, /^broken +nothing +none +yes$/m);
    assertMatch(output, new RegExp(`^restored +1 2 3 +${connection} +no$`, "m"));
    assertMatch(output, new RegExp(`^one press more +1 2 3 4 +${connection} +no$`, "m"));
  },
  "vm_capture.ts"(output) {
    const [, asker, resolver] = match(output, /^question +(10[\d.]+) +(10[\d.]+)$/m);
    assertMatch(output, new RegExp(`^answer +${resolver} +${asker}$`, "m"));
    const [, pinged] = match(output, new RegExp(`^ping +${asker} +(10[\\d.]+)$`, "m"));
    assertMatch(output, new RegExp(`^ping at b +${asker} +${pinged}$`, "m"));
    assertMatch(
      output,
      new RegExp(`^  IP ${asker}\\.\\d+ > ${resolver}\\.53: .* A\\? example`, "m"),
    );
  },
  "vm_routed_bridges.ts"(output) {
    assertMatch(output, /^no routes +nothing +nothing$/m);
    assertMatch(output, /^front with middle +no database +nothing$/m);
    assertMatch(output, /^middle with back +42 rows +nothing$/m);
    assertMatch(output, /^without that again +no database +nothing$/m);
    assertMatch(output, /^db on both +42 rows +nothing$/m);
  },
  "vm_fixture_test.ts"(output) {
    assertMatch(output, /^ok \| 5 passed \| 0 failed/m);
  },
};

testExamples(PRINTS, isVm);
