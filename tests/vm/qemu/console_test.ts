import { assert, assertEquals, assertRejects } from "@std/assert";
import { Console } from "../../../lib/vm/qemu/console.ts";
import { VmError } from "../../../lib/vm/options/errors.ts";
import { joinBytes } from "../../../lib/vm/socket/bytes.ts";

/** A console and the guest's end of it. */
async function wired(sink?: (bytes: Uint8Array) => void) {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/console`;
  const listener = Deno.listen({ transport: "unix", path });
  const console = new Console({ label: "nas", sink });
  const guests: Deno.Conn[] = [];
  /** Connects again, as a restarted VM does. */
  const plug = async () => {
    const [guest, conn] = await Promise.all([
      listener.accept(),
      Deno.connect({ transport: "unix", path }),
    ]);
    guests.push(guest);
    console.attach(conn);
    return {
      print: async (text: string) => {
        const bytes = new TextEncoder().encode(text);
        for (let at = 0; at < bytes.length;) at += await guest.write(bytes.subarray(at));
      },
      typed: async () => {
        const buffer = new Uint8Array(100);
        return new TextDecoder().decode(buffer.subarray(0, await guest.read(buffer) ?? 0));
      },
      end: () => guest.close(),
    };
  };
  return {
    console,
    plug,
    ...await plug(),
    async [Symbol.asyncDispose]() {
      console.close();
      listener.close();
      for (const guest of guests) {
        try {
          guest.close();
        } catch {
          // The test closed it first.
        }
      }
      await Deno.remove(directory, { recursive: true });
    },
  };
}

Deno.test("read() returns the output since the last call, and the log keeps it", async () => {
  await using wire = await wired();
  await wire.print("one\n");
  await wire.console.expect("one\n");
  assertEquals([wire.console.read(), wire.console.read()], ["one\n", ""]);
  await wire.print("twö\n");
  await wire.console.expect("twö\n");
  assertEquals([wire.console.read(), wire.console.log], ["twö\n", "one\ntwö\n"]);
});

Deno.test("expect() finds a text or a pattern after the last match", async () => {
  await using wire = await wired();
  await wire.print("login: ab login: ");
  assertEquals((await wire.console.expect("login: ")).index, 0);
  const [, name] = await wire.console.expect(/(\w+) login: /g);
  assertEquals(name, "ab");
  const third = wire.console.expect("(x.y)");
  await wire.print("(x");
  await wire.print(".y) login: ");
  assertEquals((await third)[0], "(x.y)");
  await wire.console.expect("login: ");
});

Deno.test("an expect() that times out shows the last lines", async () => {
  await using wire = await wired();
  await assertRejects(
    () => wire.console.expect("x", { timeoutMs: 10 }),
    VmError,
    'nas: console.expect("x"): it was not printed within 10 ms\nit printed nothing',
  );
  await wire.print("\x1b[1;31mred\x1b[0m\r\nprogress 1%\rprogress 2%\r\nlast ");
  await wire.console.expect("last ");
  const error = await assertRejects(() => wire.console.expect(/y+/i, { timeoutMs: 10 }), VmError);
  assertEquals(
    error.message,
    "nas: console.expect(/y+/i): it was not printed within 10 ms\nits last lines:\n" +
      "red\nprogress 2%\nlast",
  );
  assertEquals(wire.console.lines(1), "[...]\nlast");
});

Deno.test("write() types into the guest, in order", async () => {
  await using wire = await wired();
  await Promise.all([wire.console.write("ec"), wire.console.write("ho ü\n")]);
  let text = "";
  while (!text.endsWith("\n")) text += await wire.typed();
  assertEquals(text, "echo ü\n");
});

Deno.test("a console continues with the next connection", async () => {
  await using wire = await wired();
  await wire.print("first ");
  await wire.console.expect("first ");
  const next = await wire.plug();
  assertEquals(await wire.typed(), ""); // The first connection was closed.
  await next.print("second");
  await wire.console.expect("second");
  assertEquals(wire.console.log, "first second");
  await wire.console.write("x");
  assertEquals(await next.typed(), "x");
});

Deno.test("the end of a console fails expect() at once", async () => {
  await using wire = await wired();
  const expected = wire.console.expect("never");
  await wire.print("Kernel panic\n");
  await wire.console.expect("panic");
  wire.end();
  await assertRejects(
    () => expected,
    VmError,
    'nas: console.expect("never"): the console was closed\nits last lines:\nKernel panic',
  );
  await assertRejects(
    () => wire.console.write("x"),
    VmError,
    "nas: console.write(): the VM has no console now; boot() it first",
  );
  assertEquals(wire.console.log, "Kernel panic\n");
});

Deno.test("a console keeps the last mebibyte, and forwards everything", async () => {
  const parts: Uint8Array[] = [];
  await using wire = await wired((bytes) => parts.push(bytes));
  const line = "0123456789abcde\n";
  const text = line.repeat(200_000) + "the end"; // 3.2 MB
  await wire.print(text);
  await wire.console.expect(/the end$/);
  assertEquals(wire.console.log.length, 1024 * 1024);
  assert(text.endsWith(wire.console.log));
  assert(text.endsWith(wire.console.read()));
  assertEquals(joinBytes(parts).length, text.length);
  await wire.print(" and more");
  await wire.console.expect("more");
  assertEquals(wire.console.read(), " and more");
});

Deno.test("a character that arrives in two parts is whole in the log", async () => {
  await using wire = await wired();
  const bytes = new TextEncoder().encode("€!");
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const [guest, conn] = await Promise.all([listener.accept(), Deno.connect({ port })]);
  wire.console.attach(conn);
  for (const byte of bytes) await guest.write(new Uint8Array([byte]));
  await wire.console.expect("€!");
  guest.close();
  listener.close();
});
