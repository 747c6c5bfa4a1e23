import { expect, test } from 'vitest';
import type { Call, Connection } from '@chaperone/crds/client/connection';
import { fenced } from './fence.ts';

test('only the leader writes, and everybody reads', async () => {
  const sent: string[] = [];
  let isLeader = false;
  const connection: Connection = {
    request: async ({ method }) => void sent.push(method),
    stream: async () => ({ headers: {}, body: (async function* nothing() {})() }),
    close: async () => undefined,
  };
  const behind = fenced(connection, () => isLeader);
  const writes: Call['method'][] = ['POST', 'PUT', 'PATCH', 'DELETE'];
  const send = (method: Call['method']): Promise<unknown> => behind.request({ method, path: '/' });
  for (const method of writes) {
    await expect(send(method)).rejects.toMatchObject({ code: 'ERR_LEADERSHIP_LOST' });
  }
  await send('GET');
  expect(sent).toEqual(['GET']);
  isLeader = true;
  for (const method of writes) await send(method);
  expect(sent).toEqual(['GET', ...writes]);
});
