import { assert, assertEquals } from "@std/assert";
import { LONGEST, MACHINES, MEASURING, schedule } from "./schedule.ts";

Deno.test("files that measure run one by one, the rest share processors, machines have one each", () => {
  const files = ["tests/a_test.ts", "tests/vm/b_test.ts", MEASURING[0], "tests/nat/c_test.ts"];
  assertEquals(schedule(files, 2), [
    { name: "measuring", files: [MEASURING[0]], jobs: 1 },
    { name: "others", files: ["tests/a_test.ts", "tests/nat/c_test.ts"], jobs: 4 },
    { name: "machines", files: ["tests/vm/b_test.ts"], jobs: 2 },
  ]);
});

Deno.test("the files that take longest start first; a part without files does not run", () => {
  const long = LONGEST.filter((file) => file.startsWith(MACHINES));
  assertEquals(schedule(["tests/vm/a_test.ts", ...long.toReversed()], 1), [
    { name: "machines", files: [...long, "tests/vm/a_test.ts"], jobs: 1 },
  ]);
  assertEquals(schedule([], 4), []);
});

Deno.test("the files that the schedule names exist", async () => {
  for (const file of [...MEASURING, ...LONGEST]) {
    const { isFile } = await Deno.stat(new URL(`../../${file}`, import.meta.url));
    assert(isFile, file);
  }
});
