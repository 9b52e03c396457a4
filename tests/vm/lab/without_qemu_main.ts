/** Run by `refusals_test.ts` with a PATH without QEMU: prints the error of booting. */
import { Lab } from "@netyard/netyard";

await using lab = await Lab.create();
const vm = lab.vm("nas", { bridges: [lab.bridge("lan")] });
const error = await vm.boot().then(() => undefined, (error) => error);
console.log(vm.state, error?.name, error?.message);
