import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provideDistribution } from '@chaperone/e2e/elasticsearch/distribution';
import { afterAll, beforeAll, expect, test } from 'vitest';

const FETCH_TIMEOUT = 300_000;

let parent: string;
let cacheDirectory: string;
const lines: string[] = [];
const provide = (): Promise<string> => provideDistribution({ cacheDirectory, report: (line) => lines.push(line) });
const fetches = (): number => lines.filter((line) => /^Fetching .* \.\.\.$/.test(line)).length;

beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), 'chaperone-distribution-'));
  cacheDirectory = join(parent, 'elasticsearch');
  // As a fetch that was killed leaves it.
  mkdirSync(join(parent, '.elasticsearch-8.19.21-killed', 'elasticsearch-8.19.21', 'bin'), { recursive: true });
  await Promise.all([provide(), provide()]);
}, FETCH_TIMEOUT);

afterAll(() => rmSync(parent, { recursive: true, force: true }));

test('two that ask at once get the same distribution, fetched once', async () => {
  expect(fetches()).toBe(1);
  expect(await provide()).toBe(cacheDirectory);
  expect(fetches()).toBe(1);
});

test('its programs can be executed, and its jars are whole', () => {
  expect(() => accessSync(join(cacheDirectory, 'bin', 'elasticsearch'), constants.X_OK)).not.toThrow();
  const jar = readFileSync(join(cacheDirectory, 'lib', 'elasticsearch-8.19.21.jar'));
  expect(jar.subarray(0, 4).toString('latin1')).toBe('PK\u0003\u0004');
});

test('nothing is left beside it, not even of a fetch that was killed', () => {
  expect(readdirSync(parent).toSorted()).toEqual(['elasticsearch', 'elasticsearch.lock']);
});

test(
  'a copy that is not whole is replaced',
  async () => {
    const jar = join(cacheDirectory, 'lib', 'elasticsearch-8.19.21.jar');
    const whole = readFileSync(jar).length;
    const before = fetches();
    truncateSync(jar, 1000);
    await provide();
    expect(readFileSync(jar)).toHaveLength(whole);
    expect(fetches()).toBe(before + 1);
  },
  FETCH_TIMEOUT,
);
