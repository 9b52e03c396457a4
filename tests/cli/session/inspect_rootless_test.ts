import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { lendPackages } from "../../native/lend_packages.ts";
import { OrdinaryUser } from "../../native/ordinary_user.ts";
import { CITY, KeptLab, processesIn, type Runner } from "./kept_lab.ts";

const ROOT = new URL("../../../", import.meta.url);

Deno.test("an ordinary user enters a lab that another process of the same user keeps running", async () => {
  const files = await Promise.all(
    ["deno.json", "deno.lock", "mod.ts"].map(async (name) =>
      [name, await Deno.readTextFile(new URL(name, ROOT))] as const
    ),
  );
  await using user = await OrdinaryUser.create(["native", "lib"], {
    ...Object.fromEntries(files),
    "city.toml": CITY,
  });
  await lendPackages(`${user.dir}/.deno`);
  const runner: Runner = {
    runtimeDirectory: user.dir,
    spawn: (args, { stdin }) =>
      user.spawn([
        user.deno,
        "run",
        "-A",
        "--cached-only",
        "--no-check",
        "lib/cli/main.ts",
        ...args,
      ], {
        env: { XDG_RUNTIME_DIR: user.dir },
        stdin: stdin === "null",
      }),
  };
  await using lab = await KeptLab.start(runner, ["city.toml"]);
  const serverIp = /device server: eth0, ([\d.]+)/.exec(lab.printed)![1];

  const pinged = await lab.runIn(["laptop", "--", "ping", "-c", "1", serverIp]);
  assertStringIncludes(pinged.stdout, "1 received", pinged.stderr);

  const script = "cat /etc/hosts; readlink /proc/self/ns/net; cat; exit 3";
  const { code, stdout } = await lab.runIn(["laptop", "--", "sh", "-c", script], "from outside\n");
  assertEquals(code, 3);
  assertStringIncludes(stdout, "127.0.1.1\tlaptop\n");
  assert(stdout.endsWith("from outside\n"));

  const network = /^net:\[\d+\]$/m.exec(stdout)![0];
  assert(await processesIn(network) > 0);
  assertEquals((await lab.end()).code, 0);
  assertEquals(await processesIn(network), 0);
  assertEquals([...Deno.readDirSync(`${user.dir}/netyard`)], []);
});
