import { ApiError } from '@chaperone/crds/client/api-error';
import type { Stored } from '@chaperone/crds/client/kubernetes-object';
import type { ResourceClient } from '@chaperone/crds/client/resource-client';
import type { PolicyStatus } from '@chaperone/crds/v1alpha1/generated/api';
import { describe, expect, test } from 'vitest';
import { newStatusWriter, type ObjectWithStatus, type StatusWriter } from './status-writer.ts';

const object = (resourceVersion: string, revision: string, uid = 'u'): Stored<ObjectWithStatus> => ({
  apiVersion: 'chaperone.dev/v1alpha1',
  kind: 'AgentPolicy',
  metadata: { name: 'p', uid, resourceVersion },
  status: { revision },
});

type Apply = ResourceClient<ObjectWithStatus>['apply'];

const signal = new AbortController().signal;
const writerWith = (apply: Apply): StatusWriter<ObjectWithStatus> =>
  newStatusWriter({ api: { apply }, fieldManager: 'manager' });
const answering = (revision: string): StatusWriter<ObjectWithStatus> =>
  writerWith(() => Promise.resolve(object('8', revision)));
const write = (writer: StatusWriter<ObjectWithStatus>, uid?: string): Promise<boolean> =>
  writer.apply(object('7', 'old', uid), { metadata: { name: 'p' } }, signal);

const revisionOf = (status: PolicyStatus | undefined): string | undefined => status?.revision;

describe('the status of an object', () => {
  test('is what its version says where nothing was written', () => {
    expect(revisionOf(answering('new').statusOf(object('7', 'old')))).toBe('old');
  });

  test('is what was written on top of that version, until the watch brings another', async () => {
    const writer = answering('new');
    expect(await write(writer)).toBe(true);
    expect(revisionOf(writer.statusOf(object('7', 'old')))).toBe('new');
    expect(revisionOf(writer.statusOf(object('8', 'newer')))).toBe('newer');
    expect(revisionOf(writer.statusOf(object('7', 'old', 'another')))).toBe('old');
  });

  test('is remembered of so many objects, the longest ago first forgotten', async () => {
    const writer = answering('new');
    for (let index = 0; index <= 4_096; index += 1) await write(writer, `u${index}`);
    expect(revisionOf(writer.statusOf(object('7', 'old', 'u0')))).toBe('old');
    expect(revisionOf(writer.statusOf(object('7', 'old', 'u1')))).toBe('new');
  });
});

describe('a write', () => {
  test('is a forced apply of the status by the field manager', async () => {
    const calls: Parameters<Apply>[] = [];
    const writer = writerWith((...call) => {
      calls.push(call);
      return Promise.resolve(object('8', 'new'));
    });
    await write(writer);
    expect(calls).toEqual([
      [{ metadata: { name: 'p' } }, { subresource: 'status', fieldManager: 'manager', force: true, signal }],
    ]);
  });

  const failing = (status: number, reason: string): StatusWriter<ObjectWithStatus> =>
    writerWith(() =>
      Promise.reject(new ApiError('PATCH', { status, reason, message: '', causes: [], retryAfterSeconds: undefined })),
    );
  test.each([
    [404, 'NotFound'],
    [409, 'Conflict'],
  ])('that is answered with %i comes too late, and nothing is remembered', async (status, reason) => {
    const writer = failing(status, reason);
    expect(await write(writer)).toBe(false);
    expect(revisionOf(writer.statusOf(object('7', 'old')))).toBe('old');
  });

  test('that fails otherwise is to be repeated', async () => {
    await expect(write(failing(500, 'InternalError'))).rejects.toThrow(ApiError);
  });
});
