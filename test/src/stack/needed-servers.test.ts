import { join } from 'node:path';
import { expect, test } from 'vitest';
import { neededServers } from './needed-servers.ts';

const source = (path: string): string => join(import.meta.dirname, '..', path);

test.each([
  [
    'a test through the gateway',
    'proxy/forwarding.integration.test.ts',
    { shared: false, elasticsearch: false, gateway: true },
  ],
  [
    'a test with a control plane of its own',
    'admission/approvalrequests.integration.test.ts',
    { gateway: false, elasticsearch: false },
  ],
  ['a test of Elasticsearch', 'stack/elasticsearch-ready.ts', { shared: true, elasticsearch: true, gateway: false }],
  ['a test of kubectl', 'ground/clients.integration.test.ts', { shared: true, gateway: false }],
])('%s needs no more than it asks for', (_what, file, expected) => {
  expect(neededServers([source(file)])).toMatchObject(expected);
});
