import { expect, test } from 'vitest';
import { newMemoryAdapter } from './memory-adapter.ts';

test('an entry is found by its identifier within its model until it expires', async () => {
  let now = 0;
  const adapter = newMemoryAdapter(() => now);
  await adapter('Session').upsert('1', { uid: 'u' }, 10);
  expect(await adapter('Session').find('1')).toEqual({ uid: 'u' });
  expect(await adapter('Grant').find('1')).toBeUndefined();
  expect(await adapter('Session').findByUid('u')).toEqual({ uid: 'u' });
  now = 10_000;
  expect(await adapter('Session').find('1')).toBeUndefined();
  expect(await adapter('Session').findByUid('u')).toBeUndefined();
});

test('a device code is found by its user code', async () => {
  const codes = newMemoryAdapter()('DeviceCode');
  await codes.upsert('1', { userCode: 'A' }, 10);
  await codes.upsert('2', { userCode: 'B' }, 10);
  expect(await codes.findByUserCode('B')).toEqual({ userCode: 'B' });
  expect(await codes.findByUserCode('C')).toBeUndefined();
});

test('consuming marks an entry and destroying removes it', async () => {
  const codes = newMemoryAdapter(() => 5_000)('AuthorizationCode');
  await codes.upsert('1', {}, 10);
  await codes.consume('1');
  expect(await codes.find('1')).toEqual({ consumed: 5 });
  await codes.destroy('1');
  expect(await codes.find('1')).toBeUndefined();
});

test('revoking a grant removes the entries of the model that belong to it', async () => {
  const adapter = newMemoryAdapter();
  await adapter('RefreshToken').upsert('1', { grantId: 'g' }, 10);
  await adapter('RefreshToken').upsert('2', { grantId: 'other' }, 10);
  await adapter('Interaction').upsert('3', { grantId: 'g' }, 10);
  await adapter('RefreshToken').revokeByGrantId('g');
  expect(await adapter('RefreshToken').find('1')).toBeUndefined();
  expect(await adapter('RefreshToken').find('2')).toBeDefined();
  expect(await adapter('Interaction').find('3')).toBeDefined();
});

test('beyond ten thousand entries the oldest go, and a rewritten one is not old', async () => {
  const codes = newMemoryAdapter()('AuthorizationCode');
  for (let id = 0; id < 10_000; id += 1) await codes.upsert(String(id), {}, 10);
  await codes.upsert('0', {}, 10);
  await codes.upsert('new', {}, 10);
  expect(await codes.find('0')).toBeDefined();
  expect(await codes.find('1')).toBeUndefined();
  expect(await codes.find('2')).toBeDefined();
});
