/** How bad a bridge is, or one way over it; 0 for not at all. */
export interface BridgeImpairmentState {
  /** One-way delay, in milliseconds. */
  latencyMs: number;
  /** Frames that are lost, in percent. */
  dropRatePct: number;
  /** The bit rate, in bits per second; 0 for unlimited. */
  bandwidthBps: number;
}

/** How bad the way from one member of a bridge to another is. */
export interface BridgeWayState extends BridgeImpairmentState {
  /** The member that sends. */
  from: string;
  /** The member that receives. */
  to: string;
}

/** How bad a bridge is as a whole, and from one member to another. */
export interface BridgeImpairmentsState extends BridgeImpairmentState {
  /** The ways that are worse than the others. */
  oneWay: BridgeWayState[];
}

/** Which members of a bridge are kept from which, by their names. */
export interface BridgePartitionsState {
  /** Both ways. */
  pairs: { a: string; b: string }[];
  /** One way. */
  oneWay: { from: string; to: string }[];
  /** Everyone from everyone. */
  all: boolean;
  /** Each of these from everyone. */
  isolated: string[];
}

/** What was asked of a bridge, or of a router's LAN, as plain JSON data; absent for nothing. */
export interface BridgeRulesState {
  /** Who is kept from whom. */
  partitions?: BridgePartitionsState;
  /** How bad it is. */
  impairments?: BridgeImpairmentsState;
  /** The bridges that its members reach besides, in the order in which they were asked for. */
  routes?: string[];
  /** The members whose cable is pulled. */
  disconnected?: string[];
  /** By what its members reach what the host reaches; absent where they do not. */
  uplink?: BridgeUplinkState;
}

/** Which families lead from a bridge to what the host reaches. */
export interface BridgeUplinkState {
  /** Whether IPv4 does. */
  ipv4: boolean;
  /** Whether IPv6 does. */
  ipv6: boolean;
}

/** A bridge that is no router's LAN, as plain JSON data. Its members are those whose gateway it is. */
export interface BridgeState {
  /** Unique in the lab, among routers and devices too. */
  name: string;
  /** The IPv4 block of its members, such as `10.0.1.0/24`. */
  cidr: string;
  /** The IPv4 address of its gateway. */
  gateway: string;
  /** The IPv6 block of its members. */
  cidr6: string;
  /** The IPv6 address of its gateway. */
  gateway6: string;
  /** What was asked of it. */
  rules?: BridgeRulesState;
}
