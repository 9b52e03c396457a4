import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { isVm, match, type Prints, testExamples } from "./examples.ts";
import { lendPackages } from "./native/lend_packages.ts";
import { OrdinaryUser } from "./native/ordinary_user.ts";

const ROOT = new URL("../", import.meta.url);

/** What each example must have printed. */
const PRINTS: Prints = {
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
  "p2p_matrix.ts"(output) {
    assertMatch(output, /^home +v4 v6 +v4 +v4 v6 +v4 v6 +v4 v6 +v6 +relay +relay$/m);
    assertMatch(output, /^cloud +v4 v6 +v4 +v6 +v4 v6 +v6 +v6 +relay +relay$/m);
    assertMatch(output, /^isp-v6 +v4 v6 +v4 +v4 v6 +v4 v6 +v4 v6 +v6 +relay +relay$/m);
    assertMatch(output, /^corporate( +relay){8}$/m);
  },
  "residential_dual_stack.ts"(output) {
    const [, day, night] = match(output, /^delegated prefix +(\S+)::\/56 +(\S+)::\/56$/m);
    assertNotEquals(day, night);
    assertMatch(output, /^laptop, IPv4 +(10[\d.]+) +\1$/m);
    assertMatch(output, /^the server sees, IPv4 +(198[\d.]+) +\1$/m);
    const ips = [`laptop, IPv6`, `the server sees, IPv6`].map((row) =>
      match(output, new RegExp(`^${row} +(${day}:\\S+) +(${night}:\\S+)$`, "m")).slice(1)
    );
    assertEquals(new Set(ips.flat()).size, 4);
    assertMatch(output, /^connected by IPv4 +answers +answers$/m);
    assertMatch(output, /^connected by IPv6 +answers +silence$/m);
    assertMatch(output, /^IPv4, TCP +no answer +no answer$/m);
    assertMatch(output, /^IPv6, TCP +no answer +answered$/m);
    assertMatch(output, /^IPv6, UDP +no answer +answered$/m);
  },
  "ipv6_only_mobile.ts"(output) {
    const [, phone] = match(output, /^IPv6 +(2001:\S+) +2001:\S+ +\1$/m);
    const [, embedded, carrier] = match(
      output,
      new RegExp(`^NAT64 +${phone} +(64:ff9b::\\S+) +(198[\\d.]+)$`, "m"),
    );
    assertMatch(
      output,
      new RegExp(`^NAT64, by name +${phone} +${embedded} +${RegExp.escape(carrier)}$`, "m"),
    );
    const [, legacy] = match(
      output,
      new RegExp(`^IPv4 alone, CLAT +192\\.0\\.0\\.1 +(198[\\d.]+) +${carrier}$`, "m"),
    );
    assertMatch(output, /^IPv4 alone, no CLAT +- +- +nothing$/m);
    assertMatch(output, new RegExp(`^ping ${embedded}: answered \\(tablet\\)$`, "m"));
    assertMatch(output, new RegExp(`^ping ${legacy}: answered \\(phone\\)$`, "m"));
  },
  "mobile_cgnat.ts"(output) {
    const [, carrier, phone, tablet, home] = match(
      output,
      /^IPv4, outside +([\d.]+):(\d+) +\1:(\d+) +([\d.]+):\d+$/m,
    );
    assertNotEquals(phone, tablet);
    assertNotEquals(carrier, home);
    const [, ...own] = match(output, /^IPv6, its own +(\S+) +(\S+) +(\S+)$/m);
    const outside = own.map((ip) => RegExp.escape(ip)).join(" +");
    assertMatch(output, new RegExp(`^IPv6, outside +${outside}$`, "m"));
    assertMatch(output, /^IPv4, before it sent +no answer +no answer +no answer$/m);
    assertMatch(output, /^IPv4, once it sent +answered +answered +no answer$/m);
    assertMatch(output, /^IPv6, UDP +answered +answered +no answer$/m);
    assertMatch(output, /^IPv6, TCP +answered +answered +no answer$/m);
  },
  "ra_capture.ts"(output) {
    assertMatch(output, /^solicitation +fe80::\S+ +ff02::2 +who is a router\?$/m);
    const [, router, prefix] = match(
      output,
      /^advertisement +(fe80::\S+) +(?:fe80::\S+|ff02::1) +(\S+)::\/64, default router for 1800 s$/m,
    );
    assertMatch(
      output,
      new RegExp(
        `^advertisement +${router} +ff02::1 +${prefix}::/64, default router for 0 s$`,
        "m",
      ),
    );
    const way = `${router} eth0`;
    const [, address] = match(
      output,
      new RegExp(`^as it comes +(${prefix}:\\S+) +${way} +answered$`, "m"),
    );
    assertMatch(output, new RegExp(`^lifetime 0 +${address} +none +no answer$`, "m"));
    assertMatch(output, new RegExp(`^lifetime 600 +${address} +${way} +answered$`, "m"));
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
    for (const family of ["IPv4", "IPv6"]) {
      const row = (text: string) => match(output, new RegExp(`^${text} +\\d+ ms$`, "m"))[1];
      row(`workstation +${family} +UDP 3478 +no answer`);
      row(`workstation +${family} +TCP 3478 +no answer`);
      const office = row(`workstation +${family} +TCP 443 +seen as (\\S+):\\d+`);
      const home = row(`laptop +${family} +UDP 3478 +seen as (\\S+):\\d+`);
      assertNotEquals(office, home);
    }
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
    assertMatch(output, /^UDP 443 +no answer +no answer$/m);
    assertMatch(output, /^UDP 3478 +no answer +no answer$/m);
    assertMatch(output, /^TCP 3478 +no answer +seen as [\d.]+$/m);
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
  "happy_eyeballs.ts"(output) {
    assertMatch(output, /^works +IPv6, \d+ ms +IPv6, \d+ ms$/m);
    assertMatch(output, /^vanishes +IPv4, \d+ ms +nothing$/m);
    assertMatch(output, /^is refused +IPv4, \d+ ms +nothing$/m);
    assertMatch(output, /^The fallback took \d+ ms, of which 200 ms were asked for\.$/m);
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
  "recorded_run.ts"(output) {
    for (const file of ["laptop-eth0", "home-lan", "home-ix", "dc-lan", "server-eth0"]) {
      match(output, new RegExp(`^${file}\\.pcapng$`, "m"));
    }
    match(output, /^\d+ events, of which PeerChosen and halfway are/m);
    match(output, /^now: netyard show \S+ --open$/m);
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

testExamples(PRINTS, (name) => !isVm(name));

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
