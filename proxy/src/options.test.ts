import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OptionsError } from '@chaperone/crds/process/options';
import { isRecord } from '@chaperone/crds/client/kubernetes-object';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { optionsSchema, parseOptions } from './options.ts';

/** Every option with its default, as it is written in a configuration. */
function optionsOf(schema: unknown, path: string[] = []): [string, unknown][] {
  if (!isRecord(schema)) return [];
  const { properties } = schema;
  if (!isRecord(properties)) return [[path.join('.'), schema['default']]];
  return Object.entries(properties).flatMap(([name, property]) => optionsOf(property, [...path, name]));
}

test('docs/gateway.md names every option with its default, and no others', () => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'gateway.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `([a-zA-Z.]+)` +\| ([^|]*)\|/gmu)];
  const documented = rows.map(([, name, value = '']): [string, unknown] => {
    const written = /^`(.*)`$/u.exec(value.trim())?.[1];
    return [name ?? '', written === undefined ? undefined : valueOf(written)];
  });
  expect(Object.fromEntries(documented)).toEqual(
    Object.fromEntries(optionsOf(z.toJSONSchema(optionsSchema, { io: 'input', unrepresentable: 'any' }))),
  );
  expect(documented.length).toBeGreaterThan(25);
});

/** Numbers, booleans and lists as in JSON; anything else is a text. */
function valueOf(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch {
    return written;
  }
}

function findings(value: unknown): readonly string[] {
  try {
    parseOptions(value);
    return [];
  } catch (error) {
    if (error instanceof OptionsError) return error.findings;
    throw error;
  }
}

describe('the address of clients', () => {
  const given = (clientAddress: unknown) => findings({ listen: { clientAddress } });

  test('is the connection unless it is set', () =>
    expect(parseOptions({}).listen.clientAddress).toEqual({ source: 'Connection', trustedProxies: [] }));

  test.each(['ProxyProtocol', 'XForwardedFor'])('by %s is never believed of everybody', (source) => {
    expect(given({ source })).toEqual(['listen.clientAddress.trustedProxies: must name the proxies that are believed']);
    expect(given({ source, trustedProxies: ['10.0.0.0/8'] })).toEqual([]);
  });

  test('comes from networks, not from names', () =>
    expect(given({ source: 'XForwardedFor', trustedProxies: ['proxy.example'] })).toEqual([
      'listen.clientAddress.trustedProxies[0]: must be a network such as 10.0.0.0/8',
    ]));
});

test('an authentication configuration stands in a file or inline, not in both', () =>
  expect(findings({ authentication: { configuration: '/a', inline: {} } })).toEqual([
    'authentication.inline: must not stand beside configuration: give the one or the other',
  ]));
