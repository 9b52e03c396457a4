import type { Declaration } from "../command/command.ts";

/** The options of {@linkcode runInCommand}. */
export const RUN_IN_OPTIONS = [
  {
    long: "session",
    value: "ID",
    what: "the lab, where several are kept up; default: NETYARD_SESSION, or the only one",
  },
] as const;

/** `netyard run-in`. */
export const runInCommand: Declaration<typeof RUN_IN_OPTIONS> = {
  name: "run-in",
  summary: "run a program in a node of the lab that is kept up",
  description:
    `Runs a program in a node of a lab that \`netyard inspect\` keeps up in another shell: with the \
node's network, its names (/etc/hosts, /etc/resolv.conf) and its processes, which end with the lab. \
The terminal, the files and the rest of the environment are your own; NETYARD_NODE is the node, and \
NETYARD_IP_<NODE> are the addresses of all.

In a virtual machine, its agent runs the program: it has no terminal, and reads nothing.`,
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
    { command: "netyard run-in laptop", what: "a shell in the laptop" },
    {
      command: "netyard run-in laptop -- sh -c 'ping -c 3 $NETYARD_IP_SERVER'",
      what: "one program, and the address of another node",
    },
    {
      command: "netyard run-in --session city-3f2a home -- nft list ruleset",
      what: "in one of several labs",
    },
  ],
  exitCodes: [
    [0, "the program exited with 0"],
    [1, "there is no such lab or node; or the program exited with 1"],
    [2, "wrong options"],
    [127, "there is no such program"],
  ],
  stopEarly: true,
};
