import { describe, expect, test } from 'vitest';
import { isRange, newAddressRanges } from './address-ranges.ts';
import { forwardedFor } from './forwarded-for.ts';

const trusted = newAddressRanges(['10.0.0.0/8', 'fd00::/8']);
const from = (peer: string, ...values: string[]): string =>
  forwardedFor(peer, ['Host', 'x', ...values.flatMap((value) => ['X-Forwarded-For', value])], trusted);

describe('the client is', () => {
  test.each<[string, string, string[], string]>([
    ['whom a trusted proxy names', '10.0.0.1', ['203.0.113.7'], '203.0.113.7'],
    ['the last that a chain of trusted proxies names', '10.0.0.1', ['203.0.113.7, 10.0.0.9,10.0.0.8'], '203.0.113.7'],
    ['never what the client wrote before that', '10.0.0.1', ['6.6.6.6, 203.0.113.7'], '203.0.113.7'],
    ['the same where the lines are several', '10.0.0.1', ['6.6.6.6', '203.0.113.7', '10.0.0.9'], '203.0.113.7'],
    ['the peer itself where it is no proxy', '203.0.113.1', ['6.6.6.6'], '203.0.113.1'],
    ['the proxy where it names nobody', '10.0.0.1', [], '10.0.0.1'],
    ['the proxy where it names no address', '10.0.0.1', ['6.6.6.6, unknown'], '10.0.0.1'],
    ['the proxy where it names an address with a port', '10.0.0.1', ['203.0.113.7:80'], '10.0.0.1'],
    ['the proxy where it names a zone', '10.0.0.1', ['fe80::1%eth0'], '10.0.0.1'],
    ['the proxy where the last element is empty', '10.0.0.1', ['203.0.113.7,'], '10.0.0.1'],
    ['the first of a chain that is trusted throughout', '10.0.0.1', ['10.0.0.3, 10.0.0.2'], '10.0.0.3'],
    ['plain where the server listens on both families', '::ffff:10.0.0.1', ['::ffff:203.0.113.7'], '203.0.113.7'],
    ['found behind proxies that speak IPv6', 'fd00::1', ['2001:db8::7'], '2001:db8::7'],
  ])('%s', (_, peer, values, expected) => expect(from(peer, ...values)).toBe(expected));
});

describe('a network', () => {
  test.each(['10.0.0.0/8', '0.0.0.0/0', '10.1.2.3/32', 'fd00::/8', '::/0', '::1/128'])('is %s', (text) =>
    expect(isRange(text)).toBe(true),
  );
  test.each([
    '10.0.0.0',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    'fd00::/129',
    'example.com/8',
    '',
    '/8',
    'fe80::1%eth0/64',
    '10.0.0.0/8 ',
  ])('is not %s', (text) => expect(isRange(text)).toBe(false));
  test('holds no name and no nothing', () => {
    expect(trusted.includes('')).toBe(false);
    expect(trusted.includes('example.com')).toBe(false);
    expect(trusted.includes('fe80::1%eth0')).toBe(false);
    expect(trusted.includes('::ffff:10.0.0.1')).toBe(true);
  });
});
