import defer * as z from "zod";
import { lazy } from "../../std/lazy.ts";
import type { Fields } from "../schema_parts.ts";
import defer * as part from "../schema_parts.ts";
import { interfaceSchema, type InterfaceState } from "./interface.ts";

/** A device, as plain JSON data. */
export interface DeviceState {
  /** Unique in the lab. */
  name: string;
  /** Largest packet on its links, in bytes. */
  mtu: number;
  /** The interface of its default route; null where it has none. */
  defaultInterface: string | null;
  /** In the order in which they were added. */
  interfaces: InterfaceState[];
}

/** The schemas of the fields of {@linkcode DeviceState}. */
export const deviceFields = lazy((): Fields<DeviceState> => ({
  name: part.text,
  mtu: part.count,
  defaultInterface: part.nullableText,
  interfaces: z.array(interfaceSchema()),
}));

/** The schema of {@linkcode DeviceState}. */
export const deviceSchema = lazy(() => part.object<DeviceState>(deviceFields()));
