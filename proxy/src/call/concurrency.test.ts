import { expect, test } from 'vitest';
import { newConcurrencyLimit } from './concurrency.ts';

test('a caller may have so many calls under way, and each that ends makes room for one', () => {
  const limit = newConcurrencyLimit({ calls: 2, streams: 1 });
  const leave = limit.enter('agent', 'call');
  limit.enter('agent', 'call');
  expect(() => limit.enter('agent', 'call')).toThrow(/too many concurrent requests/);
  leave();
  leave();
  limit.enter('agent', 'call');
  expect(() => limit.enter('agent', 'call')).toThrow(
    expect.objectContaining({ code: 'TooManyRequests', retryAfterSeconds: 1 }),
  );
});

test('streams have a count of their own, and so has every caller', () => {
  const limit = newConcurrencyLimit({ calls: 1, streams: 1 });
  limit.enter('agent', 'stream');
  limit.enter('agent', 'call');
  limit.enter('other', 'call');
  expect(() => limit.enter('agent', 'stream')).toThrow(/1 streams/);
  expect(() => limit.enter('other', 'call')).toThrow(/1 calls/);
});
