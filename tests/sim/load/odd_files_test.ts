import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { loadSimulations } from "../../../lib/sim/load.ts";
import { faultsOf, inFiles, load, short, step, TOPOLOGY } from "./kit.ts";

const RUN = step('device = "a"\ncmd = ["x"]\n');
const WRONG = step('device = "none"\ncmd = ["x"]\n');

Deno.test("line ends of Windows, a byte order mark and tabs make no difference", async () => {
  const read = async (text: string) => {
    const [{ topology, steps }] = await load(text);
    return { topology, steps: steps.map(short), where: steps[0].origin.where };
  };
  const plain = await read(RUN);
  for (
    const odd of [
      RUN.replaceAll("\n", "\r\n"),
      `\ufeff${RUN}`,
      RUN.replaceAll(" = ", "\t=\t").trimEnd(),
    ]
  ) {
    assertEquals(await read(odd), plain);
  }
  const where = 'a.toml:12: "device" is "none", but ';
  for (const odd of [WRONG.replaceAll("\n", "\r\n"), `\ufeff${WRONG}`]) {
    assertEquals((await faultsOf(odd))[0].startsWith(where), true);
  }
});

Deno.test("faults of inline tables and dotted keys have lines too", async () => {
  const inline = (capture: string) =>
    `sim.name = "d"
router = [{ name = "dc" }]
device.a.eth0.gateway = "dc"
step = [
  { id = "s", device = "a", cmd = ["x"],
    captures.y.${capture} },
  { action = "assert", check = "s.y == 1" },
]
`;
  const [{ name, steps }] = await load(inline('regex = "."'));
  assertEquals([name, ...steps.map(({ action }) => action)], ["d", "run", "assert"]);
  assertEquals(
    (await faultsOf(inline('regx = "."')))[0],
    'a.toml:6: run: unknown key "captures.y.regx"; did you mean "regex"? Keys: pipe, regex, match, ' +
      "pick",
  );
});

Deno.test("a file may have a thousand steps, and texts of any characters and length", async () => {
  const many = TOPOLOGY + '[[step]]\ndevice = "a"\ncmd = ["x"]\n'.repeat(1_000);
  assertEquals((await load(many))[0].steps.length, 1_000);
  const content = `höö 🎉 \u2028 ${"x".repeat(3_000_000)}`;
  const [{ steps: [file] }] = await load(
    `[[step]]\naction = "gen-file"\nid = "f"\ncontent = "${content}"\n`,
  );
  assertEquals(file.action === "gen-file" && file.content === content, true);
  // Where the lines are not known, the file is.
  assertEquals(file.origin.where, "a.toml");
});

Deno.test("files may extend each other deeply, and over several paths", async () => {
  const files: Record<string, string> = {
    "a.toml": '[sim]\n[[extends]]\nfile = "0.toml"\n[[step]]\nuse = "t"\n',
    "60.toml":
      '[[step-template]]\nname = "t"\naction = "wait"\nduration = "1s"\n[[binary]]\nname = "b"\npath = "first"\n',
  };
  // There are 2 ** 60 ways to the last.
  for (let i = 0; i < 60; i++) {
    files[`${i}.toml`] = `[[extends]]\nfile = "${i + 1}.toml"\n`.repeat(2) +
      (i === 0 ? '[[binary]]\nname = "b"\npath = "last"\n' : "");
  }
  const [{ steps, binaries }] = await load(files);
  assertEquals(steps[0].action, "wait");
  assertEquals(binaries.map(({ path }) => path), ["last"]);
});

Deno.test("a symbolic link counts as a file of its own name; a dangling link does not", async () => {
  await inFiles({ "sims/real.toml": RUN }, async (cwd) => {
    await Deno.mkdir(join(cwd, "links"));
    await Deno.symlink("../sims/real.toml", join(cwd, "links/link.toml"));
    await Deno.symlink("nowhere.toml", join(cwd, "dead.toml"));
    await Deno.symlink("loop.toml", join(cwd, "loop.toml"));
    const named = async (...paths: string[]) =>
      (await loadSimulations(paths, { cwd })).map(({ name, file }) => `${name} of ${file}`);
    assertEquals(await named("links/"), ["link of links/link.toml"]);
    assertEquals(await named("./links//", "sims/../sims/real.toml"), [
      "link of links/link.toml",
      "real of sims/../sims/real.toml",
    ]);
    assertEquals(await named("sims/real.toml", "./sims/real.toml"), ["real of sims/real.toml"]);
    const refused = async (path: string) =>
      await named(path).then(String, (error: Error) => error.message);
    assertEquals(await refused("dead.toml"), "dead.toml: there is no such file");
    assertEquals(
      await refused("loop.toml"),
      "loop.toml: it cannot be read: Too many levels of symbolic links (os error 40)",
    );
  });
});
