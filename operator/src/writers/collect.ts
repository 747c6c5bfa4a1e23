import type { RegisteredWriter, Registry } from '@chaperone/crds/audit/registry';
import type { ReportedWriter, WriterReport } from '@chaperone/crds/audit/writer-report';

/** What one Lease tells of. */
export interface LeaseReport {
  /** The replica that the Lease is named after. */
  readonly replica: string;
  /** Whether the replica holds it still. */
  readonly isHeld: boolean;
  readonly report: WriterReport;
}

export interface CollectLimits {
  /** A writer that ended longer ago is forgotten. */
  readonly retentionMs: number;
  /** Of so many writers those that ended first are forgotten. */
  readonly maxWriters: number;
}

type Contents = Pick<Registry, 'writers' | 'keys' | 'forgotten'>;

/** What is to be in the next registry, and how urgent it is. */
export interface Collected extends Contents {
  /** Heads: chains have grown, and nothing else is new. */
  readonly change: 'None' | 'Heads' | 'Writers';
  /** What replicas told that contradicts what is known: it is not taken over. */
  readonly contradictions: readonly Contradiction[];
}

export interface Contradiction {
  readonly replica: string;
  readonly writer: string;
  /** Chain: two chains of one length. Ended: of one that is writing, by another replica. */
  readonly kind: 'Chain' | 'Ended';
}

/** As one process with a key of its own is one writer, at most: those of one directory are few. */
const MAX_KEYS = 1_000;

/** Puts together what is known of writers and what replicas tell. A head never goes back, an end is never undone. */
export function collect(
  before: Contents | undefined,
  leases: readonly LeaseReport[],
  now: number,
  limits: CollectLimits,
): Collected {
  const forgottenUntil = Math.max(now - limits.retentionMs, Date.parse(before?.forgotten?.until ?? EPOCH));
  const { writers, contradictions } = take(before?.writers ?? [], leases, forgottenUntil);
  const stillTold = new Set(
    leases.flatMap(({ report }) => report.writers.flatMap(({ writer, end }) => (end === undefined ? [writer] : []))),
  );
  const lost = new Date(now).toISOString();
  const all = writers.map((each) =>
    each.end !== undefined || each.lost !== undefined || stillTold.has(each.writer) ? each : { ...each, lost },
  );
  const { kept, forgotten } = forget(all, before?.forgotten, now, limits);
  const keys = [...new Set([...(before?.keys ?? []), ...leases.flatMap(({ report }) => report.keys)])].slice(-MAX_KEYS);
  const next = { writers: kept, keys, ...(forgotten === undefined ? {} : { forgotten }) };
  return { ...next, change: changeOf(before, next), contradictions };
}

const EPOCH = new Date(0).toISOString();

function take(
  known: readonly RegisteredWriter[],
  leases: readonly LeaseReport[],
  forgottenUntil: number,
): { readonly writers: readonly RegisteredWriter[]; readonly contradictions: readonly Contradiction[] } {
  const writers = new Map(known.map((each) => [each.writer, each]));
  const contradictions: Contradiction[] = [];
  const holders = writing(leases);
  for (const { replica, report } of leases)
    for (const each of report.writers) {
      const old = writers.get(each.writer);
      const kind = contradiction(old, each, (holders.get(each.writer) ?? replica) !== replica);
      if (kind !== undefined) contradictions.push({ replica, writer: each.writer, kind });
      if (kind === 'Ended') continue;
      // It was listed, or might have been: it does not come back.
      if (old === undefined && each.end !== undefined && Date.parse(each.end) <= forgottenUntil) continue;
      writers.set(each.writer, old === undefined ? each : merged(old, each));
    }
  return { writers: [...writers.values()], contradictions };
}

/** Which replica writes as which writer, of those that hold their Leases. */
const writing = (leases: readonly LeaseReport[]): ReadonlyMap<string, string> =>
  new Map(
    leases.flatMap(
      ({
        replica,
        isHeld,
        report: {
          writers: [own],
        },
      }) => (isHeld && own !== undefined && own.end === undefined ? [[own.writer, replica] as const] : []),
    ),
  );

function contradiction(
  old: RegisteredWriter | undefined,
  { end, head }: ReportedWriter,
  isOthers: boolean,
): Contradiction['kind'] | undefined {
  if (end !== undefined && isOthers) return 'Ended';
  return old?.head.sequence === head.sequence && old.head.chain !== head.chain ? 'Chain' : undefined;
}

function merged(old: RegisteredWriter, { end, head }: ReportedWriter): RegisteredWriter {
  if (old.end !== undefined) return old;
  const { lost: _lost, ...rest } = old;
  return {
    ...rest,
    ...(end === undefined ? {} : { end }),
    // What was once vouched for may be gone: that is for those who verify to find.
    head: head.sequence > old.head.sequence ? head : old.head,
  };
}

function forget(
  all: readonly RegisteredWriter[],
  before: Contents['forgotten'],
  now: number,
  { retentionMs, maxWriters }: CollectLimits,
): { readonly kept: RegisteredWriter[]; readonly forgotten: Contents['forgotten'] } {
  const gone = all
    .flatMap(({ writer, end, lost }) => {
      const last = end ?? lost;
      return last === undefined ? [] : [{ writer, last: Date.parse(last) }];
    })
    .toSorted((left, right) => left.last - right.last);
  const tooMany = Math.max(0, all.length - maxWriters);
  const dropped = gone.filter(({ last }, index) => index < tooMany || last < now - retentionMs);
  if (dropped.length === 0) return { kept: [...all], forgotten: before };
  const names = new Set(dropped.map(({ writer }) => writer));
  const until = Math.max(...dropped.map(({ last }) => last), Date.parse(before?.until ?? EPOCH));
  return {
    kept: all.filter(({ writer }) => !names.has(writer)),
    forgotten: { count: (before?.count ?? 0) + dropped.length, until: new Date(until).toISOString() },
  };
}

function changeOf(before: Contents | undefined, next: Contents): Collected['change'] {
  // A first record is no mere growth: before it there is nothing of a writer that could be missed.
  const withoutHeads = ({ writers, keys, forgotten }: Contents): string =>
    JSON.stringify([
      writers.map(({ writer, end, lost, head }) => [writer, end, lost, head.sequence > 0]),
      keys,
      forgotten,
    ]);
  if (before === undefined || withoutHeads(before) !== withoutHeads(next)) return 'Writers';
  const heads = ({ writers }: Contents): string => writers.map(({ head: { sequence } }) => sequence).join();
  return heads(before) === heads(next) ? 'None' : 'Heads';
}
