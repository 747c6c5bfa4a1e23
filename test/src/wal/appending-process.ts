import { openSync, writeSync } from 'node:fs';
import { openLog } from './open-log.ts';

/**
 * A process to be killed: makes calls, eight at a time, sends on what is in the log, and tells each thing that a caller
 * or a store of records may rely on, at the moment from which it may. Arguments: the directory, the
 * writer's id, the key, the file to tell it to.
 */
const [directory = '', writer = '', key = '', told = ''] = process.argv.slice(2);
const descriptor = openSync(told, 'a');

/** At once: what waited in this process would die with it, though it counts as told. */
const tell = (...fields: readonly unknown[]): void => void writeSync(descriptor, `${JSON.stringify(fields)}\n`);

const log = await openLog(writer, {
  directory,
  segmentBytes: 16_384,
  checkpointRecords: 20,
  isGone: () => true,

  ...(await keyOf(key)),
});
process.stdout.write('ready\n');

async function keyOf(pem: string) {
  const { signingKey } = await import('@chaperone/crds/audit/signing-keys');
  return { key: signingKey(Buffer.from(pem, 'base64').toString(), 'test') };
}

async function call(worker: number): Promise<void> {
  for (let index = 0; ; index++) {
    const auditID = `${writer}-${worker}-${index}`;
    await log.appendIntent(auditID, `{"intent":"${auditID}"}`);
    tell('Intent', auditID);
    if (index % 3 === 0) await new Promise((resolve) => void setTimeout(resolve, 3));
    log.appendRecord({
      auditID,
      closes: true,
      original: `{"closed":"${auditID}","body":"${'x'.repeat(index % 700)}"}`,
    });
    if (index % 5 !== 0) continue;
    await log.flushed();
    tell('Record', auditID);
  }
}

async function send(): Promise<void> {
  for await (const entry of log.read(new AbortController().signal)) {
    tell('Sent', entry);
    log.acknowledge(entry.position);
  }
}

await Promise.all([...Array.from({ length: 8 }, (_, worker) => call(worker)), send()]);
