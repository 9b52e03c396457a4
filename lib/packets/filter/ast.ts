import type { Cidr } from "../../address/mod.ts";
import type { Protocol } from "../summary/protocols.ts";

/** Which end of a packet a term is about. */
export type Side = "any" | "source" | "destination";

/** A filter that was read: a tree of its terms. */
export type FilterNode =
  | { readonly kind: "and" | "or"; readonly terms: readonly FilterNode[] }
  | { readonly kind: "not"; readonly term: FilterNode }
  | { readonly kind: "protocol"; readonly protocol: Protocol }
  | { readonly kind: "host"; readonly side: Side; readonly address: string }
  | { readonly kind: "net"; readonly side: Side; readonly cidr: Cidr }
  | { readonly kind: "port"; readonly side: Side; readonly first: number; readonly last: number }
  | { readonly kind: "vlan"; readonly vlan: number }
  | { readonly kind: "node" | "interface" | "text"; readonly text: string };
