import {
  InvalidOptionError,
  NodeRemovedError,
  NotFoundError,
  TopologyError,
} from "@netyard/netyard";
import { type Refusal, router, second } from "./world.ts";

export const REFERENCES: Refusal[] = [
  [
    "an upstream that is not there",
    router("new", { upstream: "nobody" }),
    NotFoundError,
    'no router "nobody"',
    "home, four, six, full, dc",
  ],
  [
    "a router behind itself",
    router("new", { upstream: "new" }),
    TopologyError,
    "cannot be behind itself",
  ],
  [
    "an upstream of another lab",
    ({ lab, foreign }) => lab.addRouter("new", { upstream: foreign }),
    TopologyError,
    '"home" is of another lab',
  ],
  [
    "an upstream that was removed",
    ({ lab, removed }) => lab.addRouter("new", { upstream: removed }),
    NodeRemovedError,
    '"removed" was removed',
  ],
  [
    "an upstream that is a device",
    ({ lab, pc }) => lab.addRouter("new", { upstream: pc }),
    TopologyError,
    '"pc" is no router',
  ],
  [
    "an upstream that is the IX",
    ({ lab }) => lab.addRouter("new", { upstream: lab.ix }),
    TopologyError,
    '"ix" is no router',
  ],
  [
    "an upstream that is anything",
    router("new", { upstream: { name: "home" } }),
    TopologyError,
    '"home" is no router',
    "addRouter()",
  ],
  [
    "an upstream that is a number",
    router("new", { upstream: 7 }),
    InvalidOptionError,
    '"upstream" is 7',
    "a router, or the name of one",
  ],
  [
    "no family in common with the upstream",
    router("new", { upstream: "four", ipSupport: "v6-only" }),
    TopologyError,
    "it is v6-only",
    '"four" is v4-only',
  ],
  [
    "a gateway that is not there",
    second({ gateway: "nobody" }),
    NotFoundError,
    'gateway of "eth1"',
    'no router or bridge "nobody"',
  ],
  [
    "a gateway of another lab",
    (world) => second({ gateway: world.foreign })(world),
    TopologyError,
    '"home" is of another lab',
  ],
  [
    "a gateway that was removed",
    (world) => second({ gateway: world.removed })(world),
    NodeRemovedError,
    '"removed" was removed',
  ],
  [
    "a gateway that is a device",
    (world) => second({ gateway: world.pc })(world),
    TopologyError,
    '"pc" is no router',
  ],
  [
    "to replug to a router that is not there",
    ({ pc }) => pc.interface("eth0").replug("nobody"),
    NotFoundError,
    'no router or bridge "nobody"',
  ],
  [
    "to replug to a router of another lab",
    ({ pc, foreign }) => pc.interface("eth0").replug(foreign),
    TopologyError,
    "of another lab",
  ],
  [
    "to replug to a router that was removed",
    ({ pc, removed }) => pc.interface("eth0").replug(removed),
    NodeRemovedError,
    '"removed" was removed',
  ],
  [
    "an event of a node of another lab",
    ({ lab, foreign }) => lab.emit("x", 1, foreign),
    TopologyError,
    "no node of this lab",
  ],
  [
    "an event of a node that was removed",
    ({ lab, removed }) => lab.emit("x", 1, removed),
    NodeRemovedError,
    '"removed" was removed',
  ],
];
