import type { Declaration } from "../command/command.ts";

/** The options of {@linkcode runInCommand}. */
export const RUN_IN_OPTIONS = [
  {
    long: "session",
    value: "ID",
    what: "the session, if several labs are running; default: NETYARD_SESSION, or the only one",
  },
] as const;

/** `netyard run-in`. */
export const runInCommand: Declaration<typeof RUN_IN_OPTIONS> = {
  name: "run-in",
  summary: "run a program in a node of a running lab",
  description:
    `Runs a program in a node of a lab that \`netyard inspect\` keeps running in another shell. It has \
the network of the node, its names (/etc/hosts, /etc/resolv.conf) and its process namespace, and ends \
with the lab. It has your terminal, your files and your environment, with NETYARD_NODE as the name of \
the node and NETYARD_IP_<NODE> as the address of each node.

In a virtual machine, the guest agent runs the program, without a terminal and without input.`,
  arguments: [
    { name: "NODE", what: "a device, a router, a virtual machine, or ix", kind: "node" },
    {
      name: "COMMAND",
      what: "the program and its arguments; default: your shell",
      many: true,
      optional: true,
      kind: "command",
    },
  ],
  options: RUN_IN_OPTIONS,
  examples: [
    { command: "netyard run-in laptop", what: "start a shell in laptop" },
    {
      command: "netyard run-in laptop -- sh -c 'ping -c 3 $NETYARD_IP_SERVER'",
      what: "ping another node by its address",
    },
    {
      command: "netyard run-in --session city-3f2a home -- nft list ruleset",
      what: "use one of several labs",
    },
  ],
  exitCodes: [
    [0, "the program exited with 0"],
    [1, "there is no such lab or node, or the program exited with 1"],
    [2, "wrong options"],
    [127, "there is no such program"],
  ],
  stopEarly: true,
};
