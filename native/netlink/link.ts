import {
  type Message,
  type MessageWriter,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  readAttributes,
  readU32,
} from "./codec.ts";

/** Requests of rtnetlink(7) about links. Each is appended to a batch. */

const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const RTM_NEWLINKPROP = 108;
const RTM_DELLINKPROP = 109;

const IFF_UP = 1;
const IFF_NOARP = 0x80;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_MASTER = 10;
const IFLA_TXQLEN = 13;
const IFLA_LINKINFO = 18;
const IFLA_STATS64 = 23;
const IFLA_AF_SPEC = 26;
const IFLA_NET_NS_FD = 28;
const IFLA_EXT_MASK = 29;
const IFLA_NUM_TX_QUEUES = 31;
const IFLA_NUM_RX_QUEUES = 32;
const IFLA_PROP_LIST = 52;
const IFLA_ALT_IFNAME = 53;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const VETH_INFO_PEER = 1;
const RTEXT_FILTER_SKIP_STATS = 1 << 3;

const AF_INET6 = 10;
const IFLA_INET6_ADDR_GEN_MODE = 8;
const IN6_ADDR_GEN_MODE_NONE = 1;

/** RFC 791. */
const IPV4_MIN_MTU = 68;

/** The index of `lo`, in every namespace. */
export const LOOPBACK = 1;

/** One end of a veth pair, or a bridge. The caller chooses the index, so that it need not look it up. */
export interface LinkSpec {
  name: string;
  index: number;
  /** Six bytes. */
  mac: Uint8Array;
  mtu: number;
}

function linkAttributes(batch: MessageWriter, link: LinkSpec): void {
  batch.attrString(IFLA_IFNAME, link.name)
    .attrBytes(IFLA_ADDRESS, link.mac)
    .attrU32(IFLA_MTU, link.mtu);
}

// By default a veth gets a queue for each CPU, of which the kernel removes all but one after a grace
// period of 0.2 ms.
function oneQueue(batch: MessageWriter): void {
  batch.attrU32(IFLA_NUM_TX_QUEUES, 1).attrU32(IFLA_NUM_RX_QUEUES, 1);
}

function ifinfo(batch: MessageWriter, index: number, flags: number, change: number): void {
  batch.u8(0).u8(0).u16(0).u32(index).u32(flags).u32(change);
}

/**
 * Makes a veth pair, with the peer directly in its own namespace: moving it there would take 14 ms. The
 * link is up and the peer down: the driver refuses to open an end before the other end exists.
 */
export function addVeth(
  batch: MessageWriter,
  link: LinkSpec & { master?: number },
  peer: LinkSpec & { namespaceFd: number },
): void {
  const writeLink = () => {
    linkAttributes(batch, link);
    if (link.master !== undefined) batch.attrU32(IFLA_MASTER, link.master);
  };
  const writePeer = () => {
    linkAttributes(batch, peer);
    batch.attrU32(IFLA_NET_NS_FD, peer.namespaceFd);
  };
  vethMessage(batch, link, IFF_UP, writeLink, peer, writePeer);
}

/** Makes a veth pair with both ends in the same namespace, and down. */
export function addVethHere(
  batch: MessageWriter,
  link: Pick<LinkSpec, "name" | "index">,
  peer: Pick<LinkSpec, "name" | "index">,
  mtu: number,
): void {
  const write = (name: string) => () =>
    void batch.attrString(IFLA_IFNAME, name).attrU32(IFLA_MTU, mtu);
  vethMessage(batch, link, 0, write(link.name), peer, write(peer.name));
}

/** Writes the request for a veth pair; the functions write the attributes of its ends. */
function vethMessage(
  batch: MessageWriter,
  link: Pick<LinkSpec, "name" | "index">,
  flags: number,
  writeLink: () => void,
  peer: Pick<LinkSpec, "name" | "index">,
  writePeer: () => void,
): void {
  batch.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, `add veth ${link.name} <-> ${peer.name}`);
  ifinfo(batch, link.index, flags, flags);
  writeLink();
  oneQueue(batch);
  batch.nest(IFLA_LINKINFO, () => {
    batch.attrString(IFLA_INFO_KIND, "veth");
    batch.nest(IFLA_INFO_DATA, () => {
      batch.nest(VETH_INFO_PEER, () => {
        ifinfo(batch, peer.index, 0, 0);
        writePeer();
        oneQueue(batch);
      });
    });
  });
  batch.end();
}

/** Makes a bridge, up. */
export function addBridge(batch: MessageWriter, link: LinkSpec): void {
  batch.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, `add bridge ${link.name}`);
  ifinfo(batch, link.index, IFF_UP, IFF_UP);
  linkAttributes(batch, link);
  batch.nest(IFLA_LINKINFO, () => batch.attrString(IFLA_INFO_KIND, "bridge"));
  batch.end();
}

/**
 * Makes an `ifb`, up: packets that are redirected to it pass its qdisc, and then continue where they
 * were.
 */
export function addIfb(batch: MessageWriter, name: string, index: number): void {
  batch.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, `add ifb ${name}`);
  ifinfo(batch, index, IFF_UP | IFF_NOARP, IFF_UP | IFF_NOARP);
  batch.attrString(IFLA_IFNAME, name);
  oneQueue(batch);
  batch.nest(IFLA_LINKINFO, () => batch.attrString(IFLA_INFO_KIND, "ifb"));
  batch.end();
}

/** Changes a link: up or down, its bridge (0 for none), its MTU. */
export function setLink(
  batch: MessageWriter,
  index: number,
  change: { up?: boolean; master?: number; mtu?: number },
): void {
  batch.begin(RTM_NEWLINK, 0, () => `set link ${index} ${JSON.stringify(change)}`);
  ifinfo(batch, index, change.up ? IFF_UP : 0, change.up === undefined ? 0 : IFF_UP);
  if (change.mtu !== undefined) batch.attrU32(IFLA_MTU, change.mtu);
  if (change.master !== undefined) batch.attrU32(IFLA_MASTER, change.master);
  batch.end();
}

/**
 * Prevents an IPv6 link-local address that the kernel generates, which could not be used at once. To be
 * called before the link is set up.
 */
export function noLinkLocal(batch: MessageWriter, index: number): void {
  batch.begin(RTM_NEWLINK, 0, `set link ${index} addrgenmode none`);
  ifinfo(batch, index, 0, 0);
  batch.nest(
    IFLA_AF_SPEC,
    () =>
      batch.nest(
        AF_INET6,
        () => batch.attrBytes(IFLA_INET6_ADDR_GEN_MODE, new Uint8Array([IN6_ADDR_GEN_MODE_NONE])),
      ),
  );
  batch.end();
}

/**
 * Sets up a link that only carries redirected packets: without ARP, and with an MTU at which IPv6 is
 * off. Redirected packets may be larger. `queue` is in packets.
 */
export function setCarrier(batch: MessageWriter, index: number, queue: number): void {
  batch.begin(RTM_NEWLINK, 0, `set link ${index} up as a carrier`);
  ifinfo(batch, index, IFF_UP | IFF_NOARP, IFF_UP | IFF_NOARP);
  batch.attrU32(IFLA_MTU, IPV4_MIN_MTU).attrU32(IFLA_TXQLEN, queue).end();
}

/** Sets up a TUN with its MTU; `queue` is the number of packets that may wait for the reader. */
export function setTunUp(batch: MessageWriter, index: number, mtu: number, queue: number): void {
  batch.begin(RTM_NEWLINK, 0, `set TUN ${index} up`);
  ifinfo(batch, index, IFF_UP, IFF_UP);
  batch.attrU32(IFLA_MTU, mtu).attrU32(IFLA_TXQLEN, queue).end();
}

/** Adds an alternative name to a link (`altname`, since Linux 5.5). */
export function addAltName(batch: MessageWriter, index: number, name: string): void {
  altName(batch, RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_EXCL, index, name);
}

/** Deletes an alternative name. */
export function deleteAltName(batch: MessageWriter, index: number, name: string): void {
  altName(batch, RTM_DELLINKPROP, 0, index, name);
}

function altName(
  batch: MessageWriter,
  type: number,
  flags: number,
  index: number,
  name: string,
): void {
  batch.begin(type, flags, `alternative name ${name} of link ${index}`);
  ifinfo(batch, index, 0, 0);
  batch.nest(IFLA_PROP_LIST, () => batch.attrString(IFLA_ALT_IFNAME, name));
  batch.end();
}

/** Deletes a link; with one end of a veth pair, the other end goes too. */
export function deleteLink(batch: MessageWriter, index: number): void {
  batch.begin(RTM_DELLINK, 0, `delete link ${index}`);
  ifinfo(batch, index, 0, 0);
  batch.end();
}

/** Requests one link by its index; {@link readLinkState} reads the answer. */
export function getLink(batch: MessageWriter, index: number): void {
  batch.begin(RTM_GETLINK, 0, `get link ${index}`);
  ifinfo(batch, index, 0, 0);
  batch.end();
}

/**
 * Makes a link that was just set up carry packets at once. The first end of a veth pair that is up, and
 * a bridge, drop what they send until a kernel thread has noticed the carrier; a request for the link
 * does the work of that thread (since Linux 6.8, `linkwatch_sync_dev`). The answer has no use.
 */
export function syncLink(batch: MessageWriter, index: number): void {
  batch.begin(RTM_GETLINK, 0, `sync link ${index}`);
  ifinfo(batch, index, 0, 0);
  batch.attrU32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS).end();
}

/** Requests all links; {@link readLinkState} reads the answers. */
export function dumpLinks(batch: MessageWriter): void {
  batch.begin(RTM_GETLINK, NLM_F_DUMP, "dump links");
  ifinfo(batch, 0, 0, 0);
  batch.end();
}

/** The state and the counters of a link. */
export interface LinkState {
  index: number;
  name: string;
  up: boolean;
  mtu: number;
  /** The hardware address, such as `02:4e:59:00:00:01`; empty for a link without one. */
  mac: string;
  stats: {
    rxPackets: number;
    txPackets: number;
    rxBytes: number;
    txBytes: number;
    rxErrors: number;
    txErrors: number;
    rxDropped: number;
    txDropped: number;
  };
}

/** Reads an answer to {@link getLink} or {@link dumpLinks}. */
export function readLinkState(message: Message): LinkState {
  const body = new DataView(message.body.buffer, message.body.byteOffset);
  const attributes = readAttributes(message.body, 16);
  const stats = attributes.get(IFLA_STATS64);
  // struct rtnl_link_stats64: consecutive u64, in this order (if_link.h).
  const counter = (n: number) =>
    stats
      ? Number(new DataView(stats.buffer, stats.byteOffset + 8 * n, 8).getBigUint64(0, true))
      : 0;
  const mtu = attributes.get(IFLA_MTU);
  return {
    index: body.getInt32(4, true),
    name: new TextDecoder().decode(attributes.get(IFLA_IFNAME)?.slice(0, -1)),
    up: (body.getUint32(8, true) & IFF_UP) !== 0,
    mtu: mtu ? readU32(mtu) : 0,
    mac: [...attributes.get(IFLA_ADDRESS) ?? []].map((byte) => byte.toString(16).padStart(2, "0"))
      .join(":"),
    stats: {
      rxPackets: counter(0),
      txPackets: counter(1),
      rxBytes: counter(2),
      txBytes: counter(3),
      rxErrors: counter(4),
      txErrors: counter(5),
      rxDropped: counter(6),
      txDropped: counter(7),
    },
  };
}

/** Sends requests of rtnetlink to a namespace, and returns the answers. */
export type Rtnetlink = (write: (batch: MessageWriter) => void) => Message[];

/** Reads the state and the counters of a link. */
export function linkState(rtnetlink: Rtnetlink, index: number): LinkState {
  const [answer] = rtnetlink((batch) => getLink(batch, index));
  return readLinkState(answer);
}

/** Reads the states of all links of a namespace. */
export function linkStates(rtnetlink: Rtnetlink): LinkState[] {
  return rtnetlink(dumpLinks).map(readLinkState);
}
