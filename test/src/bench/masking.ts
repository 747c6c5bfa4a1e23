import { Agent, request } from 'undici';
import { newBodyCapture, newCaptureBudget } from '@chaperone/proxy/audit/body-capture';
import { recordBody } from '@chaperone/proxy/audit/recorded-body';
import { newMaskedAnswer } from '@chaperone/proxy/masking/answer/masked-answer';
import { CallValues } from '@chaperone/proxy/masking/engine/call-values';
import { callTo, maskingOfRules, ruleFor } from '../masking/rules.ts';
import { applyTarget, type BenchOptions } from './gets.ts';
import { createPods, NAMESPACE as PODS } from './lists.ts';
import { generateLoad, type Path } from './load.ts';
import { usageDuring } from './process-usage.ts';
import type { Line } from './report.ts';
import { median, rounded } from './statistics.ts';

const RUN_MS = 3_000;
const RUNS = 5;
/** The recorder's own bounds: of a list it takes the first objects. */
const LIST_BYTES = 256 * 1024;
const BODY_BYTES = 1_024 * 1_024;
const CHUNK = 65_536;

/** A call, and how its answer is masked by a process that does nothing else. */
interface Masked {
  readonly what: string;
  readonly target: string;
  readonly connections: number;
  readonly mask: (bytes: Buffer) => Promise<void>;
}

const rules = maskingOfRules(ruleFor('bench', 'pods', { fields: ['spec.containers[*].env[*].value'] }));

async function recorded(bytes: Buffer, resource: string, captured: number): Promise<void> {
  const capture = newBodyCapture(newCaptureBudget(BODY_BYTES * 4), captured);
  for (let at = 0; at < bytes.length; at += CHUNK) capture.push(bytes.subarray(at, at + CHUNK));
  await recordBody({
    capture,
    contentType: 'application/json',
    contentEncoding: undefined,
    isWatch: false,
    masker: rules.maskingOf(callTo(resource)).audit,
    values: new CallValues(),
    requestDecoded: true,
    maximumBytes: BODY_BYTES,
  });
}

function answered(bytes: Buffer): void {
  const { response } = rules.maskingOf(callTo('pods'));
  if (response === undefined) throw new TypeError('no rule masks answers');
  const answer = newMaskedAnswer({
    masker: response,
    attributes: { isResourceRequest: true, verb: 'list', subresource: '', path: '', method: 'GET' },
    status: 200,
    contentType: 'application/json',
    contentEncoding: undefined,
  });
  for (let at = 0; at < bytes.length; at += CHUNK) answer?.push(bytes.subarray(at, at + CHUNK));
  answer?.end();
}

const CALLS: readonly Masked[] = [
  {
    what: 'GET of 3 KB: masking for its record',
    target: '/api/v1/namespaces/default/configmaps/bench',
    connections: 16,
    mask: (bytes) => recorded(bytes, 'configmaps', BODY_BYTES),
  },
  {
    what: 'list of 5,000 pods: masking for its record',
    target: `/api/v1/namespaces/${PODS}/pods`,
    connections: 1,
    mask: (bytes) => recorded(bytes, 'pods', LIST_BYTES),
  },
  {
    what: 'list of 5,000 pods: masking of the answer, beside what the call takes without',
    target: `/api/v1/namespaces/${PODS}/pods`,
    connections: 1,
    mask: (bytes) => {
      answered(bytes);
      return Promise.resolve();
    },
  },
];

/** What masking takes of the processor, as a share of what the gateway takes for the call (without a rule about answers). */
export async function benchMasking(options: BenchOptions & { readonly pid: number }): Promise<Line[]> {
  const { paths, kubectl, pid, progress } = options;
  await applyTarget(kubectl, 'default');
  await createPods(kubectl, progress);
  const lines: Line[] = [];
  for (const { what, target, connections, mask } of CALLS) {
    progress(what);
    const bytes = await read(paths.gateway, target);
    const wholes: number[] = [];
    const alone: number[] = [];
    await generateLoad(paths.gateway, { target, connections, durationMs: RUN_MS });
    await cpuOf(bytes, mask);
    for (let run = 0; run < RUNS; run++) {
      const { result, usage } = await usageDuring(pid, () =>
        generateLoad(paths.gateway, { target, connections, durationMs: RUN_MS }),
      );
      wholes.push((usage.cpuSeconds * 1_000) / result.latencies.length);
      alone.push(await cpuOf(bytes, mask));
    }
    const [whole, masking] = [median(wholes), median(alone)];
    lines.push({
      what: `${what}, ms of a processor`,
      gateway: `${rounded(masking, 3)} of ${rounded(whole, 3)}`,
      compared: `${Math.round((100 * masking) / whole)} %`,
    });
  }
  return lines;
}

/** Milliseconds of a processor for one. */
async function cpuOf(bytes: Buffer, mask: (bytes: Buffer) => Promise<void>): Promise<number> {
  const started = performance.now();
  const before = process.cpuUsage();
  let count = 0;
  for (; performance.now() - started < RUN_MS / 3; count++) await mask(bytes);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / count;
}

async function read(path: Path, target: string): Promise<Buffer> {
  const dispatcher = new Agent({ allowH2: false, connect: { ca: path.ca } });
  const { statusCode, body } = await request(`${path.origin}${target}`, { dispatcher, headers: { ...path.headers } });
  if (statusCode !== 200) throw new Error(`answered with ${statusCode}`);
  const bytes = Buffer.from(await body.arrayBuffer());
  await dispatcher.close();
  return bytes;
}
