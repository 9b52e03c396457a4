/** The files by which programs in a node resolve names, built from the names of the lab. */

/** Names and their addresses, in the order in which they were added. */
export type Hosts = ReadonlyMap<string, readonly string[]>;

/** Returns the text of hosts(5): loopback, the node itself, then every entry. */
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

/** Returns the text of resolv.conf(5). Without a server, lookups beyond the hosts file fail immediately. */
export function resolvConf(nameserver: string | undefined): string {
  return nameserver === undefined
    ? "# no nameserver: set one by lab.setNameserver()\noptions timeout:1 attempts:1\n"
    : `nameserver ${nameserver}\noptions timeout:2 attempts:2\n`;
}

/** Returns the text of nsswitch.conf(5) that resolves by these two files, not by daemons of the host. */
export function nsswitchConf(host: string): string {
  const rest = host.split("\n").filter((line) => !/^\s*hosts\s*:/.test(line));
  return [...rest.filter((line, i) => line || i < rest.length - 1), "hosts: files dns", ""].join(
    "\n",
  );
}
