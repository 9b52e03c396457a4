import { assert, assertEquals, assertMatch } from "@std/assert";
import { selfSigned } from "../../lib/sim/perform/certificate.ts";
import { asserts, type LooseStep, PAIR, run, sh, simulation } from "./kit.ts";

Deno.test("a file is written with its references filled in, and its path is captured", async () => {
  const what = simulation(
    [
      sh("echo abc", { id: "key", captures: { id: { regex: /.+/ } } }),
      {
        action: "gen-file",
        id: "config",
        content: 'addr = "$NETYARD_IP_box:80"\nkey = "${key.id}"\nhome = "${HOME}"\n',
      },
      sh("cat ${config.path}", { id: "cat", captures: { key: { regex: /key = "(.*)"/ } } }),
      asserts("cat.key == abc"),
    ],
  );
  await run(what, async ({ captures, failure }, directory) => {
    assertEquals(failure, undefined);
    const path = `${directory}/files/config/content`;
    assertEquals(captures["config.path"], path);
    assertMatch(
      await Deno.readTextFile(path),
      /^addr = "198\.\d+\.\d+\.\d+:80"\nkey = "abc"\nhome = "\$\{HOME\}"\n$/,
    );
    assertEquals([...Deno.readDirSync(`${directory}/files/config`)].length, 1);
  });
});

/** An HTTPS server of one answer. */
const SERVER = `
const [certFile, keyFile, hostname] = Deno.args;
const [cert, key] = [certFile, keyFile].map((path) => Deno.readTextFileSync(path));
Deno.serve({ hostname, port: 443, cert, key, onListen: () => console.log("up") }, () => new Response("hi"));`;

Deno.test("programs trust a certificate for the addresses of its device, and not another one for the same addresses", async () => {
  const certificates: LooseStep[] = [
    {
      action: "gen-certs",
      id: "cert",
      device: "server",
      cn: "netyard",
      san: ["relay.test", "$NETYARD_IP_dc", "2001:DB8::7"],
    },
    { action: "gen-certs", id: "other", device: "server", cn: "netyard" },
  ];
  const get = (how: string) => sh(`curl -sS -m 10 --noproxy '*' ${how}`, { device: "client" });
  const to = "https://$NETYARD_IP_server/";
  const resolved = "--resolve relay.test:443:$NETYARD_IP_server https://relay.test/";
  const fetching = `fetch(Deno.args[0], { client: Deno.createHttpClient({ caCerts: [
    Deno.readTextFileSync(Deno.args[1])] }) }).then((r) => r.text()).then(console.log)`;
  const deno = [Deno.execPath(), "eval", "--no-config", fetching];
  const what = simulation([
    ...certificates,
    { action: "gen-file", id: "code", content: SERVER },
    {
      action: "spawn",
      id: "server",
      device: "server",
      cmd: [
        Deno.execPath(),
        ...["run", "-A", "--no-config", "--ext=ts", "${code.path}"],
        ...["${cert.cert_pem_path}", "${cert.key_pem_path}", "$NETYARD_IP_server"],
      ],
      captures: { up: { regex: /up/ } },
    },
    { ...get(`--cacert \${cert.cert_pem_path} ${to} | grep hi`), requires: ["server.up"] },
    get(`--cacert \${cert.cert_pem_path} ${resolved} | grep hi`),
    // The same names, but another key.
    get(`--cacert \${other.cert_pem_path} ${to} 2>&1 | grep -i certificate`),
    // The right certificate, but not for this name.
    get(
      `--cacert \${cert.cert_pem_path} ${resolved.replaceAll("relay", "else")} 2>&1 | grep -i else`,
    ),
    { action: "run", device: "client", cmd: [...deno, to, "${cert.cert_pem_path}"] },
    sh(
      "echo | openssl s_client -connect $NETYARD_IP_server:443 -CAfile ${cert.cert_pem_path} " +
        "-verify_return_error -verify_ip $NETYARD_IP_server",
      { device: "client" },
    ),
    sh("openssl x509 -in ${cert.cert_pem_path} -noout -subject -ext subjectAltName", {
      id: "names",
      device: "client",
      captures: { cn: { regex: /CN ?= ?(.*)/ }, san: { regex: /IP Address.*/ } },
    }),
    sh("openssl pkey -in ${cert.key_pem_path} -noout -text", { device: "client" }),
  ], { topology: PAIR });
  await run(what, async ({ captures, failure }, directory) => {
    assertEquals(failure, undefined);
    assertEquals(captures["cert.cert_pem_path"], `${directory}/certs/cert/cert.pem`);
    assertEquals(captures["cert.key_pem_path"], `${directory}/certs/cert/key.pem`);
    const { mode } = await Deno.stat(captures["cert.key_pem_path"]);
    assertEquals(mode! & 0o777, 0o600);
    assertEquals(captures["names.cn"], "netyard");
    assertMatch(
      captures["names.san"],
      /^IP Address:198\.\S+, IP Address:2001:DB8:\S+, DNS:relay\.test, IP Address:\S+, IP Address:2001:DB8:0:0:0:0:0:7$/,
    );
  });
});

Deno.test("a certificate without an address is for its common name", async () => {
  const what = simulation([
    { action: "gen-certs", id: "cert", cn: "hello.test" },
    sh("openssl x509 -in ${cert.cert_pem_path} -noout -checkhost hello.test -checkend 86400"),
  ]);
  await run(what, ({ failure }) => assertEquals(failure, undefined));
});

Deno.test("each certificate has its own serial number and key", async () => {
  const [a, b] = await Promise.all([selfSigned("a", ["a"]), selfSigned("a", ["a"])]);
  assert(a.key !== b.key && a.certificate !== b.certificate);
  assertMatch(
    a.key,
    /^-----BEGIN PRIVATE KEY-----\n[A-Za-z0-9+\/=\n]+-----END PRIVATE KEY-----\n$/,
  );
  assertMatch(a.certificate, /^-----BEGIN CERTIFICATE-----\n[^-]+\n-----END CERTIFICATE-----\n$/);
});
