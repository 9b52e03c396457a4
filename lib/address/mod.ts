/**
 * IPv4, IPv6 and MAC addresses, CIDR blocks, and the pools that hand them out. No I/O, no lab; imports
 * nothing but the base class of errors. Begin with `ip.ts`; `pool.ts` has the pools.
 *
 * @module
 */

export {
  formatIp,
  InvalidAddressError,
  IP_BITS,
  IpAddress,
  ipBytes,
  type IpFamily,
  ipFromBytes,
  isIpv4,
  isIpv6,
  parseIp,
} from "./ip.ts";
export { AddressOutsideError, Cidr, InvalidCidrError, parseCidr, toCidr } from "./cidr.ts";
export {
  AddressInUseError,
  AddressNotInUseError,
  HostPool,
  PoolExhaustedError,
  SubnetPool,
} from "./pool.ts";
export { linkLocalFromMac, macAddress, macBytes } from "./mac.ts";
