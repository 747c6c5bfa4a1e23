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
  /** From then on no replica told of it, and none has told that it ended. */
  lost: time.optional(),
  /** The last that was known of its chain when the registry was signed. */
  head: z.strictObject({ sequence: z.int().min(0), chain: digest }),
});

export const registrySchema = z.strictObject({
  /**
   * One more than that of the registry before. The first one of a chain has the seconds since the epoch: where a chain
   * has to be begun anew, the numbers go on rising.
   */
  number: z.int().min(1),
  time,
  /** The hash of the registry before; of the first one the hash of nothing. */
  previousRegistry: digest,
  writers: z.array(writerSchema),
  /** Writers that are no longer listed, as their retention is over or there were too many; the last of them ended then. */
  forgotten: z.strictObject({ count: z.int().min(1), until: time }).optional(),
  /** Keys by which writers may sign checkpoints, SubjectPublicKeyInfo in base64. */
  keys: z.array(line),
  keyId: digest,
  signature: line,
});

/** The ConfigMap in the release's namespace that holds the newest registry, and the key in it. */
export const REGISTRY_CONFIG_MAP = 'chaperone-writers';
export const REGISTRY_DATA_KEY = 'registry.json';

/** All writers there were: that one has been dropped whole is seen by nothing else. Signed with another key than theirs. */
export type Registry = Readonly<z.output<typeof registrySchema>>;
export type RegistryBody = Omit<Registry, 'signature'>;
export type RegisteredWriter = Registry['writers'][number];

export const NO_REGISTRY = hash('sha256', '', 'hex');

function canonicalText(body: RegistryBody): string {
  const writers = body.writers.map(
    ({ writer, replica, start, end = '', lost, head: { sequence, chain } }) =>
      `writer ${JSON.stringify([writer, replica, start, end, sequence, chain, ...(lost === undefined ? [] : [lost])])}`,
  );
  const { forgotten } = body;
  return [
    'chaperone.dev/audit/registry/v1',
    `number ${body.number}`,
    `time ${body.time}`,
    `previous-registry ${body.previousRegistry}`,
    `key ${body.keyId}`,
    ...body.keys.map((key) => `checkpoint-key ${key}`),
    ...writers,
    ...(forgotten === undefined ? [] : [`forgotten ${forgotten.count} ${forgotten.until}`]),
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

/** Undefined where the text is no registry. Whether it is signed is not looked at. */
export function parseRegistry(text: string | undefined): Registry | undefined {
  if (text === undefined) return undefined;
  try {
    return registrySchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
