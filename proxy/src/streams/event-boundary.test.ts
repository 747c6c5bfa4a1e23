import { array, assert, nat, property, uint8Array } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { frameBoundary, lineBoundary } from './event-boundary.ts';

/** Cuts bytes at these places. */
function chunksOf(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].toSorted(
    (left, right) => left - right,
  );
  return places.slice(1).map((to, at) => bytes.subarray(places[at], to));
}

function frame(body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

describe('events in lines', () => {
  test.each([
    ['nothing has passed', [], true],
    ['an event has passed', ['{"a":1}\n'], true],
    ['half an event has passed', ['{"a":1}\n{"b"'], false],
    ['the other half has come', ['{"a":1}\n{"b"', ':2}\n'], true],
    ['an empty chunk comes after half an event', ['{"b"', ''], false],
  ])('%s', (_, chunks, reached) => {
    const boundary = lineBoundary();
    for (const chunk of chunks) boundary.passed(Buffer.from(chunk));
    expect(boundary.reached()).toBe(reached);
  });
});

describe('events in frames', () => {
  test('end where their lengths say, wherever they are cut, and nowhere else', () => {
    assert(
      property(
        array(uint8Array({ maxLength: 600 }), { maxLength: 5 }),
        array(nat(), { maxLength: 10 }),
        nat(),
        (bodies, cuts, upTo) => {
          const frames = bodies.map((body) => frame(Buffer.from(body)));
          const all = Buffer.concat(frames);
          const passed = all.subarray(0, upTo % (all.length + 1));
          const boundary = frameBoundary();
          for (const chunk of chunksOf(passed, cuts)) boundary.passed(chunk);
          let end = 0;
          const ends = new Set([0, ...frames.map(({ length }) => (end += length))]);
          expect(boundary.reached()).toBe(ends.has(passed.length));
        },
      ),
    );
  });

  test('of the greatest length that four bytes can say are not read as several', () => {
    const boundary = frameBoundary();
    boundary.passed(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    expect(boundary.reached()).toBe(false);
    boundary.passed(Buffer.alloc(1_000));
    expect(boundary.reached()).toBe(false);
  });
});
