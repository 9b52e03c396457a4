// Keeps two files in the cache that the first argument names, one of them of so many bytes as the
// second says; tells when they are made, and keeps them when it reads something.
import { join } from "node:path";
import { cached } from "../../lib/files/cache.ts";

const [directory, size] = Deno.args;
try {
  const { hash } = await cached({
    directory,
    name: "thing",
    files: ["a", "b"],
    build: async (at) => {
      await Deno.writeTextFile(join(at, "a"), "first");
      await Deno.writeTextFile(join(at, "b"), size ? "x".repeat(Number(size)) : "second");
      console.log("made");
      await Deno.stdin.read(new Uint8Array(8));
    },
  });
  console.log(hash);
} catch (error) {
  console.log(String(error));
}
