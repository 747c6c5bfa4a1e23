import { z } from 'zod';
import { isHash } from './hash.ts';

/** Annotation of a replica's Lease: which writers of records it tells of, as JSON. */
export const WRITERS_ANNOTATION = 'chaperone.dev/writers';

/** A report is sent with every renewal of a Lease: it stays small. */
export const REPORTED_WRITERS = 20;
export const REPORTED_KEYS = 8;

const line = (length: number) =>
  z
    .string()
    .max(length)
    .regex(/^[\x20-\x7e]+$/u);

const writerSchema = z.strictObject({
  writer: line(200),
  replica: line(253),
  start: z.iso.datetime(),
  /** When it was vouched for the end of its chain; absent while nobody has. */
  end: z.iso.datetime().optional(),
  /** What of its chain is on stable storage. */
  head: z.strictObject({ sequence: z.int().min(0), chain: z.string().refine(isHash) }),
});

const reportSchema = z.strictObject({
  /** The replica's own first; then those before it, and those of other processes whose chains it has closed. */
  writers: z.array(writerSchema).max(REPORTED_WRITERS),
  /** SubjectPublicKeyInfo in base64 of the keys that it signs checkpoints with, the present one last. */
  keys: z.array(line(200)).max(REPORTED_KEYS),
});

export type ReportedWriter = Readonly<z.output<typeof writerSchema>>;

/** What a replica tells of writers: what the operator's registry is made of. */
export interface WriterReport {
  readonly writers: readonly ReportedWriter[];
  readonly keys: readonly string[];
}

/** Undefined where the annotation is absent or no report. */
export function parseWriterReport(text: string | undefined): WriterReport | undefined {
  if (text === undefined) return undefined;
  try {
    return reportSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
