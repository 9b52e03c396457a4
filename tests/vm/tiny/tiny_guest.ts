import { assert } from "@std/assert";
import { join } from "node:path";
import type { BootFiles } from "../../../lib/vm/tiny/boot_files.ts";
import { waitUntil } from "../../../lib/testing/wait_until.ts";

const MACHINE = "q35,hpet=off,vmport=off,smbus=off,sata=off,usb=off,i8042=off";
const BOOT_MS = 60_000;
const CALL_MS = 15_000;

type Json = Record<string, unknown>;

/** Lines of JSON over a Unix socket. */
class JsonSocket implements Disposable {
  readonly #conn: Deno.Conn;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
    this.#reader = conn.readable.pipeThrough(new TextDecoderStream()).getReader();
  }

  static async connect(path: string): Promise<JsonSocket> {
    const conn = await waitUntil(() => Deno.connect({ transport: "unix", path }), {
      timeoutMs: CALL_MS,
      what: `connection to ${path}`,
    });
    return new JsonSocket(conn);
  }

  async receive(): Promise<Json> {
    while (!this.#text.includes("\n")) {
      const { value, done } = await this.#reader.read();
      if (done) throw new Error("the socket was closed");
      this.#text += value;
    }
    const end = this.#text.indexOf("\n");
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return JSON.parse(line);
  }

  async send(message: Json): Promise<void> {
    await this.#conn.write(new TextEncoder().encode(JSON.stringify(message) + "\n"));
  }

  /** Returns the answer to a command; events before it are stored. */
  async call(command: string, args: Json = {}, onEvent = (_event: Json) => {}): Promise<unknown> {
    await this.send({ execute: command, arguments: args });
    for (;;) {
      const message = await this.receive();
      if ("return" in message) return message.return;
      if ("error" in message) throw new Error(`${command}: ${JSON.stringify(message.error)}`);
      onEvent(message);
    }
  }

  [Symbol.dispose]() {
    try {
      this.#conn.close();
    } catch {
      // closed with the machine
    }
  }
}

/** A guest started with a QEMU command line written by hand, to test the boot files alone. */
export class TinyGuest implements AsyncDisposable {
  readonly directory: string;
  readonly #process: Deno.ChildProcess;
  readonly status: Promise<Deno.CommandStatus>;
  #qmp!: JsonSocket;
  #agent!: JsonSocket;

  private constructor(files: BootFiles) {
    this.directory = Deno.makeTempDirSync();
    const socket = (name: string) => `path=${join(this.directory, name)},server=on,wait=off`;
    const log = join(this.directory, "console.log");
    // deno-fmt-ignore
    const args = [
      "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
      "-accel", "tcg,thread=multi,tb-size=64", "-cpu", "qemu64", "-m", "256", "-machine", MACHINE,
      "-kernel", files.kernel, "-initrd", files.initrd, "-append", files.cmdline,
      "-chardev", `socket,id=console,${socket("console")},logfile=${log}`, "-serial", "chardev:console",
      "-chardev", `socket,id=qmp,${socket("qmp")}`, "-mon", "chardev=qmp,mode=control",
      "-chardev", `socket,id=agent,${socket("agent")}`, "-device", "virtio-serial-pci",
      "-device", "virtserialport,id=agent0,chardev=agent,name=org.qemu.guest_agent.0",
      "-device", "virtio-rng-pci",
      ...[0, 1, 2].flatMap((i) => ["-device", `pcie-root-port,id=port${i},chassis=${i + 1}`]),
    ];
    const program = "qemu-system-x86_64";
    this.#process = new Deno.Command(program, { args, stdin: "null", stderr: "null" }).spawn();
    this.status = this.#process.status;
  }

  /** Starts a guest, and waits until its agent answers. */
  static async boot(files: BootFiles): Promise<TinyGuest> {
    const guest = new TinyGuest(files);
    try {
      await within(BOOT_MS, guest.#meet(), "boot");
      return guest;
    } catch (error) {
      const log = guest.consoleLog();
      await guest[Symbol.asyncDispose]();
      throw new Error(`the guest's agent did not answer; its console:\n${log}`, { cause: error });
    }
  }

  async #meet(): Promise<void> {
    this.#qmp = await JsonSocket.connect(join(this.directory, "qmp"));
    await this.#qmp.receive(); // the greeting
    let open = false;
    const onEvent = ({ event }: Json) => open ||= event === "VSERPORT_CHANGE";
    await this.#qmp.call("qmp_capabilities", {}, onEvent);
    while (!open) onEvent(await this.#qmp.receive());
    this.#agent = await JsonSocket.connect(join(this.directory, "agent"));
    await this.#agent.call("guest-sync", { id: 1 });
  }

  /** Executes a QMP command. */
  qmp(command: string, args?: Json): Promise<unknown> {
    return within(CALL_MS, this.#qmp.call(command, args), command);
  }

  /** Calls a command of the guest's agent. */
  agent(command: string, args?: Json): Promise<unknown> {
    return within(CALL_MS, this.#agent.call(command, args), command);
  }

  /** Calls a command of the agent that has no answer. */
  async tell(command: string, args: Json): Promise<void> {
    await this.#agent.send({ execute: command, arguments: args });
  }

  /** Runs a program, or a line in the shell. */
  async run(
    command: string | string[],
    input = new Uint8Array(),
  ): Promise<{ code: number; text: string }> {
    const [path, ...arg] = typeof command === "string" ? ["/bin/sh", "-c", command] : command;
    const started = await this.agent("guest-exec", {
      path,
      arg,
      "input-data": input.toBase64(),
      "capture-output": true,
    }) as { pid: number };
    const status = await waitUntil(async () => {
      const status = await this.agent("guest-exec-status", started) as Json;
      return status.exited ? status : undefined;
    }, { timeoutMs: CALL_MS, what: `end of ${command}` });
    const data = [status["out-data"], status["err-data"]].map((data) => String(data ?? ""));
    const decoder = new TextDecoder();
    return {
      code: Number(status.exitcode ?? -1),
      text: data.map((part) => decoder.decode(Uint8Array.fromBase64(part))).join(""),
    };
  }

  /** As {@linkcode run}, for commands that must succeed. */
  async text(command: string | string[], input?: Uint8Array<ArrayBuffer>): Promise<string> {
    const { code, text } = await this.run(command, input);
    assert(code === 0, `${command} failed with exit code ${code}: ${text}`);
    return text;
  }

  /** The output on the serial console. */
  consoleLog(): string {
    try {
      return Deno.readTextFileSync(join(this.directory, "console.log"));
    } catch {
      return "";
    }
  }

  /** Waits until QEMU ends by itself. */
  ended(): Promise<Deno.CommandStatus> {
    return within(CALL_MS, this.status, "end of QEMU");
  }

  async [Symbol.asyncDispose]() {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // it has ended
    }
    await this.status;
    this.#qmp?.[Symbol.dispose]();
    this.#agent?.[Symbol.dispose]();
    await Deno.remove(this.directory, { recursive: true });
  }
}

async function within<T>(ms: number, work: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms in vain for: ${what}`)), ms);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
