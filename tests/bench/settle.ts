import { Namespace } from "../../native/namespace.ts";
import { addVeth, dumpLinks } from "../../native/netlink/link.ts";
import { rtnetlink } from "../../native/netlink/socket.ts";

const LIMIT_MS = 60_000;
const MAC = new Uint8Array([2, 0, 0, 0, 0, 1]);

/**
 * Waits until the kernel cleaned up what earlier labs left, so that each build finds it idle.
 *
 * It cleans namespaces up in the order in which they were let go. So this lets one more go, and
 * waits for the end of a veth pair into it to disappear.
 */
export async function settled(): Promise<void> {
  using here = Namespace.create();
  const last = Namespace.create();
  const end = { mac: MAC, mtu: 1500 };
  const links = () => here.enter(() => rtnetlink(dumpLinks)).length;
  const before = links();
  here.enter(() =>
    rtnetlink((batch) =>
      addVeth(batch, { ...end, name: "here", index: 100 }, {
        ...end,
        name: "there",
        index: 100,
        namespaceFd: last.fd,
      })
    )
  );
  last.close();
  const deadline = performance.now() + LIMIT_MS;
  while (links() > before) {
    if (performance.now() > deadline) throw new Error("the kernel does not finish its cleanup");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
