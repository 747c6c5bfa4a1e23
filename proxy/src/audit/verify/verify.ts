import type { Checkpoint } from '../checkpoint.ts';
import { isRegistrySigned, registrySchema, type RegisteredWriter, type Registry } from '@chaperone/crds/audit/registry';
import { publicKeyOf, type PublicKey } from '@chaperone/crds/audit/signing-keys';
import { readCheckpoints, vouchFor, type KeyRing } from './checkpoint-chain.ts';
import type { Finding } from './finding.ts';
import { newWriterCheck, type FoundRecord, type WriterCheck } from './writer-check.ts';

export interface VerifyOptions {
  /**
   * Of all writers; those of one writer come in the order of their numbers, writers may be mixed. Documents that are
   * there twice, one after the other, are no finding if they are the same.
   */
  readonly records: AsyncIterable<FoundRecord> | Iterable<FoundRecord>;
  /** Parsed, in any order. They are held in memory: one stands for many records. */
  readonly checkpoints: Iterable<unknown>;
  /** The newest registry. Without one, writers that were dropped whole are not seen. */
  readonly registry?: unknown;
  /** Keys that may sign registries. */
  readonly registryKeys?: readonly PublicKey[];
  /**
   * Keys that may sign checkpoints, beside those of the registry and those that they hand over to. Where retention has
   * removed a hand-over, the key has to be in one of the two others.
   */
  readonly keys: readonly PublicKey[];
  /** Milliseconds since the epoch: what was vouched for before may have been removed by retention. Absent: nothing may be missing. */
  readonly retainedSince?: number | undefined;
}

/** Checks a whole log and tells all that is not as it was recorded. An honest log has no findings. */
export async function* verify(options: VerifyOptions): AsyncGenerator<Finding, void, void> {
  const keys: KeyRing = new Map(options.keys.map((key) => [key.id, key]));
  const read = readRegistry(options);
  yield* read.findings;
  for (const text of read.registry?.keys ?? []) {
    const key = publicKeyOf(text);
    if (key !== undefined) keys.set(key.id, key);
  }
  const { byWriter, findings } = readCheckpoints(options.checkpoints);
  yield* findings;
  const vouched = vouchForAll(byWriter, keys, options.retainedSince);
  yield* vouched.findings;

  const registered = new Map(read.registry?.writers.map((writer) => [writer.writer, writer]));
  const checks = new Map<string, WriterCheck>();
  const checkOf = (writer: string): WriterCheck => {
    const known = checks.get(writer);
    if (known !== undefined) return known;
    const checkpoints = vouched.byWriter.get(writer) ?? [];
    const check = newWriterCheck({
      writer,
      checkpoints,
      registered: registered.get(writer),
      expiredUpTo: expiredUpTo(checkpoints, registered.get(writer), options.retainedSince),
    });
    checks.set(writer, check);
    return check;
  };
  for await (const record of options.records) yield* checkOf(record.writer).record(record);
  for (const writer of new Set([...vouched.byWriter.keys(), ...registered.keys()])) checkOf(writer);
  for (const [writer, check] of checks) {
    yield* check.end();
    yield* unknownWriter(writer, vouched.byWriter.get(writer) ?? [], read.registry);
  }
}

function readRegistry({ registry, registryKeys = [] }: VerifyOptions): {
  readonly registry: Registry | undefined;
  readonly findings: readonly Finding[];
} {
  if (registry === undefined) return { registry: undefined, findings: [] };
  const forged = (message: string) => ({
    registry: undefined,
    findings: [{ kind: 'ForgedRegistry' as const, writer: '', message }],
  });
  const parsed = registrySchema.safeParse(registry);
  if (!parsed.success) return forged('the registry of writers cannot be read as one');
  const key = registryKeys.find(({ id }) => id === parsed.data.keyId);
  if (key === undefined) return forged('the registry of writers is signed by a key that nothing vouches for');
  if (!isRegistrySigned(parsed.data, key)) return forged('the signature of the registry of writers is not right');
  return { registry: parsed.data, findings: [] };
}

interface AllVouched {
  readonly byWriter: ReadonlyMap<string, readonly Checkpoint[]>;
  readonly findings: readonly Finding[];
}

/** A key that one writer hands over to signs the checkpoints of others, too: all are gone through until no key is new. */
function vouchForAll(
  byWriter: ReadonlyMap<string, readonly Checkpoint[]>,
  keys: KeyRing,
  retainedSince: number | undefined,
): AllVouched {
  const isExpired = (first: Checkpoint): boolean => followsExpired(first, retainedSince);
  for (;;) {
    const known = keys.size;
    const all = [...byWriter].map(
      ([writer, checkpoints]) => [writer, vouchFor(writer, checkpoints, keys, isExpired)] as const,
    );
    if (keys.size > known) continue;
    return {
      byWriter: new Map(all.map(([writer, { checkpoints }]) => [writer, checkpoints])),
      findings: all.flatMap(([, { findings }]) => findings),
    };
  }
}

/** Checkpoints are made once a minute, also when idle: what the first one left vouches for is hardly older than that. */
const CHECKPOINT_GRACE_MS = 5 * 60_000;

/** The last sequence number that retention may have removed. */
function expiredUpTo(
  checkpoints: readonly Checkpoint[],
  registered: RegisteredWriter | undefined,
  retainedSince: number | undefined,
): number {
  if (retainedSince === undefined) return 0;
  const last = registered?.end ?? registered?.lost;
  if (registered !== undefined && last !== undefined && Date.parse(last) < retainedSince)
    return registered.head.sequence;
  const first = checkpoints[0];
  if (first === undefined) return 0;
  const expired = checkpoints.findLast(({ time }) => Date.parse(time) < retainedSince);
  if (expired !== undefined) return expired.lastSequence;
  return followsExpired(first, retainedSince) ? first.firstSequence - 1 : 0;
}

/** Whether what was vouched for before this checkpoint may have been removed by retention. */
const followsExpired = (first: Checkpoint, retainedSince: number | undefined): boolean =>
  retainedSince !== undefined && Date.parse(first.time) < retainedSince + CHECKPOINT_GRACE_MS;

function* unknownWriter(
  writer: string,
  checkpoints: readonly Checkpoint[],
  registry: Registry | undefined,
): Generator<Finding> {
  if (registry === undefined || registry.writers.some((each) => each.writer === writer)) return;
  // One that began after the registry was signed is in the next.
  const first = checkpoints[0];
  if (first !== undefined && first.number === 1 && Date.parse(first.time) > Date.parse(registry.time)) return;
  const last = checkpoints.at(-1);
  const { forgotten } = registry;
  if (last !== undefined && forgotten !== undefined && Date.parse(last.time) <= Date.parse(forgotten.until)) return;
  yield { kind: 'UnknownWriter', writer, message: 'the registry does not have this writer' };
}
