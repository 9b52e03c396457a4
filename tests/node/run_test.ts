import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Lab, NodeRemovedError, RemoteFunctionError } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { netOf, pair } from "./fixtures/topology.ts";

const link = async () => {
  const { stdout } = await new Deno.Command("readlink", { args: ["/proc/self/ns/net"] }).output();
  return new TextDecoder().decode(stdout).trim();
};

Deno.test("run() runs in a device, a router and the IX", async () => {
  await using lab = await Lab.create();
  const { dc, laptop } = await pair(lab);
  for (const node of [laptop, dc, lab.ix]) assertEquals(await node.run(link), netOf(node));
});

Deno.test("run() copies awkward values both ways", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const cyclic: Record<string, unknown> = { name: "cyclic" };
  cyclic.self = cyclic;
  const values = [
    NaN,
    Infinity,
    2n ** 80n,
    "a\u0000b\ud800",
    null,
    undefined,
    [1, , undefined],
    new Date(0),
    /a+b/giu,
    new Map<unknown, unknown>([["k", new Set([1, "two"])], [{ key: 1 }, null]]),
    new Uint8Array([1, 2, 255]),
    new Float64Array([0.1, -Infinity]),
    new BigInt64Array([-1n]),
    new Uint16Array([1, 2, 3]).subarray(1),
    { nested: { deep: [undefined, { x: undefined }] } },
  ];
  assertEquals(await laptop.run((...args) => args, ...values), values);
  for (const value of values) assertEquals(await laptop.run((x) => x, value), value);
  assert(Object.is(await laptop.run((x) => x, -0), -0));
  const back = await laptop.run((x) => x, cyclic);
  assert(back.self === back && back.name === "cyclic");
  assertEquals(await laptop.run(() => {}), undefined);
  // A function that looks at what came.
  const seen = await laptop.run(
    (date, map, big) => [date.getTime(), map.get("a"), typeof big],
    new Date(5),
    new Map([["a", 1]]),
    7n,
  );
  assertEquals(seen, [5, 1, "bigint"]);
});

Deno.test("run() takes every kind of function", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  async function declared(x: number) {
    return await Promise.resolve(x + 1);
  }
  const methods = {
    short(x: number) {
      return x + 2;
    },
    async later(x: number) {
      return await Promise.resolve(x + 3);
    },
    "a name with spaces"(x: number) {
      return x + 4;
    },
    ["comp" + "uted"]: (x: number) => x + 5,
    get: (x: number) => x + 6,
    async(x: number) {
      return x + 7;
    },
  };
  assertEquals(await laptop.run(declared, 0), 1);
  assertEquals(await laptop.run(methods.short, 0), 2);
  assertEquals(await laptop.run(methods.later, 0), 3);
  assertEquals(await laptop.run(methods["a name with spaces"], 0), 4);
  assertEquals(await laptop.run(methods.computed, 0), 5);
  assertEquals(await laptop.run(methods.get, 0), 6);
  assertEquals(await laptop.run(methods.async, 0), 7);
  assertEquals(
    await laptop.run(function (x: number) {
      return x + 8;
    }, 0),
    8,
  );
  assertEquals(await laptop.run((x: number = 8, ...[y = 1]: number[]) => x + y), 9);
});

Deno.test("run() runs calls at once, and their results do not mix", async () => {
  await using lab = await Lab.create();
  const { laptop, server } = await pair(lab);
  const slowFirst = (n: number) =>
    new Promise<number>((resolve) => setTimeout(() => resolve(n), 20 - n));
  const calls = Array.from({ length: 20 }, (_, n) => n);
  const results = await Promise.all([
    Promise.all(calls.map((n) => laptop.run(slowFirst, n))),
    Promise.all(calls.map((n) => server.run(slowFirst, n))),
  ]);
  assertEquals(results, [calls, calls]);
  // One waits for another, on the same thread.
  const waiting = laptop.run(() =>
    new Promise((resolve) => Object.assign(globalThis, { letGo: resolve }))
  );
  await laptop.run(() => (globalThis as unknown as { letGo(x: string): void }).letGo("went"));
  assertEquals(await waiting, "went");
});

Deno.test("run() is not confused by messages of the function's own, nor by an error afterwards", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const posted = await laptop.run(() => {
    for (const message of ["text", null, { id: 1 }, { ready: true }]) self.postMessage(message);
    return "done";
  });
  assertEquals(posted, "done");
  const waiting = laptop.run(() => new Promise(() => {}));
  const later = laptop.run(() => {
    setTimeout(() => {
      throw new Error("out of hand");
    });
  });
  await later;
  await assertRejects(() => waiting, RemoteFunctionError, "out of hand");
  assertEquals(await laptop.run(() => 1), 1);
});

Deno.test("run() rejects when the function ends its thread, and the next call has another", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  await assertRejects(() => laptop.run(() => Deno.exit(3)), RemoteFunctionError, "Deno.exit(3)");
  assertEquals(await laptop.run(() => 1), 1);
  const closing = () => {
    self.close();
    return new Promise(() => {});
  };
  await assertRejects(() => laptop.run(closing), RemoteFunctionError, "self.close()");
  assertEquals(await laptop.run(() => 2), 2);
});

Deno.test("run() has this process's working directory and imports by absolute address", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  assertEquals(await laptop.run(() => Deno.cwd()), Deno.cwd());
  assertEquals(await laptop.run(() => Deno.realPath(".")), await Deno.realPath("."));
  const address = import.meta.resolve("./fixtures/topology.ts");
  const names = await laptop.run(async (a) => Object.keys(await import(a)), address);
  assert(names.includes("pair"));
});

Deno.test("fetch, Deno.connect, Deno.listen and UDP work inside run(), by name too", async () => {
  await using lab = await Lab.create();
  const { server, laptop } = await pair(lab);
  await lab.dnsEntry("server.test", server.ip!);
  await server.run(async (hostname) => {
    Deno.serve({ hostname, port: 80, onListen() {} }, (request) => new Response(request.url));
    const listener = Deno.listen({ hostname, port: 7 });
    (async () => {
      for await (const connection of listener) void connection.readable.pipeTo(connection.writable);
    })();
    const { createSocket } = await import("node:dgram");
    const socket = createSocket("udp4", (data, from) => {
      socket.send(data, from.port, from.address);
    });
    await new Promise<void>((bound, failed) =>
      socket.once("error", failed).bind(7, hostname, bound)
    );
  }, server.ip!);
  for (const host of [server.ip!, "server.test"]) {
    assertEquals(
      await laptop.run(async (h) => await (await fetch(`http://${h}/x`)).text(), host),
      `http://${host}/x`,
    );
    const echoed = await laptop.run(async (hostname) => {
      using connection = await Deno.connect({ hostname, port: 7 });
      await connection.write(new TextEncoder().encode("hello"));
      await connection.closeWrite();
      return await new Response(connection.readable).text();
    }, host);
    assertEquals(echoed, "hello");
    const datagram = await laptop.run(async (h) => {
      const { createSocket } = await import("node:dgram");
      const socket = createSocket("udp4");
      const answer = new Promise<string>((resolve) =>
        socket.once("message", (data) => resolve(String(data)))
      );
      socket.send("ping", 7, h);
      return await answer.finally(() => socket.close());
    }, host);
    assertEquals(datagram, "ping");
  }
});

Deno.test("TLS works inside run(), with the names of the lab", async () => {
  await using lab = await Lab.create();
  const { server, laptop } = await pair(lab);
  await lab.dnsEntry("server.test", server.ip!);
  const pem = (name: string) => Deno.readTextFile(new URL(`fixtures/tls/${name}`, import.meta.url));
  const [ca, cert, key] = await Promise.all([pem("ca.pem"), pem("cert.pem"), pem("key.pem")]);
  await server.run(
    (hostname, cert, key) => {
      Deno.serve({ hostname, port: 443, cert, key, onListen() {} }, () => new Response("secret"));
    },
    server.ip!,
    cert,
    key,
  );
  const fetched = await laptop.run(async (ca) => {
    using client = Deno.createHttpClient({ caCerts: [ca] });
    return await (await fetch("https://server.test/", { client })).text();
  }, ca);
  assertEquals(fetched, "secret");
  const protocol = await laptop.run(async (ca) => {
    using connection = await Deno.connectTls({
      hostname: "server.test",
      port: 443,
      caCerts: [ca],
      alpnProtocols: ["http/1.1"],
    });
    return (await connection.handshake()).alpnProtocol;
  }, ca);
  assertEquals(protocol, "http/1.1");
  await assertRejects(
    () => laptop.run(async () => await (await fetch("https://server.test/")).text()),
    TypeError,
    "fetch failed",
  );
});

Deno.test("Deno.resolveDns inside run() asks the lab's name server", async () => {
  await using lab = await Lab.create();
  const { server, laptop } = await pair(lab);
  const dns = await server.spawn(new URL("./fixtures/dns_server.ts", import.meta.url), {
    args: [server.ip, { "www.example": "198.18.9.9", "host.example": server.ip }],
  });
  for await (const message of dns.messages()) {
    assertEquals(message, "ready");
    break;
  }
  await lab.setNameserver(server.ip!);
  assertEquals(await laptop.run(() => Deno.resolveDns("www.example.", "A")), ["198.18.9.9"]);
  await assertRejects(
    () => laptop.run(() => Deno.resolveDns("nowhere.example.", "A")),
    Deno.errors.NotFound,
  );
  // And so does getaddrinfo(3), of the thread and of programs.
  using listener = server.runSync(() => Deno.listen({ port: 99 }));
  const accepted = listener.accept();
  const to = await laptop.run(async () => {
    using connection = await Deno.connect({ hostname: "host.example", port: 99 });
    return connection.remoteAddr.hostname;
  });
  (await accepted).close();
  assertEquals(to, server.ip);
  assertMatch(await laptop.$`getent ahostsv4 www.example`.text(), /^198\.18\.9\.9 /);
});

Deno.test("run() refuses a node's handle, also within an argument", async () => {
  await using lab = await Lab.create();
  const { server, laptop } = await pair(lab);
  for (const argument of [server, { to: [server] }, [[{ server }]]]) {
    await assertRejects(
      () => laptop.run((x) => x, argument as unknown),
      RemoteFunctionError,
      'given the node "server"',
    );
  }
});

Deno.test("run() that nobody waits for is no unhandled rejection when the lab closes", async () => {
  const lab = await Lab.create();
  const { server } = await pair(lab);
  const unhandled: unknown[] = [];
  const note = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unhandled.push(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", note);
  try {
    await server.run(() => {});
    void server.run(() => new Promise<void>(() => {}));
    void server.run(() => Promise.reject(new RangeError("its own")));
    await waitUntil(() => unhandled.length > 0);
    await lab.close();
    await new Promise((resolve) => setTimeout(resolve));
  } finally {
    globalThis.removeEventListener("unhandledrejection", note);
  }
  assertEquals(unhandled.map(String), ["RangeError: its own"]);
});

Deno.test("a running run() rejects when the lab closes, and the next one is refused", async () => {
  const lab = await Lab.create();
  const { laptop, server } = await pair(lab);
  await laptop.run(() => 1);
  const running = [
    laptop.run(() => new Promise(() => {})),
    laptop.run(() => {
      for (;;);
    }),
    server.run(() => 1), // Its thread is still on its way.
  ];
  await Promise.all([
    ...running.map((call) => assertRejects(() => call, NodeRemovedError, "closed")),
    lab.close(),
  ]);
  await assertRejects(() => laptop.run(() => 1), NodeRemovedError, "closed");
});
