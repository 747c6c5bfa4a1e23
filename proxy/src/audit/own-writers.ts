import {
  REPORTED_KEYS,
  REPORTED_WRITERS,
  type ReportedWriter,
  type WriterReport,
} from '@chaperone/crds/audit/writer-report';

export interface OwnWritersOptions {
  readonly writer: Pick<ReportedWriter, 'writer' | 'replica' | 'start'>;
  /** What of its chain is on stable storage. */
  readonly head: () => ReportedWriter['head'];
  /** SubjectPublicKeyInfo in base64. */
  readonly key: string;
}

/** What this process can tell of writers: of its own, of those whose chains it has closed, and of those before it. */
export interface OwnWriters {
  report(): WriterReport;
  /** Another writer, or more of one; only the last few are told of. */
  add(other: ReportedWriter): void;
  /** Its own has ended, vouched for. */
  ended(end: string): void;
  signsWith(key: string): void;
}

export function newOwnWriters({ writer, head, key }: OwnWritersOptions): OwnWriters {
  const others = new Map<string, ReportedWriter>();
  let keys: readonly string[] = [key];
  let end: string | undefined;

  return {
    report: () => ({
      writers: [{ ...writer, ...(end === undefined ? {} : { end }), head: head() }, ...others.values()],
      keys,
    }),
    add(other) {
      // What is known to have ended stays so: what a process before this one told was earlier.
      if (other.writer === writer.writer || others.get(other.writer)?.end !== undefined) return;
      others.set(other.writer, other);
      if (others.size < REPORTED_WRITERS) return;
      const [oldest] = [...others.values()].toSorted((left, right) => lastTime(left) - lastTime(right));
      if (oldest !== undefined) others.delete(oldest.writer);
    },
    ended(time) {
      end ??= time;
    },
    signsWith(next) {
      keys = [...keys.filter((each) => each !== next), next].slice(-REPORTED_KEYS);
    },
  };
}

const lastTime = ({ start, end = start }: ReportedWriter): number => Date.parse(end);
