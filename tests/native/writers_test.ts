import { assertEquals } from "@std/assert";
import { isOpenForWriting } from "../../native/files/writers.ts";

Deno.test("a file is open for writing as long as this process, or a child, has it open so", async () => {
  const path = await Deno.makeTempFile();
  try {
    assertEquals(isOpenForWriting(path), false);
    {
      using _ = await Deno.open(path, { write: true });
      assertEquals(isOpenForWriting(path), true);
    }
    assertEquals(isOpenForWriting(path), false);
    {
      using _ = await Deno.open(path, { read: true });
      assertEquals(isOpenForWriting(path), false);
    }
    // The shell opens it, and its child has it after the shell has become another program.
    const child = new Deno.Command("sh", {
      args: ["-c", `exec 3>>"$1"; echo; exec cat`, "sh", path],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    assertEquals(isOpenForWriting(path), true);
    await child.stdin.close();
    await reader.read();
    await child.status;
    assertEquals(isOpenForWriting(path), false);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a file that does not exist, or is a directory, is not open for writing", () => {
  assertEquals(isOpenForWriting("/nonexistent/file"), false);
  assertEquals(isOpenForWriting("/"), false);
});
