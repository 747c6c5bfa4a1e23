import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openElasticsearch } from '@chaperone/cli/elasticsearch/source';
import { publicKeyOf, signingKey } from '@chaperone/crds/audit/signing-keys';
import type { Finding } from '@chaperone/proxy/audit/verify/finding';
import { verify } from '@chaperone/proxy/audit/verify/verify';
import type { FoundRecord } from '@chaperone/proxy/audit/verify/writer-check';
import { z } from 'zod';
import { newClient } from '../elasticsearch/client.ts';

/** All that is in Elasticsearch of an installation, counted. */
export interface ShippedEvidence {
  readonly documents: number;
  /** Numbers that a writer has used twice, or left out: `writer:sequence`. */
  readonly duplicates: readonly string[];
  readonly gaps: readonly string[];
  readonly writers: number;
  /** How many records there are that a call is complete, by its Audit-Id. */
  readonly completed: ReadonlyMap<string, number>;
  /** Writers whose intents were closed as unknown outcomes, by Audit-Id. */
  readonly unknown: ReadonlyMap<string, string>;
  /** Writers whose last checkpoint says that it is the last. */
  readonly finished: ReadonlySet<string>;
  /** Kinds of the gateway's own records, and the facts of each. */
  readonly told: readonly { readonly type: string; readonly facts: Readonly<Record<string, unknown>> }[];
  readonly findings: readonly Finding[];
}

const recordSchema = z.object({
  kind: z.string(),
  type: z.string().optional(),
  facts: z.record(z.string(), z.unknown()).optional(),
  auditID: z.string().optional(),
  stage: z.string().optional(),
  chaperone: z.object({ outcome: z.string().optional(), writtenBy: z.string().optional() }),
});

export interface ShippedEvidenceOptions {
  readonly url: string;
  /** The last part of the names of the data streams. */
  readonly namespace: string;
  /** Whose key signs; replicas that made keys of their own have several. */
  readonly stateDirectories: readonly string[];
}

/** Reads it as the command line does, and checks it. */
export async function shippedEvidence(options: ShippedEvidenceOptions): Promise<ShippedEvidence> {
  const { url, namespace, stateDirectories } = options;
  const client = newClient({ node: url });
  await client.indices.refresh({ index: `logs-*-${namespace}` });
  await client.close();
  const source = await openElasticsearch({ url, namespace });
  const completed = new Map<string, number>();
  const unknown = new Map<string, string>();
  const duplicates: string[] = [];
  const gaps: string[] = [];
  const told: { type: string; facts: Record<string, unknown> }[] = [];
  const last = new Map<string, number>();
  const findings: Finding[] = [];
  let documents = 0;

  function count({ writer, sequence, original }: FoundRecord): void {
    documents += 1;
    const before = last.get(writer) ?? 0;
    if (sequence <= before) duplicates.push(`${writer}:${sequence}`);
    if (sequence > before + 1) gaps.push(`${writer}:${before + 1}`);
    last.set(writer, sequence);
    const record = recordSchema.parse(JSON.parse(original));
    if (record.kind === 'GatewayEvent') told.push({ type: record.type ?? '', facts: record.facts ?? {} });
    const { auditID, stage, chaperone } = record;
    if (auditID === undefined || stage !== 'ResponseComplete') return;
    completed.set(auditID, (completed.get(auditID) ?? 0) + 1);
    if (chaperone.outcome === 'Unknown') unknown.set(auditID, chaperone.writtenBy ?? '');
  }

  async function* counted(records: AsyncIterable<FoundRecord>): AsyncGenerator<FoundRecord> {
    for await (const record of records) {
      count(record);
      yield record;
    }
  }

  try {
    const checkpoints = await source.evidence.checkpoints();
    const records = counted(source.evidence.records((finding) => findings.push(finding)));
    for await (const finding of verify({ records, checkpoints, keys: stateDirectories.map(ownKey) }))
      findings.push(finding);
    return {
      documents,
      duplicates,
      gaps,
      writers: last.size,
      completed,
      unknown,
      told,
      findings,
      finished: new Set(
        checkpoints.flatMap((text) => {
          const { data } = finalSchema.safeParse(text);
          return data === undefined ? [] : [data.writer];
        }),
      ),
    };
  } finally {
    await source.close();
  }
}

const finalSchema = z.object({ writer: z.string(), kind: z.literal('Final') });

function ownKey(stateDirectory: string) {
  const path = join(stateDirectory, 'signing-key.pem');
  const key = publicKeyOf(signingKey(readFileSync(path, 'utf8'), path).publicKey);
  if (key === undefined) throw new Error(`${path} is no key`);
  return key;
}
