import { newFakeClock } from '@chaperone/test/faults/fake-clock';
import { expect, test } from 'vitest';
import type { CallReport } from '../call/call-report.ts';
import { newStrangerRecords } from './stranger-records.ts';

const report = (clientAddress: string, target = '/api'): CallReport => ({
  auditID: 'a',
  clientAddress,
  started: 0,
  receivedAt: 0,
  method: 'GET',
  target,
  status: 401,
  code: 'NoToken',
});

function setUp() {
  const clock = newFakeClock();
  const told: string[] = [];
  const log = { isCrowded: false, takes: true };
  const records = newStrangerRecords({
    clock,
    perSecond: 2,
    isCrowded: () => log.isCrowded,
    tell(type, _message, { code, calls, clientAddress }) {
      if (log.takes) told.push(`${type} ${code} ${clientAddress} ${calls}`);
      return log.takes;
    },
  });
  return { clock, told, log, records };
}

test('past the bound calls are counted, and told once a second', async () => {
  const { clock, told, records } = setUp();
  const admitted = ['10.0.0.1', '10.0.0.1', '10.0.0.1', '10.0.0.2'].map((address) => records.admits(report(address)));
  expect(admitted).toEqual([true, true, false, false]);
  await clock.advance(999);
  expect(told).toEqual([]);
  await clock.advance(1);
  expect(told).toEqual(['StrangersRefused NoToken 10.0.0.1 1', 'StrangersRefused NoToken 10.0.0.2 1']);
  await clock.advance(60_000);
  expect([told.length, clock.pendingTimers()]).toEqual([2, 0]);
});

test('while the log is crowded none has a record of its own, and sums come once a minute', async () => {
  const { clock, told, log, records } = setUp();
  log.isCrowded = true;
  expect(records.admits(report('10.0.0.1'))).toBe(false);
  await clock.advance(59_999);
  records.unreadable('400', '10.0.0.3');
  expect(told).toEqual([]);
  await clock.advance(1);
  expect(told).toEqual(['StrangersRefused NoToken 10.0.0.1 1', 'RequestUnreadable 400 10.0.0.3 1']);
});

test('sums that the log does not take are told when it does', async () => {
  const { clock, told, log, records } = setUp();
  records.unreadable('400', '');
  log.takes = false;
  await clock.advance(2_500);
  records.unreadable('400', '');
  log.takes = true;
  await clock.advance(1_000);
  expect(told).toEqual(['RequestUnreadable 400 other 2']);
});

test('what has been counted is told in the end, and nothing is waited for after it', async () => {
  const { clock, told, log, records } = setUp();
  records.unreadable('431', '10.0.0.1');
  records.close();
  expect(told).toEqual(['RequestUnreadable 431 10.0.0.1 1']);
  log.takes = false;
  records.unreadable('431', '10.0.0.1');
  records.close();
  expect(clock.pendingTimers()).toBe(0);
});
