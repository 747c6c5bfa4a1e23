import { describe, expect, test } from 'vitest';
import { casesOf, HEADER_ATTACKS } from './attack-headers.ts';
import { ATTACK_ROWS, CARRIERS, DROPPED_HEADERS, PRESENTATIONS } from './attack-inventory.ts';
import { ATTACKS, CALLERS } from './attack-table.ts';

describe('the inventory of attacks', () => {
  test.each(ATTACK_ROWS)('%s: has attacks, each of another kind', (row) => {
    const attacks = ATTACKS[row];
    expect(attacks.length).toBeGreaterThan(0);
    const kinds = attacks.map(({ request, headers = [], body = '', caller }) =>
      [request, caller, ...headers, body].join('\n'),
    );
    expect(new Set(kinds).size).toBe(attacks.length);
    for (const { caller } of attacks) expect(CALLERS).toHaveProperty([caller]);
  });

  test('holds every row that is attacked, and every header', () => {
    expect(Object.keys(ATTACKS).toSorted()).toEqual([...ATTACK_ROWS].toSorted());
    expect(Object.keys(HEADER_ATTACKS).toSorted()).toEqual([...DROPPED_HEADERS].toSorted());
  });

  test.each(DROPPED_HEADERS)('%s: is presented in every way to every carrier', (header) => {
    const cases = casesOf(header);
    const cells = new Set(cases.map(({ presentation, carrier }) => `${presentation}, ${carrier}`));
    expect(cells).toEqual(
      new Set(PRESENTATIONS.flatMap((presentation) => CARRIERS.map((carrier) => `${presentation}, ${carrier}`))),
    );
    for (const { lines, trailers = [] } of cases)
      expect([...lines, ...trailers].join('\n').toLowerCase()).toContain(header.toLowerCase());
  });
});
