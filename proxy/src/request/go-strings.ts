/** Orders strings by their UTF-8 bytes, as Go does; JavaScript orders by UTF-16 units, which differs beyond U+FFFF. */
export function compareBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
