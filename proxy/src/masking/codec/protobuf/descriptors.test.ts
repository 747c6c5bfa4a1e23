import { describe, expect, test } from 'vitest';
import { describedKinds, messageOf } from './descriptors.ts';
import type { Field, Kind, Message } from './message.ts';

const HIGHEST_FIELD = 200;

function fieldsOf(message: Message): Field[] {
  return Array.from({ length: HIGHEST_FIELD }, (_, number) => message.field(number)).filter(
    (field) => field !== undefined,
  );
}

function within(kind: Kind): Message | undefined {
  if ('message' in kind) return kind.message;
  return 'entry' in kind ? kind.entry : undefined;
}

/** Adds all messages that are in one. */
function reachable(message: Message, seen: Set<Message>): void {
  if (seen.has(message)) return;
  seen.add(message);
  for (const { kind } of fieldsOf(message)) {
    const inner = within(kind);
    if (inner !== undefined) reachable(inner, seen);
  }
}

/** As they are in JSON. */
function namesOf(message: Message): string[] {
  return fieldsOf(message).flatMap(({ inline, kind, name }) =>
    inline && kind.type === 'message' ? namesOf(kind.message) : [name.text],
  );
}

describe('the descriptors', () => {
  const all = describedKinds().map(({ apiVersion, kind }) => ({
    apiVersion,
    kind,
    message: messageOf(apiVersion, kind),
  }));

  const messages = new Set<Message>();
  for (const { message } of all) if (message !== undefined) reachable(message, messages);

  test('can all be read, and hold what clusters serve', () => {
    expect(messages.size).toBeGreaterThan(1_000);
    for (const [apiVersion, kind] of [
      ['v1', 'Secret'],
      ['v1', 'SecretList'],
      ['v1', 'Status'],
      ['v1', 'List'],
      ['apps/v1', 'Deployment'],
      ['autoscaling/v1', 'Scale'],
      ['authentication.k8s.io/v1', 'TokenRequest'],
      ['policy/v1', 'Eviction'],
      ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
      ['apiregistration.k8s.io/v1', 'APIService'],
      ['meta.k8s.io/v1', 'PartialObjectMetadataList'],
      ['metrics.k8s.io/v1beta1', 'PodMetrics'],
    ] as const)
      expect(messageOf(apiVersion, kind), `${apiVersion} ${kind}`).toBeDefined();
  });

  test('name nothing twice in one object, nor what the envelope says', () => {
    for (const { apiVersion, kind, message } of all) {
      const names = message === undefined ? [] : ['apiVersion', 'kind', ...namesOf(message)];
      expect(new Set(names).size, `${apiVersion} ${kind}`).toBe(names.length);
    }
    for (const message of messages) {
      const names = namesOf(message);
      expect(new Set(names).size, message.name).toBe(names.length);
    }
  });

  test('hold options and watch events for every version, also of custom resources, and no other kind of these', () => {
    for (const kind of ['DeleteOptions', 'CreateOptions', 'UpdateOptions', 'PatchOptions', 'ListOptions', 'WatchEvent'])
      expect(messageOf('example.com/v1', kind), kind).toBe(messageOf('v1', kind));
    expect(messageOf('example.com/v1', 'Secret')).toBeUndefined();
  });

  test('hold no Table, which has no protobuf, and nothing that is only a property of an object', () => {
    expect(messageOf('meta.k8s.io/v1', 'Table')).toBeUndefined();
    expect(messageOf('v1', 'constructor')).toBeUndefined();
    expect(messageOf('__proto__', 'toString')).toBeUndefined();
  });
});
