import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { lendPackages } from "./native/lend_packages.ts";
import { OrdinaryUser } from "./native/ordinary_user.ts";

const ROOT = new URL("../", import.meta.url);
const TIMEOUT_MS = 60_000;

/** What each example must have printed. */
const PRINTS: Record<string, (output: string) => void> = {
  "hello.ts": checkHello,
  "double_nat.ts"(output) {
    const [, phone, laptop] = match(
      output,
      /^a server outside +([\d.]+:\d+) +([\d.]+:\d+)$/m,
    );
    const [ip, port] = phone.split(":");
    assertMatch(output, new RegExp(`^One address for two homes: ${ip}, port ${port} is`, "m"));
    assertEquals(laptop.split(":")[0], ip);
    assertNotEquals(laptop, phone);
    for (const layer of ["itself", "its home router", "the provider"]) {
      const [, inner] = match(output, new RegExp(`^${layer} +([\\d.]+):40000 `, "m"));
      assertNotEquals(inner, ip);
    }
  },
  "hole_punching.ts"(output) {
    const [, alice] = match(output, /^alice +10[\d.]+:40000 +([\d.]+:\d+) +\1$/m);
    const [, bob] = match(output, /^bob +10[\d.]+:40000 +([\d.]+:\d+) +\1$/m);
    const [, first, second] = match(output, /^carol +10[\d.]+:40001 +([\d.]+:\d+) +([\d.]+:\d+)$/m);
    assertNotEquals(first, second);
    const direct = `"hello from bob" from ${bob} +"hello from alice" from ${alice}`;
    assertMatch(output, new RegExp(`^alice, bob +direct +${direct}$`, "m"));
    assertMatch(output, /^alice, carol +direct +nothing +nothing$/m);
    const [, relay] = match(output, /^alice, carol +relay +"hello from carol" from ([\d.]+:\d+)/m);
    assertMatch(output, new RegExp(`"hello from alice" from ${relay}$`, "m"));
    assertEquals(output.match(/^alice, bob /gm)?.length, 1, "peers at home need no relay");
  },
  "handoff.ts"(output) {
    const [, before, after] = match(output, /^the phone's address +(10[\d.]+) +(10[\d.]+)$/m);
    assertNotEquals(before, after);
    const [, home, carrier] = match(
      output,
      /^by TCP the server saw +([\d.]+):\d+ +([\d.]+):\d+$/m,
    );
    assertNotEquals(home, carrier);
    assertMatch(output, new RegExp(`^by UDP the server saw +${home}:\\d+ +${carrier}:\\d+$`, "m"));
    assertMatch(output, /^beats that arrived +\d+ +\d+$/m);
    assertMatch(output, /^answered within +\d+ ms +\d+ ms$/m);
    assertMatch(output, /^No answer for \d+ ms by UDP, \d+ ms by TCP\.$/m);
  },
  "corporate_fallback.ts"(output) {
    assertMatch(output, /^workstation +UDP 3478 +no answer +\d+ ms$/m);
    assertMatch(output, /^workstation +TCP 3478 +no answer +\d+ ms$/m);
    const [, office] = match(output, /^workstation +TCP 443 +seen as ([\d.]+):\d+ +\d+ ms$/m);
    const [, home] = match(output, /^laptop +UDP 3478 +seen as ([\d.]+):\d+ +\d+ ms$/m);
    assertNotEquals(office, home);
  },
  "vpn_full_tunnel.ts"(output) {
    const [, home, exit] = match(output, /^the server saw, by UDP +([\d.]+) +([\d.]+) +\1$/m);
    assertNotEquals(home, exit);
    assertMatch(output, new RegExp(`^the server saw, by TCP +${home} +${exit} +${home}$`, "m"));
    assertMatch(output, /^largest packet +1500 bytes +1420 bytes +1500 bytes$/m);
  },
  "vpn_split_tunnel.ts"(output) {
    const [, home, tunnel] = match(output, /^laptop, split tunnel +([\d.]+) +(10[\d.]+)$/m);
    assertMatch(output, new RegExp(`^tablet, no tunnel +${home} +nobody$`, "m"));
    assertMatch(output, new RegExp(`^laptop, tunnel down +${home} +nobody$`, "m"));
    const [, office] = match(
      output,
      new RegExp(`^laptop, full tunnel +([\\d.]+) +${tunnel}$`, "m"),
    );
    assertNotEquals(home, office);
    assertMatch(output, new RegExp(`^laptop, split tunnel again +${home} +${tunnel}$`, "m"));
  },
  "vpn_kill_switch.ts"(output) {
    const [, home] = match(output, /^open +40 +0 +20 from ([\d.]+) +20 from [\da-f:]+$/m);
    assertMatch(output, /^blocked +80 +[1-9]\d* +nothing +nothing$/m);
    const [, exit] = match(output, /^tunnel +40 +0 +20 from ([\d.]+) +20 from [\da-f:]+$/m);
    assertNotEquals(home, exit);
  },
  "captive_portal.ts"(output) {
    assertMatch(output, /^HTTP +sent to http:\/\/10[\d.]+\/login +welcome to the website$/m);
    assertMatch(output, /^the login page +please log in +no answer$/m);
    assertMatch(output, /^TCP 443 +no answer +seen as [\d.]+$/m);
    assertMatch(output, /^UDP 53 +no answer +seen as [\d.]+$/m);
    assertMatch(output, /^UDP 3478 +no answer +no answer$/m);
    assertMatch(output, /^ping +no answer +answered$/m);
  },
  "dhcp_renewal.ts"(output) {
    const [, before, after] = match(output, /^the laptop's address +(10[\d.]+) +(10[\d.]+)$/m);
    assertNotEquals(before, after);
    const [, first, second] = match(output, /^the server saw +([\d.]+):\d+ +([\d.]+):\d+$/m);
    assertEquals(first, second);
    assertMatch(output, /^it ended, for +the address is gone +it was enough$/m);
    assertMatch(output, /^No answer for \d+ ms\.$/m);
  },
  "mtu_black_hole.ts"(output) {
    for (const family of ["IPv4", "IPv6"]) {
      const row = (text: string) => assertMatch(output, new RegExp(`^${family}, ${text}$`, "m"));
      row("100 bytes of HTTP +100 bytes +100 bytes");
      row("200000 bytes of HTTP +hangs +200000 bytes");
      row("the server's packets +1500 bytes +1420 bytes");
      row("ping of 84 bytes +answered +answered");
      row("ping of 1500 bytes +nothing +told to send 1420");
    }
  },
  "intermittent.ts"(output) {
    for (const downMs of [200, 400, 800]) {
      assertMatch(output, new RegExp(`^${downMs} ms +[01] +\\d+ ms$`, "m"));
    }
    assertMatch(output, /^Beats answered: \d\d+\. Connections: 1\.$/m);
  },
  "asymmetric_bandwidth.ts"(output) {
    assertMatch(output, /^asked +20\.0 Mbit\/s +2\.0 Mbit\/s +10\.0$/m);
    for (const where of ["downlink of the router", "interface, each direction"]) {
      assertMatch(output, new RegExp(`^${where} +[\\d.]+ Mbit/s +[\\d.]+ Mbit/s +[\\d.]+$`, "m"));
    }
  },
  "progressive_degradation.ts"(output) {
    const medians = ["wifi", "wifi-bad", "mobile-3g", "nothing"].map((name) => {
      const row = new RegExp(
        `^${name} +\\d+ +\\d+ \\([\\d.]+ %\\) +[\\d.]+ ms +([\\d.]+) ms$`,
        "m",
      );
      return Number(match(output, row)[1]);
    });
    const [wifi, bad, cell, nothing] = medians;
    assert(wifi < bad && bad < cell && nothing < bad, medians.join());
    assertMatch(output, /^The first answer by the good link came after \d+ ms\.$/m);
  },
  "split_brain.ts"(output) {
    const [, direct] = match(
      output,
      /^all cables work +(\d routers), \d+ ms +eu leads +eu leads$/m,
    );
    const [, round] = match(output, /^eu-us is cut +(\d routers), \d+ ms +eu leads +eu leads$/m);
    assertNotEquals(direct, round);
    assertMatch(output, /^us-asia, too +none +eu leads +us leads$/m);
    assertMatch(
      output,
      new RegExp(`^us-asia is mended +${round}, \\d+ ms +eu leads +eu leads$`, "m"),
    );
    assertMatch(output, new RegExp(`^eu-us, too +${direct}, \\d+ ms +eu leads +eu leads$`, "m"));
  },
  "three_bridges.ts"(output) {
    assertMatch(output, /^no routes +none +none +none$/m);
    assertMatch(output, /^desks are routed +v4 and v6 +v4 and v6 +none$/m);
    assertMatch(output, /^not with printers +v4 and v6 +none +none$/m);
    assertMatch(output, /^Desks are routed with servers\.$/m);
  },
  "bridge_impairments.ts"(output) {
    const ms = "([\\d.]+) ms";
    assertMatch(output, new RegExp(`^as it is +${ms} +${ms} +${ms}$`, "m"));
    const [, late] = match(output, new RegExp(`^a to b is late +${ms} +${ms} +${ms}$`, "m"));
    assert(Number(late) >= 39.5);
    assertMatch(output, new RegExp(`^a and b are apart +no answer +${ms} +${ms}$`, "m"));
    assertMatch(output, new RegExp(`^reset +${ms} +${ms} +${ms}$`, "m"));
  },
  "flaky_links.ts"(output) {
    const at = (pattern: string) => match(output, new RegExp(`^${pattern}$`, "m")).index;
    const places = [
      "0 ms +[\\d.]+ ms +dayBegins\\(\\)",
      " +[\\d.]+ ms +camera: picture arrived",
      "200 ms +[\\d.]+ ms +flap",
      "800 ms +[\\d.]+ ms +heal loose plug",
      "1000 ms +[\\d.]+ ms +degrade",
      " +[\\d.]+ ms +camera wwan0: mobile-3g",
      "1300 ms +[\\d.]+ ms +link-down",
      " +[\\d.]+ ms +camera: picture lost",
      "1800 ms +[\\d.]+ ms +heal no network",
      "2200 ms +[\\d.]+ ms +heal step 4",
      " +[\\d.]+ ms +camera wwan0: null",
    ].map(at);
    assertEquals(places, places.toSorted((a, b) => a - b), output);
  },
  "seeds.ts"(output) {
    if (output.startsWith("Here netem impairs the links")) return;
    const [, losses] = match(output, /^the first +7 +(\d+ +[\d, ]+\.\.\.)$/m);
    assertMatch(output, new RegExp(`^the same seed +7 +${RegExp.escape(losses)}$`, "m"));
    const [, seed, drawn] = match(output, /^no seed given +(\d+) +(\d+ +[\d, ]+\.\.\.)$/m);
    assertMatch(
      output,
      new RegExp(`^with the seed it drew +${seed} +${RegExp.escape(drawn)}$`, "m"),
    );
    assertNotEquals(drawn, losses);
    assertNotEquals(match(output, /^another seed +8 +(\d+ +[\d, ]+\.\.\.)$/m)[1], losses);
  },
  "measure.ts"(output) {
    const found = "[\\d.]+";
    const asked = { "wifi-bad": ["40.0", "15.0", "2.0", "20.0"], wifi: ["5.0", "2.0", "0.1"] };
    for (const [preset, [delay, jitter, loss, rate]] of Object.entries(asked)) {
      const cells = [
        `${delay} ms +${found} ms`,
        `${jitter} ms +${found} ms`,
        `${loss} % +${found} %`,
        `${rate ? `${rate} Mbit/s` : "no limit"} +${found} Mbit/s`,
      ];
      assertMatch(output, new RegExp(`^${preset} +up +${cells.join(" +")}$`, "m"));
    }
    assertEquals(output.match(/^ +down /gm)?.length, 7);
  },
  "capture.ts"(output) {
    const [, laptop, server] = match(
      output,
      /^by the laptop +(10[\d.]+):40000 +([\d.]+):5353$/m,
    );
    const [, home] = match(
      output,
      new RegExp(`^by the server +([\\d.]+):40000 +${server}:5353$`, "m"),
    );
    assertNotEquals(home, laptop);
    assertMatch(output, new RegExp(`^the answer +${server}:5353 +${laptop}:40000$`, "m"));
    assertMatch(output, /^tcpdump reads [2-9] packets from the file$/m);
  },
  "vm_split_brain.ts"(output) {
    assertMatch(output, /^together +buy milk +buy milk$/m);
    assertMatch(output, /^apart +buy bread, buy milk +buy milk, sell the cow$/m);
    assertMatch(output, /^healed +(buy bread, buy milk, sell the cow) +\1$/m);
  },
  "vm_behind_nat.ts"(output) {
    const [, own, seen] = match(output, /^IPv4 +(10[\d.]+) +([\d.]+)$/m);
    assertNotEquals(seen, own);
    assertMatch(output, /^IPv6 +([\da-f:]+) +\1$/m);
    assertEquals(output.match(/^the server, by .* none$/gm)?.length, 3);
    assertEquals(output.match(/^the tablet, by .* photos$/gm)?.length, 2);
  },
  "vm_snapshot_pair.ts"(output) {
    const [, connection] = match(output, /^before +1 2 3 +(10[\d.]+:\d+) +no$/m);
    assertMatch(output, /^broken +nothing +none +yes$/m);
    assertMatch(output, new RegExp(`^restored +1 2 3 +${connection} +no$`, "m"));
    assertMatch(output, new RegExp(`^one press more +1 2 3 4 +${connection} +no$`, "m"));
  },
  "vm_capture.ts"(output) {
    const [, asker, resolver] = match(output, /^question +(10[\d.]+) +(10[\d.]+)$/m);
    assertMatch(output, new RegExp(`^answer +${resolver} +${asker}$`, "m"));
    const [, pinged] = match(output, new RegExp(`^ping +${asker} +(10[\\d.]+)$`, "m"));
    assertMatch(output, new RegExp(`^ping at b +${asker} +${pinged}$`, "m"));
    assertMatch(
      output,
      new RegExp(`^  IP ${asker}\\.\\d+ > ${resolver}\\.53: .* A\\? example`, "m"),
    );
  },
  "vm_routed_bridges.ts"(output) {
    assertMatch(output, /^no routes +nothing +nothing$/m);
    assertMatch(output, /^front with middle +no database +nothing$/m);
    assertMatch(output, /^middle with back +42 rows +nothing$/m);
    assertMatch(output, /^without that again +no database +nothing$/m);
    assertMatch(output, /^db on both +42 rows +nothing$/m);
  },
  "vm_fixture_test.ts"(output) {
    assertMatch(output, /^ok \| 5 passed \| 0 failed/m);
  },
  "under_test.ts"(output) {
    assertMatch(output, /^ok \| 3 passed \| 0 failed/m);
  },
};

function checkHello(output: string): void {
  assertMatch(output, /^ping through the NAT .* 3 of 3, [\d.]+ ms$/m);
  const [, router] = match(
    output,
    / as the server saw it +([\d.]+):\d+ .*the home router's address$/m,
  );
  assertMatch(output, new RegExp(`^UDP mapping .* ${router}:40000$`, "m"));
  assertMatch(output, /^TCP from outside .* no answer, refused$/m);
  assertMatch(output, /^ {2}firewall off .* connected$/m);
}

function match(output: string, pattern: RegExp): RegExpExecArray {
  const found = pattern.exec(output);
  assert(found, `nothing in this output is ${pattern}:\n${output}`);
  return found;
}

/** The command that the guide at the top of an example gives, without `deno`. */
async function guideOf(name: string): Promise<string[]> {
  const source = await Deno.readTextFile(new URL(`examples/${name}`, ROOT));
  const [, command] = match(
    source,
    new RegExp(`^// deno ((?:run|test) -P examples/${name})$`, "m"),
  );
  assert(
    /^(?:import|export)/m.exec(source)?.index! > source.indexOf(command),
    "the guide is first",
  );
  return command.split(" ");
}

const examples = [...Deno.readDirSync(new URL("examples/", ROOT))]
  .map(({ name }) => name).filter((name) => name.endsWith(".ts")).sort();

Deno.test("it is known of each example what it prints", () => {
  assertEquals(examples, Object.keys(PRINTS).sort());
});

for (const name of examples) {
  Deno.test(`examples/${name} runs as its guide says, and shows what it is about`, async () => {
    const command = await guideOf(name);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: command,
      cwd: ROOT,
      env: { NO_COLOR: "1" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).output();
    const output = new TextDecoder().decode(stdout);
    assertEquals(code, 0, `exit code ${code}\n${output}${new TextDecoder().decode(stderr)}`);
    PRINTS[name](output);
  });
}

Deno.test("examples/hello.ts shows the same to an ordinary user", async () => {
  const files = await Promise.all(
    ["deno.json", "deno.lock", "mod.ts"].map(async (name) =>
      [name, await Deno.readTextFile(new URL(name, ROOT))] as const
    ),
  );
  await using user = await OrdinaryUser.create(
    ["native", "lib", "examples"],
    Object.fromEntries(files),
  );
  await lendPackages(`${user.dir}/.deno`);
  // As /root/bin of a PATH that was inherited from root.
  const locked = `${user.dir}/locked`;
  await Deno.mkdir(locked, { mode: 0o700 });
  const { code, stdout, stderr } = await user.run(
    [user.deno, "run", "-P", "--cached-only", "examples/hello.ts"],
    { env: { PATH: `${locked}:/usr/local/bin:/usr/bin:/bin` } },
  );
  assertEquals(code, 0, `exit code ${code}\n${stdout}${stderr}`);
  checkHello(stdout);
});
