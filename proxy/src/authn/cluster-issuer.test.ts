import { ConnectionError } from '@chaperone/crds/client/api-error';
import { newFakeClock } from '@chaperone/test/faults/fake-clock';
import { expect, test } from 'vitest';
import { newClusterIssuers } from './cluster-issuer.ts';

const never = new AbortController().signal;

test('issuers of the configuration are asked of nobody', async () => {
  const issuers = newClusterIssuers({
    configured: ['https://a.example'],
    request: () => Promise.reject(new Error('asked')),
    clock: newFakeClock(),
  });
  await issuers.run(never);
  expect(issuers.urls).toEqual(['https://a.example']);
});

test('the issuer that the API server publishes is asked for until it answers with one', async () => {
  const clock = newFakeClock();
  const answers: (() => Promise<unknown>)[] = [
    () => Promise.reject(new ConnectionError('ECONNREFUSED')),
    () => Promise.resolve({ issuer: '' }),
    () => Promise.resolve({ issuer: 'https://kubernetes.default.svc' }),
  ];
  const errors: unknown[] = [];
  const issuers = newClusterIssuers({
    configured: [],
    request: () => answers.shift()?.() ?? Promise.reject(new Error('asked too often')),
    clock,
    observe: (error) => void errors.push(error),
  });
  const running = issuers.run(never);
  await clock.advance(0);
  expect(issuers.urls).toEqual([]);
  await clock.advance(20_000);
  await running;
  expect(issuers.urls).toEqual(['https://kubernetes.default.svc']);
  expect(errors).toEqual([expect.any(ConnectionError), expect.any(TypeError)]);
});
