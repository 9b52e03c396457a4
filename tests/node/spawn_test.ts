import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { Lab, NodeRemovedError, type NodeTask, RemoteFunctionError } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { pair } from "./fixtures/topology.ts";

const fixture = (name: string) => new URL(`fixtures/${name}`, import.meta.url);

/** The next thing that a module posts. */
async function next(task: NodeTask): Promise<unknown> {
  for await (const message of task.messages()) return message;
  throw new Error("the module ended without a message");
}

Deno.test("a spawned module gets messages and sends some", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  await using task = await laptop.spawn(fixture("echo_task.ts"));
  // Posted before the module is there, and kept for it.
  task.post("early");
  task.post(new Map([["late", 2n]]));
  const seen: unknown[] = [];
  for await (const message of task.messages()) {
    if (seen.push(message) === 3) break;
  }
  assertEquals(seen, ["evaluated", { echo: "early" }, { echo: new Map([["late", 2n]]) }]);
  await task.done;
});

Deno.test("a spawned module that begins to listen late misses no message", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const pause = "await new Promise((resolve) => setTimeout(resolve, 50));";
  const listen = "onmessage = ({ data }) => self.postMessage(data);";
  const add = "self.addEventListener('message', ({ data }) => self.postMessage(data));";
  const modules = [
    `${pause} self.${listen}`,
    `${pause} ${add}`,
    `export default async function () { ${pause} self.${listen} }`,
  ];
  for (const module of modules) {
    await using task = await laptop.spawn(`data:text/javascript,${module}`);
    task.post("early");
    const seen: unknown[] = [];
    await task.done.then(() => task.post("late"));
    for await (const message of task.messages()) {
      if (seen.push(message) === 2) break;
    }
    assertEquals(seen, ["early", "late"]);
  }
});

Deno.test("a spawned module's default export gets its arguments, and ends done", async () => {
  await using lab = await Lab.create();
  const { dc, laptop } = await pair(lab);
  const args = [undefined, 2n, new Date(0), new Set(["x"]), { deep: [NaN] }];
  for (const node of [laptop, dc, lab.ix]) {
    await using task = await node.spawn(fixture("args_task.ts"), { args });
    assertEquals(await next(task), args);
    await task.done;
  }
});

Deno.test("a spawned module that fails rejects done with its error", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const failing = await laptop.spawn(fixture("args_task.ts"), { args: ["fail"] });
  const error = await assertRejects(() => failing.done, Deno.errors.Busy, "as asked");
  assertEquals((error as Error & { code: string }).code, "E_ASKED");
  assertStringIncludes(error.stack ?? "", "args_task.ts");
  const throwing = await laptop.spawn(fixture("throwing_task.ts"));
  await assertRejects(() => throwing.done, RangeError, "at the top level");
  const messages: unknown[] = [];
  for await (const message of failing.messages()) messages.push(message);
  assertEquals(messages, [["fail"]]);
});

Deno.test("a module that is missing, or no module, rejects done and says so", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const missing = await laptop.spawn(fixture("no_such_task.ts"));
  const error = await assertRejects(() => missing.done, Error, "no_such_task.ts");
  assertStringIncludes(error.message, "not found");
  const broken = await laptop.spawn("data:text/javascript,export default (;");
  await assertRejects(() => broken.done, Error, "SyntaxError");
  assertThrows(() => missing.post("x"), NodeRemovedError, "was stopped");
});

Deno.test("a module is named by a URL, or a path from the working directory", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const dir = await Deno.makeTempDir({ dir: "." });
  try {
    await Deno.writeTextFile(`${dir}/a task.js`, "self.postMessage(import.meta.url);");
    const path = await Deno.realPath(`${dir}/a task.js`);
    const url = new URL(`file://${path}`).href;
    for (const name of [`${dir}/a task.js`, path, url, new URL(url)]) {
      await using task = await laptop.spawn(name);
      assertEquals(await next(task), url);
    }
    await Deno.rename(path, `${dir}/a #1 task.js`);
    await using odd = await laptop.spawn(`${dir}/a #1 task.js`);
    assertEquals(await next(odd), url.replace("a%20task", "a%20%231%20task"));
    await using data = await laptop.spawn("data:text/javascript,self.postMessage(1+1)");
    assertEquals(await next(data), 2);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a spawned module ends by close(), Deno.exit() and stop()", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const spawn = async () => {
    const task = await laptop.spawn(fixture("echo_task.ts"));
    assertEquals(await next(task), "evaluated");
    return task;
  };
  for (const how of ["close", "exit 0"]) {
    const task = await spawn();
    task.post(how);
    await task.done;
    for await (const message of task.messages()) throw new Error(`it sent ${message}`);
    await task.stop();
  }
  const stopped = await spawn();
  await Promise.all([stopped.stop(), stopped.stop(), stopped.done]);
  assertThrows(() => stopped.post("x"), NodeRemovedError, "was stopped");
  for await (const message of stopped.messages()) throw new Error(`it sent ${message}`);
});

Deno.test("a spawned module that fails after it was done ends its messages with the error", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  for (const [how, why] of [["throw", "as told"], ["exit 4", "Deno.exit(4)"]]) {
    const task = await laptop.spawn(fixture("echo_task.ts"));
    await task.done;
    task.post(how);
    await assertRejects(
      async () => {
        for await (const message of task.messages()) assertEquals(message, "evaluated");
      },
      Error,
      why,
    );
  }
});

Deno.test("what ends a spawned module, or a node's thread, is an event", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const seen: string[] = [];
  const ended = (async () => {
    for await (const event of lab.events()) {
      if (event.kind === "task-started") seen.push(`${event.id} ${event.module.slice(-16)}`);
      if (event.kind === "task-ended") seen.push(`${event.id} ${event.error}`);
      if (event.kind === "thread-failed") seen.push(`${event.node} ${event.error}`);
    }
  })();
  const failing = await laptop.spawn(fixture("throwing_task.ts"));
  await assertRejects(() => failing.done, RangeError);
  const stopped = await laptop.spawn(fixture("echo_task.ts"));
  await stopped.stop();
  await laptop.run(() => void setTimeout(() => Promise.reject(new Error("too late"))));
  await waitUntil(() => seen.length === 5);
  await lab.close();
  await ended;
  assertEquals(seen.slice(0, 4), [
    "m1 throwing_task.ts",
    "m1 RangeError: at the top level",
    "m2 res/echo_task.ts",
    "m2 null",
  ]);
  assertStringIncludes(seen[4], "laptop RemoteFunctionError: laptop: the node's thread ended");
  assertStringIncludes(seen[4], "too late");
});

Deno.test("spawn() refuses arguments and messages that cannot be sent", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  await assertRejects(
    () => laptop.spawn(fixture("args_task.ts"), { args: [() => {}] }),
    RemoteFunctionError,
    "cannot be sent",
  );
  await using task = await laptop.spawn(fixture("echo_task.ts"));
  assertThrows(() => task.post(() => {}), RemoteFunctionError, "cannot be sent");
  await task.done;
  assertThrows(() => task.post(Symbol("x")), RemoteFunctionError, "cannot be sent");
});

interface Powers {
  asked: Record<string, boolean>;
  tried: Record<string, string>;
}

Deno.test("a spawned module has the permissions that it is given, and no others", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const powers = async (permissions?: Deno.PermissionOptions) => {
    await using task = await laptop.spawn(fixture("permissions_task.ts"), { permissions });
    return await next(task) as Powers;
  };
  const nothing = {
    ffi: false,
    run: false,
    net: false,
    read: false,
    write: false,
    env: false,
    sys: false,
  };
  const refused = {
    dlopen: "NotCapable",
    libc: "MissingPermissionError",
    run: "NotCapable",
    read: "NotCapable",
    env: "NotCapable",
    listen: "NotCapable",
  };
  assertEquals(await powers("none"), { asked: nothing, tried: refused });
  assertEquals(await powers({}), { asked: nothing, tried: refused });
  assertEquals(await powers({ net: true }), {
    asked: { ...nothing, net: true },
    tried: { ...refused, listen: "granted" },
  });
  assertEquals((await powers({ net: ["1.2.3.4"] })).tried, refused);
  assertEquals(await powers({ run: ["true"] }), {
    asked: nothing,
    tried: { ...refused, run: "granted" },
  });
  const all = Object.fromEntries(Object.keys(nothing).map((name) => [name, true]));
  assertEquals((await powers()).asked, all);
  assertEquals((await powers("inherit")).asked, all);
  // What the threads gave back is theirs alone.
  for (const name of Object.keys(nothing) as Deno.PermissionName[]) {
    assertEquals(Deno.permissions.querySync({ name }).state, "granted");
  }
  Deno.dlopen("libc.so.6", {}).close();
});

Deno.test("a server in a spawned module without other permissions is reached from other nodes", async () => {
  await using lab = await Lab.create();
  const { server, laptop } = await pair(lab);
  await lab.dnsEntry("server.test", server.ip!);
  await using task = await server.spawn(fixture("server_task.ts"), {
    args: [server.ip],
    permissions: { net: true, sys: true },
  });
  assertEquals(await next(task), "ready");
  await task.done;
  const seen = await laptop.$`curl -s http://server.test/`.text();
  assert(seen.split(" ").includes(server.ip!), seen);
  await task.stop();
  assertEquals(await laptop.$`curl -s http://server.test/`.code(), 7);
});

Deno.test("once a spawned module is stopped, the next one binds its port", async () => {
  await using lab = await Lab.create();
  const { server } = await pair(lab);
  for (let round = 0; round < 10; round++) {
    await using task = await server.spawn(fixture("server_task.ts"), { args: [server.ip] });
    assertEquals(await next(task), "ready");
  }
});

Deno.test("spawned modules end with the lab, and are refused after", async () => {
  const lab = await Lab.create();
  const { laptop, server } = await pair(lab);
  const running = await laptop.spawn(fixture("echo_task.ts"));
  assertEquals(await next(running), "evaluated");
  const early = await server.spawn(fixture("echo_task.ts"));
  const ended = (async () => {
    for await (const _ of early.messages());
  })();
  await lab.close();
  await Promise.all([running.done, early.done, ended]);
  assertThrows(() => running.post("x"), NodeRemovedError);
  await assertRejects(() => laptop.spawn(fixture("echo_task.ts")), NodeRemovedError, "closed");
});
