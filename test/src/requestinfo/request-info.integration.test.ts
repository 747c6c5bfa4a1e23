import { REJECTIONS, Rejection } from '@chaperone/proxy/request/rejection';
import { requestAttributes, type RequestAttributes } from '@chaperone/proxy/request/request-attributes';
import * as fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostileRequest, legalRequest, wordRequest } from './arbitrary-requests.ts';
import { comparable, expectedAnswer } from './expected-answer.ts';
import { askOracle, buildOracle, type Answer, type Question } from './oracle.ts';

/** How many requests are tried; a longer run asks for more. Fewer would not reach all that the tests ask for. */
const RUNS = Math.max(40_000, wholeNumber(process.env['FUZZ_RUNS'], 0));
/** The same requests in every run of the tests; a longer run may ask for others. */
const SEED = wholeNumber(process.env['FUZZ_SEED'], 1);
const BATCH = 12_000;
const PATIENCE = 60_000 + RUNS * 5;

interface Case {
  readonly question: Question;
  readonly reading: RequestAttributes | Rejection;
  /** The API server's reading of the request as sent, and as rebuilt; only of what is accepted. */
  readonly answer: Answer;
  readonly rebuilt: Answer | undefined;
}

let directory = '';
let oracle = '';

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'requestinfo-'));
  oracle = await buildOracle(directory);
}, 600_000);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("Chaperone's reading of a request line and the API server's", () => {
  test(
    'are equal for every request that a client may send, and none of those is refused',
    async () => {
      const refused: unknown[] = [];
      const verbs = new Map<string, number>();
      await inBatches(legalRequest, RUNS / 2, ({ question, reading }) => {
        if (reading instanceof Rejection) refused.push({ ...question, code: reading.code });
        else verbs.set(reading.verb, (verbs.get(reading.verb) ?? 0) + 1);
      });
      expect(shortest(refused)).toEqual([]);
      // What the generator reaches: a generator gone dull would prove nothing.
      for (const verb of ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', 'options'])
        expect({ verb, seen: (verbs.get(verb) ?? 0) >= RUNS / 2_000 }).toEqual({ verb, seen: true });
    },
    PATIENCE,
  );

  test(
    'are equal for any words in any order, or the request is refused',
    async () => {
      let accepted = 0;
      await inBatches(wordRequest, RUNS / 4, ({ reading }) => {
        if (!(reading instanceof Rejection)) accepted += 1;
      });
      expect(accepted / (RUNS / 4)).toBeGreaterThan(0.6);
    },
    PATIENCE,
  );

  test(
    'are equal for requests made to be misread, or the request is refused, and every reason to refuse occurs',
    async () => {
      const codes = new Set<string>();
      let accepted = 0;
      await inBatches(hostileRequest, RUNS / 4, ({ reading }) => {
        if (reading instanceof Rejection) codes.add(reading.code);
        else accepted += 1;
      });
      expect(accepted / (RUNS / 4)).toBeGreaterThan(0.15);
      expect([...codes].toSorted()).toEqual(REQUEST_LINE_CODES.toSorted());
    },
    PATIENCE,
  );
});

/** The reasons that a request line can give; all others are of headers or of options. */
const REQUEST_LINE_CODES = Object.keys(REJECTIONS).filter((code) =>
  /^(?:Target|Path|Query|Method|Legacy|TooManyParameters|ParameterAmbiguous)/.test(code),
);

/** Tries requests, and fails where one that is accepted is read otherwise by the API server, as sent or as rebuilt. */
async function inBatches(arbitrary: fc.Arbitrary<Question>, count: number, visit: (one: Case) => void): Promise<void> {
  for (let done = 0; done < count; done += BATCH) {
    const seed = SEED + done;
    const questions = fc.sample(arbitrary, { seed, numRuns: Math.ceil(Math.min(BATCH, count - done)) });
    const cases = await tryAll(questions);
    const differing = cases.filter(differs);
    expect({ seed, differing: shortest(differing) }).toEqual({ seed, differing: [] });
    for (const one of cases) visit(one);
  }
}

async function tryAll(questions: readonly Question[]): Promise<Case[]> {
  const readings = questions.map((question) => requestAttributes(question));
  const rebuilt = readings.flatMap((reading) =>
    reading instanceof Rejection ? [] : [{ method: reading.method, target: reading.upstreamTarget }],
  );
  const answers = (await askOracle(oracle, [...questions, ...rebuilt])).map(comparable);
  let next = questions.length;
  return questions.map((question, index) => {
    const reading = readings[index];
    const answer = answers[index];
    if (reading === undefined || answer === undefined) throw new Error('every question has a reading and an answer');
    return { question, reading, answer, rebuilt: reading instanceof Rejection ? undefined : answers[next++] };
  });
}

function differs({ reading, answer, rebuilt }: Case): boolean {
  if (reading instanceof Rejection) return false;
  return !isDeepStrictEqual(answer, expectedAnswer(reading)) || !isDeepStrictEqual(rebuilt, answer);
}

/** The five that are easiest to read. */
const shortest = (found: readonly unknown[]): unknown[] =>
  found.toSorted((a, b) => JSON.stringify(a).length - JSON.stringify(b).length).slice(0, 5);

function wholeNumber(text: string | undefined, otherwise: number): number {
  if (text === undefined || text === '') return otherwise;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`'${text}' is not a whole number`);
  return value;
}
