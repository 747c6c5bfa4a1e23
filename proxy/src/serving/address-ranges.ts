import { BlockList, isIP } from 'node:net';

/** Networks, as `10.0.0.0/8` or `fd00::/8`. */
export interface AddressRanges {
  /** Whether an address is in one of them; what is no address is in none. */
  includes(address: string): boolean;
}

const PREFIXES = { 4: 32, 6: 128 } as const;
const FAMILIES = { 4: 'ipv4', 6: 'ipv6' } as const;

function familyOf(address: string): 4 | 6 | undefined {
  // A zone is true of one machine alone, and no part of an address range.
  const family = address.includes('%') ? 0 : isIP(address);
  return family === 4 || family === 6 ? family : undefined;
}

/** Whether a text is a network, with its prefix. */
export function isRange(text: string): boolean {
  const [address = '', prefix = '', ...rest] = text.split('/');
  const family = familyOf(address);
  return (
    family !== undefined && /^[0-9]{1,3}$/u.test(prefix) && Number(prefix) <= PREFIXES[family] && rest.length === 0
  );
}

/** @param ranges each of which `isRange` */
export function newAddressRanges(ranges: readonly string[]): AddressRanges {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/');
    const family = familyOf(address);
    if (family !== undefined) list.addSubnet(address, Number(prefix), FAMILIES[family]);
  }
  return {
    includes(address) {
      const plain = withoutMapping(address);
      const family = familyOf(plain);
      return family !== undefined && list.check(plain, FAMILIES[family]);
    },
  };
}

/** A server that listens on both families sees IPv4 addresses as `::ffff:10.0.0.1`. */
export const withoutMapping = (address: string): string =>
  /^::ffff:\d+\.\d+\.\d+\.\d+$/iu.test(address) ? address.slice('::ffff:'.length) : address;
