import { formatIp, isIpv4, isIpv6, parseCidr, parseIp } from "../../address/mod.ts";
import type { Protocol } from "../summary/protocols.ts";
import type { FilterNode, Side } from "./ast.ts";
import { FilterError, type Token, tokensOf } from "./tokens.ts";

/** Words for protocols, and what they stand for. */
export const PROTOCOL_WORDS: Readonly<Record<string, Protocol>> = {
  arp: "arp",
  dhcp: "dhcp",
  dhcp6: "dhcp6",
  dhcpv6: "dhcp6",
  dns: "dns",
  fragment: "fragment",
  http: "http",
  icmp: "icmp",
  icmp6: "icmp6",
  icmpv6: "icmp6",
  ip: "ipv4",
  ip6: "ipv6",
  ipv4: "ipv4",
  ipv6: "ipv6",
  ntp: "ntp",
  quic: "quic",
  stun: "stun",
  tcp: "tcp",
  tls: "tls",
  udp: "udp",
  wg: "wireguard",
  wireguard: "wireguard",
};

/** What a term may begin with, for errors and completions. */
export const TERM_WORDS: readonly string[] = [
  ...Object.keys(PROTOCOL_WORDS),
  ...["host", "net", "port", "src", "dst", "vlan", "node", "interface", "not"],
];

const SIDES: Readonly<Record<string, Side>> = { src: "source", dst: "destination" };

/** Parentheses in each other: more are refused. */
const DEEPEST = 100;

const TERM =
  "a protocol (tcp, udp, icmp, arp, dns, …), host, net, port, src, dst, node, interface, " +
  'vlan, a text in "quotes", not or (';

/**
 * Reads a filter for packets, in the words of tcpdump:
 *
 * - protocols: `tcp`, `udp`, `icmp`, `icmp6`, `arp`, `ip`, `ip6`, `dns`, `tls`, `quic`, `http`, `dhcp`,
 *   `dhcp6`, `stun`, `ntp`, `wireguard`, `fragment`
 * - addresses: `host A`, `src host A`, `dst host A`, `net CIDR`, `src net CIDR`; an address or a block
 *   alone is `host` or `net`
 * - ports: `port N`, `src port N`, `dst port N`, `port N-M`
 * - places: `node NAME`, `interface NAME` (`eth0` or `laptop/eth0`), `vlan` or `vlan N`
 * - any text in quotes: packets whose line has it, in either case
 * - `and`, `or`, `not`, `&&`, `||`, `!`, `( )`; terms beside each other are joined by `and`, which
 *   binds closer than `or`
 *
 * It takes linear time.
 *
 * @returns The tree; undefined of an empty filter, which all packets pass.
 * @throws {FilterError} If it is no filter; with the position, and what was expected there.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { FilterError } from "./tokens.ts";
 *
 * assertEquals(parseFilter("udp dst port 53"), {
 *   kind: "and",
 *   terms: [
 *     { kind: "protocol", protocol: "udp" },
 *     { kind: "port", side: "destination", first: 53, last: 53 },
 *   ],
 * });
 * assertThrows(
 *   () => parseFilter("port http"),
 *   FilterError,
 *   'at character 6 of the filter: expected a port from 0 to 65535, found "http"',
 * );
 * ```
 */
export function parseFilter(text: string): FilterNode | undefined {
  const parser = new Parser(tokensOf(text));
  if (parser.next().kind === "end") return undefined;
  const node = parser.or(0);
  if (parser.next().kind !== "end") parser.fail("and, or, a term or the end");
  return node;
}

class Parser {
  #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  next(): Token {
    return this.#tokens[this.#at];
  }

  fail(expected: string, token: Token = this.next()): never {
    const { start, end, kind, text } = token;
    throw new FilterError(
      start,
      end - start,
      expected,
      kind === "end" ? "the end" : JSON.stringify(text),
    );
  }

  or(depth: number): FilterNode {
    const terms = [this.#and(depth)];
    while (this.next().kind === "or") {
      this.#at++;
      terms.push(this.#and(depth));
    }
    return terms.length === 1 ? terms[0] : { kind: "or", terms };
  }

  #and(depth: number): FilterNode {
    const terms = [this.#not(depth)];
    for (;;) {
      const { kind } = this.next();
      if (kind === "and") this.#at++;
      else if (kind === "or" || kind === ")" || kind === "end") break;
      terms.push(this.#not(depth));
    }
    return terms.length === 1 ? terms[0] : { kind: "and", terms };
  }

  #not(depth: number): FilterNode {
    let isNegated = false;
    for (; this.next().kind === "not"; this.#at++) isNegated = !isNegated;
    const term = this.#term(depth);
    return isNegated ? { kind: "not", term } : term;
  }

  #term(depth: number): FilterNode {
    const token = this.next();
    if (token.kind === "(") {
      if (depth >= DEEPEST) this.fail(`at most ${DEEPEST} parentheses in each other`);
      this.#at++;
      const node = this.or(depth + 1);
      if (this.next().kind !== ")") this.fail("and, or, a term or )");
      this.#at++;
      return node;
    }
    if (token.kind === "text") {
      this.#at++;
      return { kind: "text", text: token.text };
    }
    if (token.kind !== "word") this.fail(TERM);
    this.#at++;
    const word = token.text.toLowerCase();
    if (Object.hasOwn(PROTOCOL_WORDS, word)) {
      return { kind: "protocol", protocol: PROTOCOL_WORDS[word] };
    }
    if (Object.hasOwn(SIDES, word)) return this.#sided(SIDES[word]);
    if (word === "host" || word === "net" || word === "port") return this.#place(word, "any");
    if (word === "node" || word === "interface") {
      return {
        kind: word,
        text: this.#value(`the name of a${word === "node" ? "" : "n"} ${word}`),
      };
    }
    if (word === "vlan") return this.#vlan();
    if (isIpv4(word) || isIpv6(word)) return host("any", word);
    if (word.includes("/")) return this.#net("any", token);
    return this.fail(`${TERM}; any other text goes in quotes`, token);
  }

  /** What follows `src` or `dst`. */
  #sided(side: Side): FilterNode {
    const { kind, text } = this.next();
    const word = text.toLowerCase();
    if (kind === "word") {
      if (word === "host" || word === "net" || word === "port") {
        this.#at++;
        return this.#place(word, side);
      }
      if (isIpv4(word) || isIpv6(word)) {
        this.#at++;
        return host(side, word);
      }
    }
    return this.fail("host, net, port or an address");
  }

  #place(word: "host" | "net" | "port", side: Side): FilterNode {
    const token = this.next();
    if (word === "host") {
      const text = this.#value("an IP address");
      if (!isIpv4(text) && !isIpv6(text)) this.fail("an IP address", token);
      return host(side, text);
    }
    if (word === "net") {
      this.#value("a block of addresses like 10.0.0.0/8");
      return this.#net(side, token);
    }
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(this.#value("a port from 0 to 65535"));
    const first = Number(match?.[1]);
    const last = match?.[2] === undefined ? first : Number(match[2]);
    if (!match || last > 65_535 || first > last) this.fail("a port from 0 to 65535", token);
    return { kind: "port", side, first, last };
  }

  #net(side: Side, token: Token): FilterNode {
    try {
      return { kind: "net", side, cidr: parseCidr(token.text) };
    } catch (error) {
      const hint = /the network is (\S+)/.exec((error as Error).message)?.[1];
      return this.fail(`a block of addresses like ${hint ?? "10.0.0.0/8"}`, token);
    }
  }

  #vlan(): FilterNode {
    const { kind, text } = this.next();
    if (kind !== "word" || !/^\d{1,4}$/.test(text) || Number(text) > 4095) {
      return { kind: "protocol", protocol: "vlan" };
    }
    this.#at++;
    return { kind: "vlan", vlan: Number(text) };
  }

  #value(expected: string): string {
    const { kind, text } = this.next();
    if (kind !== "word" && kind !== "text") this.fail(expected);
    this.#at++;
    return text;
  }
}

/** A host by its address as summaries write it. */
function host(side: Side, text: string): FilterNode {
  return { kind: "host", side, address: formatIp(parseIp(text)) };
}
