// Builds an entry of two files in the cache of the first argument; the second argument is the size of one
// of them. Prints a line when they are built, and keeps them when it reads a line.
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
