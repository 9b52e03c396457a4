import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { Namespace, NamespaceClosedError, NetyardError } from "@netyard/netyard";
import { pathExists, readLink } from "../../native/libc.ts";

/** The network namespace of this thread. */
const here = () => readLink("/proc/thread-self/ns/net");

Deno.test("a namespace is entered for a call, and left with its result", () => {
  using namespace = Namespace.create();
  const outside = here();
  const inside = namespace.enter(here);
  assertNotEquals(inside, outside);
  assertEquals(here(), outside);
  assertEquals(namespace.enter(here), inside);
  assertEquals(readLink(namespace.path), inside);
});

Deno.test("a namespace is left also when the call throws", () => {
  using namespace = Namespace.create();
  const outside = here();
  const error = assertThrows(() =>
    namespace.enter(() => {
      throw new RangeError("no");
    }), RangeError);
  assertEquals([error.message, here()], ["no", outside]);
});

Deno.test("namespaces are entered from within each other, and left in turn", () => {
  using a = Namespace.create();
  using b = Namespace.create();
  const [host, inA, inB] = [here(), a.enter(here), b.enter(here)];
  const seen = a.enter(() => [here(), b.enter(() => [here(), a.enter(here), here()]), here()]);
  assertEquals(seen, [inA, [inB, inA, inB], inA]);
  assertEquals(here(), host);
  const thrown = a.enter(() => {
    assertThrows(() =>
      b.enter(() => {
        throw new Error();
      })
    );
    return here();
  });
  assertEquals(thrown, inA);
  using made = a.enter(() => Namespace.create());
  assertEquals(new Set([host, inA, inB, made.enter(here)]).size, 4);
});

Deno.test("a new namespace is empty, and each has sockets of its own", () => {
  using a = Namespace.create();
  using b = Namespace.create();
  const [one, two] = [a, b].map((n) => n.enter(() => Deno.listen({ port: 4711 })));
  assertEquals(a.enter(() => Deno.networkInterfaces()), []);
  one.close();
  two.close();
});

Deno.test("a closed namespace cannot be entered", () => {
  const namespace = Namespace.create();
  const { fd, path } = namespace;
  assert(fd > 2 && pathExists(path));
  namespace.close();
  namespace.close();
  assertEquals(namespace.fd, -1);
  const error = assertThrows(() => namespace.enter(here), NamespaceClosedError, "is closed");
  assert(error instanceof NetyardError);
});

Deno.test("a namespace that is closed from inside ends when the call returns", () => {
  const a = Namespace.create();
  using b = Namespace.create();
  const outside = here();
  const [inA, inB] = [a.enter(here), b.enter(here)];
  const seen = a.enter(() => {
    const nested = b.enter(() => {
      a.close();
      return here();
    });
    return [nested, here()];
  });
  assertEquals(seen, [inB, inA]);
  assertEquals([here(), a.fd], [outside, -1]);
});
