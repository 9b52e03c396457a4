import { GuestAgent } from "../../../lib/vm/agent/agent.ts";
import { Guest } from "../../../lib/vm/agent/guest.ts";
import { FakeServer } from "../fake_peer.ts";

/** One command as the agent receives it. */
export interface AgentMessage {
  execute: string;
  // deno-lint-ignore no-explicit-any
  arguments: any;
}

/** An answer of {@link fakeGuest} that is an error. */
export class Refuse {
  constructor(readonly desc: string, readonly errorClass = "GenericError") {}
}

/** A guest whose agent is a function that returns the answer; undefined for no answer. */
export async function fakeGuest(answer: (message: AgentMessage) => unknown, timeoutFactor = 1) {
  const server = new FakeServer({
    answer: async (peer, message) => {
      if (message.execute === "guest-sync-delimited") {
        await peer.send(new Uint8Array([0xff]));
        return await peer.json({ return: message.arguments.id });
      }
      const value = answer(message);
      if (value instanceof Refuse) {
        await peer.json({ error: { class: value.errorClass, desc: value.desc } });
      } else if (value !== undefined) await peer.json({ return: value });
    },
  });
  const agent = new GuestAgent({
    connect: () => server.connect(),
    label: "nas",
    hint: () => "Kernel panic",
    timeoutMs: 5000,
  });
  await agent.sync();
  return {
    agent,
    server,
    guest: new Guest({ agent, label: "nas", timeoutFactor }),
    /** The commands that were called, in order, without the syncs. */
    get calls(): AgentMessage[] {
      return (server.received as AgentMessage[])
        .filter(({ execute }) => execute !== "guest-sync-delimited");
    },
    async [Symbol.asyncDispose]() {
      agent.close();
      await server[Symbol.asyncDispose]();
    },
  };
}
