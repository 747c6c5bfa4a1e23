import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Kubectl } from '../node/kubectl.ts';
import { waitForLine } from '../streams/stream-lines.ts';
import { newStreamsScene, PROTOCOLS, protocolVariables, type StreamsScene } from './streams-scene.ts';

const MEBIBYTE = 1_048_576;
const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

let scene: StreamsScene;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gateway-streams-'));
  scene = await newStreamsScene('gateway-streams');
});

afterAll(async () => {
  await scene.remove();
  rmSync(directory, { recursive: true, force: true });
});

describe.each(PROTOCOLS)(
  'kubectl over $protocol, through the gateway as directly,',
  ({ protocol, websockets, verb }) => {
    let direct: Kubectl;
    let through: Kubectl;
    beforeAll(() => {
      direct = scene.direct(protocolVariables(websockets));
      through = scene.through(protocolVariables(websockets));
    });

    /** The same run both ways; what came of it is the same. */
    async function runBoth(args: readonly string[], input?: Buffer | string) {
      const [want, got] = [await direct.run(args, input), await through.run(args, input)];
      expect(got).toEqual(want);
      return got;
    }

    test('exec keeps output and errors apart and passes the exit code on', async () => {
      const result = await runBoth(['exec', 'shell', '--', 'sh', '-c', 'echo out; sleep 0.2; echo err >&2; exit 7']);
      expect(result).toEqual({
        code: 7,
        stdout: 'out\n',
        stderr: 'err\ncommand terminated with exit code 7\n',
        upgrades: [`${verb} exec`],
      });
    });

    test('exec passes standard input on, byte by byte, to its end', async () => {
      const input = randomBytes(3 * MEBIBYTE);
      const result = await runBoth(['exec', '--stdin', 'shell', '--', 'sha256sum'], input);
      expect(result).toMatchObject({ code: 0, stdout: `${digest(input)}  -\n` });
    });

    test('exec of what is not there says so', async () => {
      // The runtime names each of its attempts.
      const told = async (kubectl: Kubectl) =>
        JSON.stringify(await kubectl.run(['exec', 'shell', '--', 'no-such-program'])).replaceAll(/[0-9a-f]{64}/g, 'ID');
      const program = await told(through);
      expect(program).toBe(await told(direct));
      expect(program).toContain('executable file not found');
      const pod = await runBoth(['exec', 'no-such-pod', '--', 'true']);
      expect(pod.stderr).toContain('Error from server (NotFound): pods "no-such-pod" not found\n');
    });

    test('exec in a container that is not there is refused in the words of the API server', async () => {
      const result = await runBoth(['exec', 'shell', '--container=other', '--', 'true']);
      expect(result).toMatchObject({ code: 1, upgrades: [] });
      expect(result.stderr).toContain('container other');
    });

    test('exec on a terminal has one, of the right size, and passes the exit code on', async () => {
      const script = 'until [ "$(stty size)" = "33 77" ]; do sleep 0.1; done; tty; exit 5';
      const result = await through.runOnTerminal(['exec', '--stdin', '--tty', 'shell', '--', 'sh', '-c', script]);
      expect(result).toMatchObject({ code: 5, upgrades: [`${verb} exec`] });
      expect(result.stdout).toContain('/dev/pts/');
    });

    test('exec on a terminal answers what is typed', async () => {
      const script = 'read line; echo "<$line>" | tr a-z A-Z';
      const result = await through.runOnTerminal(['exec', '-it', 'shell', '--', 'sh', '-c', script], 'typed\n');
      expect(result).toMatchObject({ code: 0, upgrades: [`${verb} exec`] });
      expect(result.stdout).toContain('<TYPED>');
    });

    test('attach follows a container, and types into it', async () => {
      const child = through.start(['attach', '--stdin', 'typist']);
      try {
        const upgraded = waitForLine(child.stderr, new RegExp(`verb="${verb}" url="[^"]*/attach[^"]*" status="101 `));
        child.stdin?.write('a line\n');
        await expect(waitForLine(child.stdout, /^<a line>$/)).resolves.toBeDefined();
        await expect(upgraded).resolves.toBeDefined();
      } finally {
        child.kill();
      }
    });

    test('cp copies 20 MiB there and back unchanged', async () => {
      const source = join(directory, `${protocol}-source`);
      const copy = join(directory, `${protocol}-copy`);
      const content = randomBytes(20 * MEBIBYTE);
      writeFileSync(source, content);
      const there = await through.run(['cp', source, `shell:/tmp/${protocol}`]);
      const inside = await direct.run(['exec', 'shell', '--', 'sha256sum', `/tmp/${protocol}`]);
      const back = await through.run(['cp', `shell:/tmp/${protocol}`, copy]);
      expect([there.code, back.code]).toEqual([0, 0]);
      expect(new Set([...there.upgrades, ...back.upgrades])).toEqual(new Set([`${verb} exec`]));
      expect(inside.stdout.split(' ')[0]).toBe(digest(content));
      expect(digest(readFileSync(copy))).toBe(digest(content));
    });

    test('port-forward carries several connections, whole', async () => {
      const expected = (await direct.run(['exec', 'web', '--', 'sha256sum', '/www/random'])).stdout.split(' ')[0];
      const child = through.start(['port-forward', '--address=127.0.0.1', 'pod/web', ':8080']);
      try {
        const upgraded = waitForLine(child.stderr, new RegExp(`verb="${verb}" url="[^"]*/portforward" status="101 `));
        const [, port] = await waitForLine(child.stdout, /^Forwarding from 127\.0\.0\.1:(\d+) -> 8080$/);
        await upgraded;
        const digests = await Promise.all(
          [1, 2, 3].map(async () => {
            const response = await fetch(`http://127.0.0.1:${port}/random`);
            return digest(Buffer.from(await response.arrayBuffer()));
          }),
        );
        expect(digests).toEqual([expected, expected, expected]);
      } finally {
        child.kill();
      }
    });

    test('port-forward to a port where nobody listens says so, and goes on', async () => {
      const child = through.start(['port-forward', '--address=127.0.0.1', 'pod/web', ':9']);
      try {
        const [, port] = await waitForLine(child.stdout, /^Forwarding from 127\.0\.0\.1:(\d+) -> 9$/);
        const said = waitForLine(child.stderr, /an error occurred forwarding/);
        await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed');
        await expect(said).resolves.toBeDefined();
      } finally {
        child.kill();
      }
    });
  },
);

test('logs --follow passes lines as they are written', async () => {
  const child = scene.through().start(['logs', '--follow', '--tail=1', 'ticker']);
  try {
    const [, first] = await waitForLine(child.stdout, /^tick (\d+)$/);
    await expect(waitForLine(child.stdout, new RegExp(`^tick ${Number(first) + 5}$`))).resolves.toBeDefined();
  } finally {
    child.kill();
  }
});
