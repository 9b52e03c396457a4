import { type CapturedPacket, Lab, type Node } from "@netyard/netyard";
import { sh } from "../lab/kit.ts";
import { hex } from "./kit.ts";

const QUIC = `c0 00000001 08 8394c8f03e515708 00 00 449e ${"5a".repeat(1182)}`;
const STUN = `0001 0008 2112a442 ${"01".repeat(12)} 8022 0004 74657374`;

/**
 * Sends a datagram from a node. The source port is that of the destination, unless programs listen
 * there: tshark takes a random port of 37008 for TZSP.
 */
function send(node: Node, to: string, port: number, digits: string): void {
  const family = to.includes(":") ? "AF_INET6" : "AF_INET";
  const python = `import socket; s = socket.socket(socket.${family}, socket.SOCK_DGRAM); ` +
    `s.bind(("", ${port})); s.sendto(bytes.fromhex("${hex(digits).toHex()}"), ("${to}", ${port}))`;
  sh(node, `python3 -c '${python}'`);
}

/**
 * Makes traffic of many protocols in a lab, and returns it as a pcap file: pings, ARP and neighbour
 * discovery, fragments, unreachable ports, DNS, HTTP, TLS, QUIC, STUN, DHCPv6.
 */
export async function realTraffic(): Promise<Uint8Array> {
  await using lab = await Lab.create();
  const isp = await lab.addRouter("isp", { preset: "public", prefixDelegation: { pool: "auto" } });
  const on = (name: string) => lab.addDevice(name, { interfaces: { eth0: { gateway: isp } } });
  const [laptop, server] = [await on("laptop"), await on("server")];
  const [ip, ip6] = [server.ip!, server.ip6!];
  await using names = await server.spawn(
    new URL("../node/fixtures/dns_server.ts", import.meta.url),
    {
      args: [ip, { "www.example.test": ip }],
    },
  );
  for await (const _ of names.messages()) break;
  await using capture = await isp.capture("lan");
  // Neighbours are known to labs from the start; without them, they are asked for.
  sh(laptop, "ip neigh flush dev eth0 nud all || true; ip -6 neigh flush dev eth0 nud all || true");
  sh(laptop, `ping -c 2 -i 0.1 -w 20 ${ip}; ping -6 -c 2 -i 0.1 -w 20 ${ip6}`);
  sh(laptop, `ping -c 1 -w 20 -s 4000 ${ip}; ping -6 -c 1 -w 20 -s 4000 ${ip6}`);
  send(laptop, ip, 9, "61".repeat(4000));
  send(laptop, ip6, 9, "62".repeat(2000));
  for (const name of ["www.example.test", "none.example.test"]) {
    sh(laptop, `python3 -c '${resolver(name, ip)}'`);
  }
  send(laptop, ip, 443, QUIC);
  send(laptop, ip, 3478, STUN);
  send(laptop, ip, 51820, `01000000 78563412 ${"00".repeat(140)}`);
  await http(laptop, server, ip);
  await tls(laptop, server, ip6);
  const home = await lab.addRouter("home", {
    preset: "home",
    upstream: isp,
    prefixDelegation: { length: 60 },
  });
  await capture.expect((packet: CapturedPacket) => packet.destinationPort === 546, {
    timeoutMs: 20_000,
    what: "an answer of DHCPv6",
  });
  await lab.remove(home);
  return await capture.drain(0);
}

/** A program that asks for a name. */
function resolver(name: string, server: string): string {
  const question = name.split(".").map((part) => String.fromCharCode(part.length) + part).join("") +
    "\0\0\x01\0\x01";
  const query = new TextEncoder().encode(`\x12\x34\x01\0\0\x01\0\0\0\0\0\0${question}`).toHex();
  return `import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(20); ` +
    `s.sendto(bytes.fromhex("${query}"), ("${server}", 53)); s.recv(999)`;
}

/** Serves a page at a port, with a certificate if that is 443. */
async function serve(server: Node, hostname: string, port: number): Promise<void> {
  const pem = (name: string) =>
    Deno.readTextFile(new URL(`../node/fixtures/tls/${name}`, import.meta.url));
  const [cert, key] = await Promise.all([pem("cert.pem"), pem("key.pem")]);
  await server.run(
    (hostname, port, cert, key) => {
      const secret = port === 443 ? { cert, key } : {};
      Deno.serve({ hostname, port, ...secret, onListen() {} }, () => new Response("a page"));
    },
    hostname,
    port,
    cert,
    key,
  );
}

async function http(client: Node, server: Node, ip: string): Promise<void> {
  await serve(server, ip, 8080);
  const python = `import urllib.request as u; u.urlopen("http://${ip}:8080/page?x=1").read()`;
  sh(client, `timeout 20 python3 -c '${python}'`);
}

async function tls(client: Node, server: Node, ip: string): Promise<void> {
  await serve(server, ip, 443);
  const python =
    `import socket, ssl; c = ssl.create_default_context(); c.check_hostname = False; ` +
    `c.verify_mode = ssl.CERT_NONE; c.set_alpn_protocols(["http/1.1"]); ` +
    `s = c.wrap_socket(socket.create_connection(("${ip}", 443), 10), ` +
    `server_hostname="www.example.test"); s.send(b"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"); s.recv(9)`;
  sh(client, `timeout 20 python3 -c '${python}'`);
}
