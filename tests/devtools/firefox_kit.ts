// Firefox, driven by WebDriver BiDi, which it speaks itself (https://w3c.github.io/webdriver-bidi/).
import { waitUntil } from "../../lib/testing/wait_until.ts";
import { findProgram } from "../../native/process/process.ts";

/** The path of the browser; undefined where there is none, and tests with it are ignored. */
export const FIREFOX = findProgram("firefox-esr") ?? findProgram("firefox");

const PATIENCE_MS = 60_000;

/** Settings with which it asks and downloads nothing. */
const SETTINGS = `
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.page", 0);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("toolkit.telemetry.reportingpolicy.firstRun", false);
user_pref("app.update.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("browser.safebrowsing.malware.enabled", false);
user_pref("browser.safebrowsing.phishing.enabled", false);
user_pref("remote.prefs.recommended", true);
`;

/** A page in Firefox. */
export interface FirefoxPage extends AsyncDisposable {
  /** Goes to an address, and waits until it is loaded. */
  goto(url: string): Promise<void>;
  /** The value of an expression in the page: a number, a text or a boolean. */
  evaluate(expression: string): Promise<unknown>;
  /** Waits until an expression is true in the page. */
  until(expression: string): Promise<void>;
  /** Errors of the page's script and of its security policy. */
  faults: string[];
}

/** Starts Firefox with a page. */
export async function openFirefox(): Promise<FirefoxPage> {
  const profile = await Deno.makeTempDir({ prefix: "netyard-firefox-" });
  await Deno.writeTextFile(`${profile}/user.js`, SETTINGS);
  const child = new Deno.Command(FIREFOX!, {
    args: ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0"],
    env: { HOME: profile, MOZ_HEADLESS_WIDTH: "1280", MOZ_HEADLESS_HEIGHT: "800" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let output = "";
  const reading = (async () => {
    for await (const part of child.stderr.pipeThrough(new TextDecoderStream())) output += part;
  })();
  const close = async () => {
    child.kill("SIGKILL");
    await Promise.all([child.status, reading]);
    await Deno.remove(profile, { recursive: true });
  };
  try {
    const address = await waitUntil(() => /BiDi listening on (ws:\S+)/.exec(output)?.[1], {
      timeoutMs: PATIENCE_MS,
      what: "Firefox listens",
    });
    const session = await Session.open(`${address}/session`);
    return await session.page(async () => {
      await session.close();
      await close();
    });
  } catch (error) {
    await close();
    throw error;
  }
}

// deno-lint-ignore no-explicit-any -- JSON of many commands
type Json = any;

class Session {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<Json>>();
  readonly faults: string[] = [];
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
  }

  static async open(address: string): Promise<Session> {
    const socket = new WebSocket(address);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error(`cannot connect to ${address}`));
    await promise;
    const session = new Session(socket);
    await session.#send("session.new", { capabilities: {} });
    await session.#send("session.subscribe", { events: ["log.entryAdded"] });
    return session;
  }

  async page(close: () => Promise<void>): Promise<FirefoxPage> {
    const { contexts: [{ context }] } = await this.#send("browsingContext.getTree", {});
    const evaluate = async (expression: string) => {
      const { type, result, exceptionDetails } = await this.#send("script.evaluate", {
        expression,
        target: { context },
        awaitPromise: true,
      });
      if (type === "exception") throw new Error(exceptionDetails.text);
      return result.value;
    };
    return {
      goto: async (url) => {
        await this.#send("browsingContext.navigate", { context, url, wait: "complete" });
      },
      evaluate,
      until: async (expression) => {
        await waitUntil(() => evaluate(expression), {
          timeoutMs: PATIENCE_MS,
          intervalMs: 50,
          what: expression,
        });
      },
      faults: this.faults,
      [Symbol.asyncDispose]: close,
    };
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.onclose = () => resolve();
    this.#socket.close();
    await promise;
  }

  async #send(method: string, params: object): Promise<Json> {
    const id = ++this.#last;
    const waiting = Promise.withResolvers<Json>();
    this.#waiting.set(id, waiting);
    this.#socket.send(JSON.stringify({ id, method, params }));
    return await waiting.promise;
  }

  #take({ id, type, result, error, message, method, params }: Json): void {
    if (method === "log.entryAdded" && params.level === "error") this.faults.push(params.text);
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (type === "error") waiting?.reject(new Error(`${error}: ${message}`));
    else waiting?.resolve(result);
  }
}
