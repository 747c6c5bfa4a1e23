import { assert, integer, nat, property, uint8Array } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_HEADER_BYTES, readProxyProtocol } from './proxy-protocol-header.ts';

const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

/** A header of version 2. */
function v2(command: number, family: number, body: Buffer, length = body.length): Buffer {
  const fixed = Buffer.from([command, family, 0, 0]);
  fixed.writeUInt16BE(length, 2);
  return Buffer.concat([bytes(SIGNATURE), fixed, body]);
}

const ports = Buffer.from([0x30, 0x39, 0x01, 0xbb]);
const tcp4 = Buffer.concat([Buffer.from([203, 0, 113, 7, 10, 0, 0, 1]), ports]);
const tcp6 = Buffer.concat([Buffer.from(`20010db8${'0'.repeat(23)}7${'0'.repeat(31)}1`, 'hex'), ports]);

describe('a header', () => {
  test.each<[string, Buffer, string | undefined]>([
    ['version 1, IPv4', bytes('PROXY TCP4 203.0.113.7 10.0.0.1 12345 443\r\n'), '203.0.113.7'],
    ['version 1, IPv6, in its one spelling', bytes('PROXY TCP6 2001:DB8:0::7 ::1 12345 443\r\n'), '2001:db8::7'],
    ['version 1, unknown', bytes('PROXY UNKNOWN\r\n'), undefined],
    [
      'version 1, unknown, with addresses that are to be ignored',
      bytes('PROXY UNKNOWN ff::1 ff::2 1 2\r\n'),
      undefined,
    ],
    ['version 2, IPv4', v2(0x21, 0x11, tcp4), '203.0.113.7'],
    ['version 2, IPv6', v2(0x21, 0x21, tcp6), '2001:db8::7'],
    ['version 2 with extensions', v2(0x21, 0x11, Buffer.concat([tcp4, bytes('\x01\0\x02h2')])), '203.0.113.7'],
    ['version 2, local, whatever it says beside', v2(0x20, 0x11, tcp4), undefined],
    ['version 2, local and empty', v2(0x20, 0x00, Buffer.alloc(0)), undefined],
    ['version 2, unspecified', v2(0x21, 0x00, Buffer.alloc(4)), undefined],
  ])('of %s is read, with what follows left alone', (_, header, source) => {
    const read = { kind: 'header', length: header.length, source };
    expect(readProxyProtocol(header)).toEqual(read);
    expect(readProxyProtocol(Buffer.concat([header, bytes('\x16\x03\x01PROXY TCP4')]))).toEqual(read);
    for (let length = 0; length < header.length; length += 1)
      expect(readProxyProtocol(header.subarray(0, length)), String(length)).toEqual({ kind: 'incomplete' });
  });
});

describe('refused is', () => {
  test.each<[string, Buffer]>([
    ['TLS without a header', bytes('\x16\x03\x01\x02\0\x01')],
    ['HTTP', bytes('GET / HTTP/1.1\r\n\r\n')],
    ['a header in lower case', bytes('proxy TCP4 203.0.113.7 10.0.0.1 1 2\r\n')],
    ['a line that does not end', bytes(`PROXY TCP4 ${'1'.repeat(200)}`)],
    ['a line longer than any may be', bytes(`PROXY UNKNOWN ${'x'.repeat(100)}\r\n`)],
    ['an end without carriage return', bytes(`PROXY TCP4 203.0.113.7 10.0.0.1 1 2\n${' '.repeat(100)}`)],
    ['two blanks', bytes('PROXY TCP4  203.0.113.7 10.0.0.1 1 2\r\n')],
    ['a blank at the end', bytes('PROXY TCP4 203.0.113.7 10.0.0.1 1 2 \r\n')],
    ['something after the ports', bytes('PROXY TCP4 203.0.113.7 10.0.0.1 1 2 3\r\n')],
    ['a NUL', bytes('PROXY TCP4 203.0.113.7\0 10.0.0.1 1 2\r\n')],
    ['no address', bytes('PROXY TCP4 203.0.113.256 10.0.0.1 1 2\r\n')],
    ['an address in octal', bytes('PROXY TCP4 0203.0.113.7 10.0.0.1 1 2\r\n')],
    ['an address of the other family', bytes('PROXY TCP4 ::1 ::1 1 2\r\n')],
    ['an IPv4 address said to be IPv6', bytes('PROXY TCP6 203.0.113.7 10.0.0.1 1 2\r\n')],
    ['a zone', bytes('PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n')],
    ['a port with a leading zero', bytes('PROXY TCP4 203.0.113.7 10.0.0.1 01 2\r\n')],
    ['a port that is none', bytes('PROXY TCP4 203.0.113.7 10.0.0.1 65536 2\r\n')],
    ['another protocol', bytes('PROXY UDP4 203.0.113.7 10.0.0.1 1 2\r\n')],
    ['another version of version 2', v2(0x31, 0x11, tcp4)],
    ['another command', v2(0x22, 0x11, tcp4)],
    ['UDP', v2(0x21, 0x12, tcp4)],
    ['a UNIX socket', v2(0x21, 0x31, Buffer.alloc(216))],
    ['addresses that are cut short', v2(0x21, 0x11, tcp4.subarray(0, 11))],
    ['IPv6 addresses in the room of IPv4 ones', v2(0x21, 0x21, tcp4)],
    ['more than any header holds', v2(0x21, 0x11, tcp4, 2_049)],
  ])('%s', (_, header) => expect(readProxyProtocol(header)).toEqual({ kind: 'broken' }));
});

test('no bytes make it throw, claim more than there is, or wait for more than its bound', () => {
  const start = Buffer.concat([bytes(SIGNATURE), Buffer.from([0x21])]);
  assert(
    property(uint8Array({ maxLength: 4_096 }), nat(13), integer({ min: 0, max: 2 }), (random, kept, kind) => {
      const prefix = [Buffer.alloc(0), start.subarray(0, kept), bytes('PROXY ')][kind] ?? Buffer.alloc(0);
      const given = Buffer.concat([prefix, random]);
      const reading = readProxyProtocol(given);
      // Of what is neither whole nor waited for nothing is claimed.
      const claimed = { header: 'length' in reading ? reading.length : 0, incomplete: given.length + 1, broken: 0 };
      const bound = { header: given.length, incomplete: MAX_HEADER_BYTES, broken: 0 };
      expect(claimed[reading.kind]).toBeLessThanOrEqual(bound[reading.kind]);
    }),
    { numRuns: 2_000 },
  );
});
