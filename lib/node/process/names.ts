/** The files by which a node's programs resolve names, from what the lab knows. */

/** Names and their addresses, in the order in which they were added. */
export type Hosts = ReadonlyMap<string, readonly string[]>;

/** The text of hosts(5): loopback, the node itself, then every entry. */
export function hostsFile(node: string, ...tables: Hosts[]): string {
  const lines = [
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    `127.0.1.1\t${node}`,
  ];
  // The first table that knows a name decides: a device's own entries go before the lab's.
  const known = new Set<string>();
  for (const table of tables) {
    for (const [name, ips] of table) {
      if (known.has(name)) continue;
      for (const ip of ips) lines.push(`${ip}\t${name}`);
    }
    for (const name of table.keys()) known.add(name);
  }
  return lines.join("\n") + "\n";
}

/** The text of resolv.conf(5). Without a server, a lookup that the hosts file misses fails at once. */
export function resolvConf(nameserver: string | undefined): string {
  return nameserver === undefined
    ? "# no nameserver: set one by lab.setNameserver()\noptions timeout:1 attempts:1\n"
    : `nameserver ${nameserver}\noptions timeout:2 attempts:2\n`;
}

/** nsswitch.conf(5) with host names from the two files alone, never from a daemon of the host. */
export function nsswitchConf(host: string): string {
  const rest = host.split("\n").filter((line) => !/^\s*hosts\s*:/.test(line));
  return [...rest.filter((line, i) => line || i < rest.length - 1), "hosts: files dns", ""].join(
    "\n",
  );
}
