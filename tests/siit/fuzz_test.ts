import { assert, assertEquals } from "@std/assert";
import { ipBytes } from "../../lib/address/mod.ts";
import { REFUSAL_NAMES, Translator } from "../../lib/siit/mod.ts";
import { pick, randomBytes, seeded } from "../address/random.ts";
import { examine, type Examined, isSound, reassembled } from "./examine.ts";
import { type Bytes, icmp, ip4, ip6, join, sealed, tcp, udp, word } from "./packets.ts";
import { HOST4, HOST6, nat64, pieces, ROOM, SERVER4, SERVER6 } from "./scene.ts";

const PACKETS = 100_000;

/** Random packets of every kind, determined by a seed. */
class Generator {
  readonly random = seeded(7915);

  below(limit: number): number {
    return pick(this.random, limit);
  }

  chance(share: number): boolean {
    return this.random() < share;
  }

  of<T>(...values: T[]): T {
    return values[this.below(values.length)];
  }

  bytes(length: number): Bytes {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  size(): number {
    return this.chance(0.05)
      ? this.below(4000)
      : this.chance(0.2)
      ? this.below(9)
      : this.below(120);
  }

  packet(six: boolean): Bytes {
    if (this.chance(0.05)) return this.bytes(this.below(200));
    if (this.chance(0.05)) {
      return join(new Uint8Array([six ? 0x60 : 0x45]), this.bytes(this.size()));
    }
    const packet = this.valid(six, true);
    if (this.chance(0.2)) {
      for (let times = 1 + this.below(3); times > 0; times--) {
        packet[this.below(Math.min(packet.length, 100))] = this.below(256);
      }
    }
    if (!six && packet[0] >> 4 === 4 && packet.length >= 20 && this.chance(0.8)) repair(packet);
    if (this.chance(0.05)) return packet.slice(0, this.below(packet.length + 1));
    return this.chance(0.05) ? join(packet, this.bytes(this.below(20))) : packet;
  }

  /** A packet to the other family or, if an error quotes it, one from the other family. */
  valid(six: boolean, outward: boolean): Bytes {
    const inside: [string, string] = six ? [HOST6, SERVER6] : [SERVER4, HOST4];
    let [src, dst] = outward ? inside : [inside[1], inside[0]];
    if (this.chance(0.02)) src = this.address(six);
    if (this.chance(0.02)) dst = this.address(six);
    const protocol = this.of(
      6,
      6,
      17,
      17,
      17,
      33,
      136,
      132,
      50,
      51,
      59,
      41,
      47,
      2,
      0,
      99,
      -1,
      -1,
      -1,
    );
    const number = protocol >= 0 ? protocol : six ? 58 : 1;
    const payload = sealed(src, dst, number, this.payload(six, protocol, outward));
    if (protocol === 17 && this.chance(0.2)) payload.set([0, 0], 6);
    const fragmented = this.chance(0.1);
    const offset = fragmented ? this.below(3) * this.below(180) : 0;
    const more = fragmented && this.chance(0.7);
    const whole = more ? payload.slice(0, payload.length & ~7) : payload;
    const hops = this.chance(0.05) ? this.below(3) : 1 + this.below(255);
    const id = this.below(0x10000);
    if (!six) {
      return ip4({
        src,
        dst,
        protocol: number,
        payload: whole,
        ttl: hops,
        tos: this.below(256),
        id,
        df: this.chance(0.5),
        mf: more,
        offset,
        options: this.chance(0.1) ? this.options4() : undefined,
      });
    }
    return ip6({
      src,
      dst,
      protocol: number,
      payload: whole,
      hops,
      trafficClass: this.below(256),
      flow: this.below(0x100000),
      extensions: this.chance(0.15) ? this.extensions6() : undefined,
      fragment: fragmented ? { offset, more, id: id + this.below(0x10000) * 0x10000 } : undefined,
    });
  }

  payload(six: boolean, protocol: number, outward: boolean): Bytes {
    const data = this.bytes(this.size());
    if (protocol === 6) return tcp(this.below(65536), 80, data);
    if (protocol === 17) return udp(this.below(65536), 53, data);
    if (protocol === 136) {
      return join(word(1), word(2), word(this.of(0, 8, 8 + data.length)), word(0), data);
    }
    if (protocol === 33) {
      return join(word(1), word(2), new Uint8Array([4, 0, 0, 0]), this.bytes(8), data);
    }
    if (protocol !== -1) return data;
    if (this.chance(0.3)) {
      const type = six ? this.of(128, 129) : this.of(8, 0);
      return icmp(type, 0, this.below(65536), data);
    }
    if (!outward || this.chance(0.1)) return icmp(this.below(256), this.below(16), 0, data);
    const type = six ? 1 + this.below(4) : this.of(3, 3, 4, 5, 11, 12);
    const code = this.chance(0.8) ? this.below(3) : this.below(18);
    let quoted = this.valid(six, false);
    if (this.chance(0.5)) quoted = quoted.slice(0, this.below(quoted.length + 1));
    if (this.chance(0.7)) return icmp(type, code, this.value(six, type), quoted);
    const unit = six ? 8 : 4;
    const area = Math.max(128, Math.ceil(quoted.length / unit) * unit);
    const value = area / unit * (six ? 2 ** 24 : 2 ** 16) % 2 ** 32;
    return icmp(
      type,
      code,
      value,
      join(quoted, new Uint8Array(area - quoted.length), this.bytes(20)),
    );
  }

  value(six: boolean, type: number): number {
    if (type === (six ? 4 : 12)) return six ? this.below(44) : this.below(24) * 2 ** 24;
    return this.of(0, 68, 1280, 1400, 1500, 9000, 65535);
  }

  options4(): Bytes {
    const route = this.of(0, 1, 0x94, 131, 137);
    return join(
      new Uint8Array([route, 7, this.of(4, 8, this.below(256))]),
      this.bytes(4),
      new Uint8Array(1),
    );
  }

  extensions6(): [number, Uint8Array][] {
    const found: [number, Uint8Array][] = [];
    for (let count = 1 + this.below(3); count > 0; count--) {
      const units = this.chance(0.8) ? this.below(3) : this.below(40);
      const bytes = this.bytes(8 * (units + 1));
      bytes[1] = units;
      const type = this.of(0, 60, 43);
      if (type === 43 && this.chance(0.6)) bytes[3] = 0;
      found.push([type, bytes]);
    }
    return found;
  }

  address(six: boolean): string {
    const named = six
      ? ["::", "::1", "ff02::1", "fe80::1", "64:ff9b::7f00:1", "64:ff9b::a40:2", "2001:db8::99"]
      : ["0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "10.64.0.77", "10.64.0.255"];
    if (this.chance(0.8)) return this.of(...named);
    const bytes = randomBytes(this.random, six ? 16 : 4);
    return six
      ? Array.from({ length: 8 }, (_, at) => (bytes[2 * at] << 8 | bytes[2 * at + 1]).toString(16))
        .join(":")
      : bytes.join(".");
  }
}

/** Corrects the checksum of an IPv4 header, so that the payload is examined. */
function repair(packet: Bytes): void {
  const end = Math.min((packet[0] & 15) * 4, packet.length);
  packet.set([0, 0], 10);
  let total = 0;
  for (let at = 0; at < end; at += 2) total += packet[at] << 8 | packet[at + 1];
  while (total > 0xffff) total = (total & 0xffff) + (total >> 16);
  packet.set(word(~total & 0xffff), 10);
}

/** The examination of the original by a strict receiver; undefined for fragments and unknown protocols. */
function soundBefore(packet: Uint8Array, six: boolean): boolean | undefined {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  if (!six) {
    const header = (packet[0] & 15) * 4;
    if (view.getUint16(6) & 0x3fff) return undefined;
    const payload = packet.subarray(header, view.getUint16(2));
    return isSound(packet.subarray(12, 16), packet.subarray(16, 20), packet[9], payload);
  }
  let [next, at] = [packet[6], 40];
  while (next === 0 || next === 60 || next === 43) {
    [next, at] = [packet[at], at + 8 * (packet[at + 1] + 1)];
  }
  if (next === 44) {
    if (view.getUint16(at + 2) & 0xfff9) return undefined;
    [next, at] = [packet[at], at + 8];
  }
  const payload = packet.subarray(at, 40 + view.getUint16(4));
  return isSound(packet.subarray(8, 24), packet.subarray(24, 40), next, payload);
}

/** Checks that the quoted packet of an ICMP error is of the same family, as far as it is complete. */
function examineQuoted({ version, payload }: Examined): void {
  const quoted = payload.subarray(8);
  assertEquals(quoted[0] >> 4, version, "the version of the quoted packet");
  assert(quoted.length >= (version === 4 ? 20 : 40), "the quoted header is whole");
  if (version === 6) assert(payload.length <= 1240, "an ICMPv6 error is within 1280 bytes");
  else examine(join(rewritten(quoted.slice(0, 20))));
}

/** A quoted IPv4 header alone, with its own length and a correct checksum, for the parser. */
function rewritten(header: Uint8Array): Bytes {
  const view = new DataView(header.buffer);
  const sum = view.getUint16(10) + view.getUint16(2) - 20;
  view.setUint16(10, sum > 0xffff ? sum - 0xffff : sum);
  view.setUint16(2, 20);
  return join(header);
}

function isError({ version, protocol, payload }: Examined): boolean {
  if (version === 4) return protocol === 1 && [3, 11, 12].includes(payload[0]);
  return protocol === 58 && payload[0] < 128;
}

Deno.test("each of 100,000 random packets is translated to a valid packet or refused with a reason", () => {
  const generator = new Generator();
  const translators = [
    nat64(),
    nat64({ decrement: false, mtu4: 1400, mtu6: 1400 }),
    nat64({ mtu6: 9000, fragmentBytes: 1500 }),
  ];
  const [packetBuffer, outBuffer, again] = [0, 0, 0].map(() => new Uint8Array(ROOM));
  const outcomes = new Map<string, number>();
  for (let index = 0; index < PACKETS; index++) {
    const six = index % 2 === 0;
    const packet = generator.packet(six);
    const translator = translators[index % 3];
    const run = (guard: number, out: Uint8Array): number => {
      packetBuffer.fill(guard, packet.length, packet.length + 64);
      packetBuffer.set(packet);
      out.fill(guard, 0, 6000);
      const length = six
        ? translator.translate6to4(packetBuffer, packet.length, out)
        : translator.translate4to6(packetBuffer, packet.length, out);
      assertEquals(packetBuffer.subarray(0, packet.length), packet, "the packet is not changed");
      if (length > 0) assert(out.subarray(length, length + 100).every((byte) => byte === guard));
      return length;
    };
    const before = counted(translators);
    const length = run(0xa5, outBuffer);
    assertEquals(counted(translators), before + 1, "each packet is counted once");
    assertEquals(run(0x5a, again), length, "bytes after the packet are not read");
    if (length <= 0) {
      const reason = REFUSAL_NAMES[-length];
      assert(reason, `refused by ${length}`);
      outcomes.set(reason, (outcomes.get(reason) ?? 0) + 1);
      checkReply(translator, -length, packet, six);
      continue;
    }
    const result = outBuffer.slice(0, length);
    if (!six) assertEquals(again.subarray(0, length), result);
    const found = pieces(translator, result).map(examine);
    outcomes.set(`to ${six ? 4 : 6}`, (outcomes.get(`to ${six ? 4 : 6}`) ?? 0) + 1);
    const was = soundBefore(packet, six);
    const whole = found.length > 1 && was !== undefined ? reassembled(found) : found[0];
    assertEquals(whole.sound, was, "a checksum is right after as it was before");
    if (isError(whole)) examineQuoted(whole);
  }
  assert(outcomes.get("to 4")! > 10_000 && outcomes.get("to 6")! > 10_000, show(outcomes));
  for (const name of REFUSAL_NAMES.slice(1)) {
    if (name !== "noRoom" && name !== "offload") assert(outcomes.has(name), `none by ${name}`);
  }
});

/** Checks that the error about a refused packet is valid and goes to the sender. */
function checkReply(translator: Translator, refusal: number, packet: Uint8Array, six: boolean) {
  const out = new Uint8Array(1280);
  const length = translator.errorFor(refusal, packet, packet.length, out);
  if (length === 0) return;
  const reply = examine(out.subarray(0, length));
  assert(reply.sound && isError(reply), "the reply is an ICMP error");
  assertEquals(reply.dst, six ? packet.subarray(8, 24) : packet.subarray(12, 16));
  assertEquals(reply.src, ipBytes(six ? "2001:db8::1" : "10.64.0.1"));
  assertEquals(reply.payload.subarray(8), packet.subarray(0, reply.payload.length - 8));
}

function counted(translators: readonly Translator[]): number {
  let total = 0;
  for (const { translated, refused } of translators) {
    total += translated;
    for (const count of refused) total += count;
  }
  return total;
}

function show(outcomes: ReadonlyMap<string, number>): string {
  return JSON.stringify(Object.fromEntries(outcomes));
}

Deno.test("a fragmented datagram is valid after its translated fragments are reassembled", () => {
  const generator = new Generator();
  const translator = nat64({ mtu6: 1500, fragmentBytes: 1280 });
  for (let index = 0; index < 500; index++) {
    const six = index % 2 === 0;
    const [src, dst] = six ? [HOST6, SERVER6] : [SERVER4, HOST4];
    const protocol = generator.of(6, 17);
    const data = generator.bytes(1500 + generator.below(6000));
    const payload = sealed(src, dst, protocol, protocol === 6 ? tcp(1, 2, data) : udp(1, 2, data));
    const piece = 8 * (3 + generator.below(180));
    const id = generator.below(2 ** 32);
    const found: Examined[] = [];
    for (let at = 0; at < payload.length; at += piece) {
      const part = payload.slice(at, at + piece);
      const more = at + piece < payload.length;
      const packet = six
        ? ip6({ src, dst, protocol, payload: part, fragment: { offset: at / 8, more, id } })
        : ip4({ src, dst, protocol, payload: part, offset: at / 8, mf: more, id: id & 0xffff });
      const out = new Uint8Array(ROOM);
      const length = six
        ? translator.translate6to4(packet, packet.length, out)
        : translator.translate4to6(packet, packet.length, out);
      assert(length > 0, `refused: ${REFUSAL_NAMES[-length]}`);
      found.push(...pieces(translator, out.subarray(0, length)).map(examine));
    }
    const whole = reassembled(found);
    assertEquals([whole.sound, whole.payload.length], [true, payload.length]);
    assertEquals(found[0].fragment!.id, id & 0xffff);
  }
});
