import type { GuestCommands } from "./agent_commands.ts";
import { AgentLink } from "./agent_link.ts";
import { GuestAgentError } from "../options/errors.ts";
import type { Line } from "../socket/line_splitter.ts";
import { within } from "../socket/within.ts";

/** How to reach an agent. */
export interface GuestAgentOptions {
  /** Connects to the agent's channel; {@linkcode GuestAgent.sync} calls it if there is no connection. */
  connect: () => Promise<Deno.Conn>;
  /** The name of the VM, with which each message begins. */
  label: string;
  /** Returns text to add to an error, such as the last lines of the console. */
  hint?: () => string;
  /** The default timeout of a call, in milliseconds. Default 10000. */
  timeoutMs?: number;
}

/** An answer of the agent. */
interface Answer {
  return?: unknown;
  error?: { class: string; desc: string };
}

/** A command, and the call it is part of. */
interface Purpose {
  command: string;
  what?: string;
}

/** The byte that resets the agent's parser, whatever it has read until then. */
const DELIMITER = 0xff;
/** An agent that is just starting may lose a request: sync repeats its request after this time. */
const ASK_AGAIN_MS = 1000;

/**
 * A client of the QEMU guest agent.
 *
 * The agent answers one command after another, without saying which one an answer is for. So calls
 * take turns, and after a call that timed out the next one first synchronizes, which drops the late
 * answer. Nothing is sent before {@linkcode GuestAgent.sync} is called: data written before the guest
 * has opened the channel blocks it.
 */
export class GuestAgent implements Disposable {
  #options: GuestAgentOptions;
  #link?: AgentLink;
  /** Whether the next answer is certain to belong to the next call. */
  #synced = false;
  #turn: Promise<unknown> = Promise.resolve();
  /** Random, so that the answer to an earlier client's sync is not taken for ours. */
  #lastId = crypto.getRandomValues(new Uint32Array(1))[0];

  /** Does nothing yet. */
  constructor(options: GuestAgentOptions) {
    this.#options = options;
  }

  /** Whether it is synchronized and connected. */
  get ready(): boolean {
    return this.#synced && this.#link?.ended === undefined;
  }

  /**
   * Connects if necessary, and waits until the agent answers; drops answers to earlier calls.
   *
   * @param timeoutMs The timeout in milliseconds. Default: that of a call.
   * @throws {GuestAgentError} If the agent does not answer in time, or its connection ends.
   */
  sync(timeoutMs: number = this.#timeoutMs): Promise<void> {
    return this.#inTurn(async () => {
      const deadline = performance.now() + timeoutMs;
      const link = await this.#connect(timeoutMs);
      await this.#sync(link, deadline, timeoutMs);
    });
  }

  /**
   * Calls a command. Its timeout begins with its turn.
   *
   * @param options.timeoutMs The timeout in milliseconds. Default: that of the agent's options.
   * @param options.what The call it is part of, with which messages begin: `nas: run("true")`. Default:
   * the label.
   * @throws {GuestAgentError} If the agent refuses it, does not answer in time, or has ended, or before
   * the first {@linkcode GuestAgent.sync}.
   */
  call<C extends keyof GuestCommands>(
    command: C,
    args?: GuestCommands[C]["arguments"],
    options: { timeoutMs?: number; what?: string } = {},
  ): Promise<GuestCommands[C]["return"]> {
    const { timeoutMs = this.#timeoutMs, what } = options;
    return this.#inTurn(async () => {
      const deadline = performance.now() + timeoutMs;
      const link = this.#link;
      if (!link) throw this.#failure({ command, what }, "there is no connection yet; sync() first");
      if (link.ended !== undefined) throw this.#failure({ command, what }, link.ended);
      if (!this.#synced) await this.#sync(link, deadline, timeoutMs, { command, what });
      const answer = await this.#ask<Answer>(
        link,
        () => link.send(encode({ execute: command, arguments: args })),
        // A delimited line answers a sync that was requested more than once.
        (line) => {
          if (line.delimited) return undefined;
          const answer = this.#parse(command, line);
          return isStray(answer) ? undefined : answer;
        },
        { command, what, deadline, late: `the agent did not answer within ${timeoutMs} ms` },
      );
      if (answer.error) {
        const { class: errorClass, desc } = answer.error;
        throw this.#failure(
          { command, what },
          `the agent refused: ${desc} (${errorClass})`,
          answer.error,
        );
      }
      return answer.return as GuestCommands[C]["return"];
    });
  }

  /** Ends the connection; a call in progress fails with the reason. Idempotent. */
  close(why = "the connection was closed"): void {
    this.#link?.end(why);
  }

  /** As {@linkcode GuestAgent.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  get #timeoutMs(): number {
    return this.#options.timeoutMs ?? 10_000;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #connect(timeoutMs: number): Promise<AgentLink> {
    if (this.#link && this.#link.ended === undefined) return this.#link;
    this.#synced = false;
    const connecting = this.#options.connect();
    try {
      const conn = await within(
        connecting,
        timeoutMs,
        () => new Error(`it took more than ${timeoutMs} ms`),
      );
      return this.#link = new AgentLink(conn);
    } catch (error) {
      connecting.then((conn) => conn.close(), () => {});
      throw this.#failure(
        { command: SYNC },
        `no connection: ${(error as Error).message}`,
        undefined,
        error,
      );
    }
  }

  async #sync(
    link: AgentLink,
    deadline: number,
    timeoutMs: number,
    { command, what }: Purpose = { command: SYNC },
  ): Promise<void> {
    this.#synced = false;
    const id = ++this.#lastId;
    const message = encode({ execute: SYNC, arguments: { id } });
    let again: ReturnType<typeof setInterval> | undefined;
    const send = () => {
      const request = () => {
        link.send(new Uint8Array([DELIMITER]));
        link.send(message);
      };
      request();
      again = setInterval(request, ASK_AGAIN_MS);
    };
    const accept = (line: Line) =>
      line.delimited && this.#parse(SYNC, line).return === id ? true : undefined;
    try {
      const late = `the agent did not answer within ${timeoutMs} ms${
        command === SYNC ? "" : "; it may still be busy with a call that timed out"
      }`;
      await this.#ask(link, send, accept, { command, what, deadline, late });
      this.#synced = true;
    } finally {
      clearInterval(again);
    }
  }

  /** Sends a request, and waits for the line that answers it. */
  async #ask<T>(
    link: AgentLink,
    send: () => void,
    accept: (line: Line) => T | undefined,
    { deadline, late, ...purpose }: Purpose & { deadline: number; late: string },
  ): Promise<T> {
    const { answer, stop } = link.expect(accept);
    send();
    try {
      return await within(answer, deadline - performance.now(), () => new Error(late));
    } catch (error) {
      // Its answer may still come.
      this.#synced = false;
      throw this.#failure(purpose, (error as Error).message, undefined, error);
    } finally {
      stop();
    }
  }

  #parse(command: string, { text }: Line): Answer {
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new Error(`the agent's answer to ${command} is not JSON: ${text.slice(0, 100)}`, {
        cause,
      });
    }
  }

  #failure({ command, what }: Purpose, why: string, answer?: Answer["error"], cause?: unknown) {
    const hint = answer ? "" : this.#options.hint?.() ?? "";
    const message = `${what ?? this.#options.label}: ${command}: ${why}${hint && `\n${hint}`}`;
    return new GuestAgentError(message, command, answer, cause ? { cause } : undefined);
  }
}

const SYNC = "guest-sync-delimited";

/**
 * Whether an answer is that to the delimiter of a repeated sync, which the agent reads as damaged JSON.
 * Commands are always valid JSON, so it never belongs to one.
 */
function isStray({ error }: Answer): boolean {
  return error !== undefined && error.desc.startsWith("JSON parse error");
}

function encode(message: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(message) + "\n");
}
