/** Run by `descriptors_test.ts` with few descriptors: uses them up by devices. */
import { assertEquals, assertInstanceOf } from "@std/assert";
import { Lab, SyscallError } from "@netyard/netyard";
import { openDescriptors } from "./descriptors_main.ts";

await using lab = await Lab.create();
const home = await lab.addRouter("home");
const interfaces = { eth0: { gateway: home }, eth1: { gateway: home } };
for (let n = 0;; n++) {
  const before = openDescriptors();
  try {
    await lab.addDevice(`d${n}`, { interfaces });
  } catch (error) {
    assertInstanceOf(error, SyscallError);
    assertEquals(openDescriptors(), before);
    await lab.remove(lab.device("d0"));
    await lab.addDevice("another", { interfaces });
    assertEquals(lab.devices.length, n);
    console.log(`${error.code}, nothing left, another fits`);
    break;
  }
}
