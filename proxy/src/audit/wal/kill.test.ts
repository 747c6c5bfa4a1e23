import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { openLog } from '@chaperone/test/wal/open-log';
import { signingKey } from '@chaperone/crds/audit/signing-keys';
import { verify } from '../verify/verify.ts';

/** How often a process is killed. The long form asks for hundreds. */
const KILLS = Number(process.env['KILLS'] ?? 10);

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'wal-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const entrySchema = z.union([
  z.object({
    kind: z.literal('Record'),
    writer: z.string(),
    sequence: z.number(),
    previousChain: z.string(),
    chain: z.string(),
    auditID: z.string(),
    original: z.string(),
  }),
  z.object({ kind: z.literal('Checkpoint'), writer: z.string(), text: z.string() }),
]);
const toldSchema = z.union([
  z.tuple([z.enum(['Intent', 'Record']), z.string()]),
  z.tuple([z.literal('Sent'), entrySchema]),
]);
type Entry = z.output<typeof entrySchema>;
type Told = z.output<typeof toldSchema>;

const program = join(import.meta.dirname, '../../../../test/src/wal/appending-process.ts');

/** Runs a process for a random while and kills it. What it had told when it died is told to `hear`. */
async function runAndKill(writer: string, pem: string, hear: (told: Told) => void): Promise<void> {
  // A file, as the system keeps what was written to it whatever becomes of who wrote.
  const path = join(directory, `${writer}.told`);
  const key = Buffer.from(pem).toString('base64');
  const child = spawn(process.execPath, ['--conditions=source', program, join(directory, 'wal'), writer, key, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  await once(child.stdout, 'data');
  setTimeout(() => child.kill('SIGKILL'), randomInt(300));
  await exited;
  const lines = (await readFile(path, 'utf8')).split('\n');
  // The last one is torn, or empty.
  for (const line of lines.slice(0, -1)) hear(toldSchema.parse(JSON.parse(line)));
}

test(
  `a process that is killed ${KILLS} times loses nothing that it had acknowledged`,
  { timeout: 30_000 + KILLS * 5_000 },
  async () => {
    const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' });
    const key = signingKey(pem, 'test');
    const intents = new Set<string>();
    const recorded = new Set<string>();
    const store = new Map<string, Entry>();
    const conflicts: string[] = [];

    function keep(entry: Entry): void {
      const id = entry.kind === 'Record' ? `${entry.writer}:${entry.sequence}` : `${entry.writer}:${entry.text}`;
      const known = store.get(id);
      if (known !== undefined && JSON.stringify(known) !== JSON.stringify(entry)) conflicts.push(id);
      store.set(id, entry);
    }

    for (let kill = 0; kill < KILLS; kill++)
      await runAndKill(`writer-${kill}`, pem, (told) => {
        if (told[0] === 'Intent') intents.add(told[1]);
        if (told[0] === 'Record') recorded.add(told[1]);
        if (told[0] === 'Sent') keep(told[1]);
      });
    const last = await openLog('last', { directory: join(directory, 'wal'), isGone: () => true, key });
    // One that was killed in the middle of claiming another's directory has left a lock without a name: it takes its time.
    while (last.state().writers < (await readdir(join(directory, 'wal'))).length)
      await new Promise((resolve) => void setTimeout(resolve, 50));
    await last.finish();
    for await (const entry of last.read(new AbortController().signal)) {
      keep(entrySchema.parse(entry));
      last.acknowledge(entry.position);
    }
    expect(last.events.filter(({ type }) => type !== 'Adopted' && type !== 'Fault')).toEqual([]);
    await last.close();

    const records = [...store.values()].filter((entry) => entry.kind === 'Record');
    const closedBy = Map.groupBy(records, ({ auditID }) => auditID);
    expect(conflicts, 'no number is used twice').toEqual([]);
    expect(
      [...intents]
        .filter((auditID) => closedBy.get(auditID)?.length !== 1)
        .map(
          (auditID) =>
            `${auditID}: ${closedBy
              .get(auditID)
              ?.map(({ writer, sequence }) => `${writer}:${sequence}`)
              .join(' ')}`,
        ),
      'each call is closed once',
    ).toEqual([]);
    const own = (auditID: string): boolean => closedBy.get(auditID)?.[0]?.original.includes('"closed"') === true;
    expect(
      [...recorded].filter((auditID) => !own(auditID)),
      'no record is lost',
    ).toEqual([]);
    const sorted = records.toSorted((left, right) => left.sequence - right.sequence);
    const checkpoints = [...store.values()].flatMap((entry): unknown[] =>
      entry.kind === 'Checkpoint' ? [JSON.parse(entry.text)] : [],
    );
    const findings = [];
    for await (const finding of verify({ records: sorted, checkpoints, keys: [key] })) findings.push(finding);
    expect(findings).toEqual([]);
    expect(intents.size).toBeGreaterThan(KILLS);
  },
);
