import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildPreviousKubectl, defaultCacheDirectory } from '@chaperone/e2e/cluster/build';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Kubectl } from '../node/kubectl.ts';
import { waitForLine } from '../streams/stream-lines.ts';
import { newStreamsScene, PROTOCOLS, protocolVariables, type StreamsScene } from './streams-scene.ts';

const MEBIBYTE = 1_048_576;
const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

let directory: string;
let scene: StreamsScene;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'streams-previous-'));
  const program = await buildPreviousKubectl({
    cacheDirectory: defaultCacheDirectory(process.env),
    report: () => undefined,
  });
  scene = await newStreamsScene('streams-previous', dirname(program));
});

afterAll(async () => {
  await scene.remove();
  rmSync(directory, { recursive: true, force: true });
});

test('the kubectl of these tests is one minor version older than the API server', async () => {
  const result = await scene.through().run(['version', '--output=json']);
  const minor = (of: 'clientVersion' | 'serverVersion'): number =>
    Number(new RegExp(`"${of}": \\{[^}]*"minor": "(\\d+)"`, 'u').exec(result.stdout)?.[1]);
  expect(minor('clientVersion')).toBe(minor('serverVersion') - 1);
});

describe.each(PROTOCOLS)('the previous kubectl over $protocol, through the gateway as directly,', (wanted) => {
  const { protocol, websockets, verb } = wanted;
  const paths = (): Readonly<Record<'direct' | 'through', Kubectl>> => ({
    direct: scene.direct(protocolVariables(websockets)),
    through: scene.through(protocolVariables(websockets)),
  });

  /** What comes of it is the same on both paths. */
  async function runBoth<Result>(run: (kubectl: Kubectl, path: 'direct' | 'through') => Promise<Result>) {
    const { direct, through } = paths();
    const [want, got] = await Promise.all([run(direct, 'direct'), run(through, 'through')]);
    expect(got).toEqual(want);
    return got;
  }

  test.concurrent('exec keeps output and errors apart and passes the exit code on', async () => {
    const script = 'echo out; sleep 0.2; echo err >&2; exit 7';
    expect(await runBoth((kubectl) => kubectl.run(['exec', 'shell', '--', 'sh', '-c', script]))).toEqual({
      code: 7,
      stdout: 'out\n',
      stderr: 'err\ncommand terminated with exit code 7\n',
      upgrades: [`${verb} exec`],
    });
  });

  test.concurrent('exec passes standard input on, byte by byte, to its end', async () => {
    const input = randomBytes(3 * MEBIBYTE);
    expect(
      await runBoth((kubectl) => kubectl.run(['exec', '--stdin', 'shell', '--', 'sha256sum'], input)),
    ).toMatchObject({ code: 0, stdout: `${digest(input)}  -\n`, upgrades: [`${verb} exec`] });
  });

  test.concurrent('exec of what is not there says so', async () => {
    const pod = await runBoth((kubectl) => kubectl.run(['exec', 'no-such-pod', '--', 'true']));
    expect(pod).toMatchObject({ code: 1, upgrades: [] });
    expect(pod.stderr).toContain('pods "no-such-pod" not found');
  });

  test.concurrent('exec on a terminal has one, of the right size, and passes the exit code on', async () => {
    const script = 'until [ "$(stty size)" = "33 77" ]; do sleep 0.1; done; tty; exit 5';
    const command = ['exec', '--stdin', '--tty', 'shell', '--', 'sh', '-c', script];
    const ended = await runBoth(async (kubectl) => {
      const { code, upgrades, stdout } = await kubectl.runOnTerminal(command);
      // Of the rest some is echo, and comes when it comes.
      return { code, upgrades, hasTerminal: stdout.includes('/dev/pts/') };
    });
    expect(ended).toEqual({ code: 5, upgrades: [`${verb} exec`], hasTerminal: true });
  });

  test.concurrent('attach follows a container, and types into it', async () => {
    const child = paths().through.start(['attach', '--stdin', 'typist']);
    try {
      const upgraded = waitForLine(child.stderr, new RegExp(`verb="${verb}" url="[^"]*/attach[^"]*" status="101 `));
      child.stdin?.write(`a line over ${protocol}\n`);
      await expect(waitForLine(child.stdout, new RegExp(`^<a line over ${protocol}>$`))).resolves.toBeDefined();
      await expect(upgraded).resolves.toBeDefined();
    } finally {
      child.kill();
    }
  });

  test.concurrent('cp copies there and back unchanged', async () => {
    const content = randomBytes(4 * MEBIBYTE);
    const source = join(directory, `${protocol}-source`);
    writeFileSync(source, content);
    const copied = await runBoth(async (kubectl, path) => {
      const inside = `shell:/tmp/${protocol}-${path}`;
      const copy = join(directory, `${protocol}-${path}`);
      const there = await kubectl.run(['cp', source, inside]);
      const back = await kubectl.run(['cp', inside, copy]);
      return { codes: [there.code, back.code], stderr: there.stderr + back.stderr, digest: digest(readFileSync(copy)) };
    });
    expect(copied).toMatchObject({ codes: [0, 0], digest: digest(content) });
  });

  test.concurrent('port-forward carries several connections, whole', async () => {
    const served = await runBoth(async (kubectl) => {
      const child = kubectl.start(['port-forward', '--address=127.0.0.1', 'pod/web', ':8080']);
      try {
        const upgraded = waitForLine(child.stderr, new RegExp(`verb="${verb}" url="[^"]*/portforward" status="101 `));
        const [, port] = await waitForLine(child.stdout, /^Forwarding from 127\.0\.0\.1:(\d+) -> 8080$/);
        await upgraded;
        const read = async (): Promise<string> =>
          digest(Buffer.from(await (await fetch(`http://127.0.0.1:${port}/random`)).arrayBuffer()));
        return await Promise.all([read(), read(), read()]);
      } finally {
        child.kill();
      }
    });
    expect(new Set(served).size).toBe(1);
  });
});
