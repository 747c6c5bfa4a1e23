import { hash } from 'node:crypto';
import { z } from 'zod';
import { isHash } from './hash.ts';
import { isSignedBy, type PublicKey, type SigningKey } from './signing-keys.ts';

const digest = z.string().refine(isHash, 'must be a SHA-256 in lower-case hexadecimal');
const line = z.string().regex(/^[\x20-\x7e]+$/u, 'must be one line of ASCII');
const time = z.iso.datetime();

const writerSchema = z.strictObject({
  writer: line,
  replica: line,
  start: time,
  /** Absent while the writer may still write. */
  end: time.optional(),
  /** The last that was known of its chain when the registry was signed. */
  head: z.strictObject({ sequence: z.int().min(0), chain: digest }),
});

export const registrySchema = z.strictObject({
  /** Counts the registries, from 1. */
  number: z.int().min(1),
  time,
  /** The hash of the registry before; of the first one the hash of nothing. */
  previousRegistry: digest,
  writers: z.array(writerSchema),
  /** Keys by which writers may sign checkpoints, SubjectPublicKeyInfo in base64. */
  keys: z.array(line),
  keyId: digest,
  signature: line,
});

/** All writers there were: that one has been dropped whole is seen by nothing else. Signed with another key than theirs. */
export type Registry = Readonly<z.output<typeof registrySchema>>;
export type RegistryBody = Omit<Registry, 'signature'>;
export type RegisteredWriter = Registry['writers'][number];

export const NO_REGISTRY = hash('sha256', '', 'hex');

function canonicalText(body: RegistryBody): string {
  const writers = body.writers.map(
    ({ writer, replica, start, end, head }) =>
      `writer ${JSON.stringify([writer, replica, start, end ?? '', head.sequence, head.chain])}`,
  );
  return [
    'chaperone.dev/audit/registry/v1',
    `number ${body.number}`,
    `time ${body.time}`,
    `previous-registry ${body.previousRegistry}`,
    `key ${body.keyId}`,
    ...body.keys.map((key) => `checkpoint-key ${key}`),
    ...writers,
    '',
  ].join('\n');
}

export function signRegistry(body: Omit<RegistryBody, 'keyId'>, key: SigningKey): Registry {
  const complete = { ...body, keyId: key.id };
  return { ...complete, signature: key.sign(canonicalText(complete)) };
}

export const isRegistrySigned = (registry: Registry, key: PublicKey): boolean =>
  isSignedBy(key, canonicalText(registry), registry.signature);

export const registryHash = (registry: Registry): string =>
  hash('sha256', `${canonicalText(registry)}${registry.signature}\n`, 'hex');
