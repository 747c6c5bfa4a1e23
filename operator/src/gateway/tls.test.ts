import { describe, expect, test } from 'vitest';
import { issueServing, newAuthority, type KeyPair } from './certificates.ts';
import { judgeGiven, missingNames, parsePair, planTls, type ParsedPair, type TlsPlan, type TlsState } from './tls.ts';
import { readTlsState, rotate } from './tls-rotation.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 0, 1);
const names = { dnsNames: ['gateway.example.com'], ipAddresses: ['10.0.0.1'] };
const rules = { names, certificateMs: 90 * DAY, authorityMs: 900 * DAY };

const parsed = ({ certificate, key }: KeyPair): ParsedPair => {
  const pair = parsePair(certificate, key);
  if (pair === undefined) throw new TypeError('A pair that was made cannot be read');
  return pair;
};
const authorityFrom = async (from: number, days = 900): Promise<ParsedPair> =>
  parsed(await newAuthority('test', { from, until: from + days * DAY }));
const servingFrom = async (authority: KeyPair, from: number, days = 90): Promise<ParsedPair> =>
  parsed(await issueServing(authority, names, { from, until: from + days * DAY }));

const authority = await authorityFrom(NOW);
const next = await authorityFrom(NOW + 600 * DAY);
const stranger = await authorityFrom(NOW);
const serving = await servingFrom(authority, NOW);
const byStranger = await servingFrom(stranger, NOW);
const servingLater = await servingFrom(authority, NOW + 590 * DAY);
const servingLast = await servingFrom(authority, NOW + 700 * DAY);
const whole: TlsState = { authority, next: undefined, previous: undefined, serving };

describe('a plan', () => {
  test.each<{ name: string; state: TlsState; day: number; want: Partial<TlsPlan> }>([
    {
      name: 'for nothing makes all',
      state: { authority: undefined, next: undefined, previous: undefined, serving: undefined },
      day: 0,
      want: { authority: 'create', introduceNext: false, issueServing: true },
    },
    {
      name: 'for what is well does nothing until two thirds of the certificate are over',
      state: whole,
      day: 59,
      want: { authority: 'keep', introduceNext: false, issueServing: false, wakeAt: NOW + 60 * DAY },
    },
    {
      name: 'renews the certificate then',
      state: whole,
      day: 60,
      want: { authority: 'keep', introduceNext: false, issueServing: true, wakeAt: NOW + 120 * DAY },
    },
    {
      name: 'issues anew what a stranger signed',
      state: { ...whole, serving: byStranger },
      day: 1,
      want: { authority: 'keep', issueServing: true },
    },
    {
      name: 'tells of the next authority at two thirds of this one',
      state: { ...whole, serving: servingLater },
      day: 600,
      want: { authority: 'keep', introduceNext: true, issueServing: false, wakeAt: NOW + 650 * DAY },
    },
    {
      name: 'lets the next one wait for a sixth of the time',
      state: { ...whole, next: { ...next, publishedAt: NOW + 600 * DAY }, serving: servingLast },
      day: 740,
      want: { authority: 'keep', introduceNext: false, issueServing: false, wakeAt: NOW + 750 * DAY },
    },
    {
      name: 'lets it take over then, with a certificate of its own',
      state: { ...whole, next: { ...next, publishedAt: NOW + 600 * DAY } },
      day: 750,
      want: { authority: 'promote', introduceNext: false, issueServing: true },
    },
    {
      name: 'lets it take over at once where this one has ended',
      state: { ...whole, next: { ...next, publishedAt: NOW + 899 * DAY } },
      day: 901,
      want: { authority: 'promote', issueServing: true },
    },
    {
      name: 'makes all anew where the operator was away for years',
      state: whole,
      day: 1_000,
      want: { authority: 'create', introduceNext: false, issueServing: true },
    },
  ])('$name', ({ state, day, want }) => {
    expect(planTls(state, rules, NOW + day * DAY)).toMatchObject(want);
  });
});

describe('a rotation', () => {
  test('changes nothing while nothing is due, and goes on from what it stored', async () => {
    const first = await rotate(
      { authority: undefined, next: undefined, previous: undefined, serving: undefined },
      rules,
      NOW,
    );
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's', uid: 'u', resourceVersion: '1', annotations: { ...first.annotations } },
      data: Object.fromEntries(
        Object.entries(first.data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
      ),
    };
    const again = await rotate(readTlsState(secret, NOW + DAY), rules, NOW + DAY);
    expect(again.data).toEqual(first.data);
    expect(again.bundle).toBe(first.bundle);
  });

  test('takes what is spoiled for not there', () => {
    const metadata = { name: 's', uid: 'u', resourceVersion: '1' };
    const data = { 'ca.crt': 'bm8=', 'ca.key': 'bm8=', 'tls.crt': Buffer.from(serving.certificate).toString('base64') };
    expect(readTlsState({ apiVersion: 'v1', kind: 'Secret', metadata, data }, NOW)).toEqual({
      authority: undefined,
      next: undefined,
      previous: undefined,
      serving: undefined,
    });
  });
});

describe('a certificate that is given', () => {
  const options = { names, secretName: 'tls' };
  test.each<{ name: string; given: { certificate?: string; key?: string }; day: number; want: string | undefined }>([
    { name: 'and in order is fine', given: serving, day: 70, want: undefined },
    { name: 'and about to end is warned of', given: serving, day: 77, want: 'CertificateExpiring' },
    { name: 'and over is not', given: serving, day: 91, want: 'CertificateExpired' },
    { name: 'and not valid yet is not', given: serving, day: -1, want: 'CertificateExpired' },
    {
      name: 'without a key is missing',
      given: { certificate: serving.certificate },
      day: 0,
      want: 'CertificateMissing',
    },
    { name: "with another's key is not", given: { ...serving, key: stranger.key }, day: 0, want: 'CertificateInvalid' },
    { name: 'for other names is not', given: stranger, day: 0, want: 'CertificateInvalid' },
  ])('$name', ({ given: { certificate, key }, day, want }) => {
    expect(judgeGiven({ certificate, key }, options, NOW + day * DAY)?.reason).toBe(want);
  });

  test('names what it does not name', () => {
    const wanted = { dnsNames: ['gateway.example.com', 'other.example.com'], ipAddresses: ['10.0.0.1', '10.0.0.2'] };
    expect(missingNames(serving.certificate, wanted)).toEqual(['other.example.com', '10.0.0.2']);
  });
});
