import { describe, expect, test } from 'vitest';
import { REJECTIONS, Rejection } from './rejection.ts';

describe('Rejection', () => {
  test('is an error that names the reason and the detail', () => {
    const rejection = new Rejection('ParameterAmbiguous', 'watch');
    expect(rejection).toBeInstanceOf(Error);
    expect(rejection).toMatchObject({ code: 'ParameterAmbiguous', status: 400, detail: 'watch' });
    expect(rejection.message).toBe('a parameter that takes one value is given several that differ: watch');
  });

  test('bounds what the client chose', () => {
    expect(new Rejection('PathEscape', 'x'.repeat(10_000)).message.length).toBeLessThan(300);
  });

  test.each(Object.entries(REJECTIONS))(
    '%s is answered as a fault of the client, in one line',
    (_, { status, message }) => {
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      expect(message).toMatch(/^[^\n]{20,120}$/);
    },
  );
});
