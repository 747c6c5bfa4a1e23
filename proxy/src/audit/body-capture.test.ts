import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { newBodyCapture, newCaptureBudget } from './body-capture.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

test('what fits is kept whole', () => {
  const capture = newBodyCapture(newCaptureBudget(100), 10);
  for (const part of ['abc', '', 'def']) capture.push(Buffer.from(part));
  expect(capture.kept().toString()).toBe('abcdef');
  expect(capture.isWhole).toBe(true);
  expect(capture.bytes).toBe(6);
  expect(capture.sha256()).toBe(digest('abcdef'));
});

test('of what does not fit the beginning is kept, and all of it counted and hashed', () => {
  const capture = newBodyCapture(newCaptureBudget(100), 10);
  for (const part of ['abcdefgh', 'ijkl', 'm']) capture.push(Buffer.from(part));
  expect(capture.kept().toString()).toBe('abcdefgh');
  expect(capture.isWhole).toBe(false);
  expect(capture.bytes).toBe(13);
  expect(capture.sha256()).toBe(digest('abcdefghijklm'));
  expect(capture.sha256()).toBe(digest('abcdefghijklm'));
});

test('all captures together keep no more than the budget, and give it back once', () => {
  const budget = newCaptureBudget(10);
  const first = newBodyCapture(budget, 100);
  const second = newBodyCapture(budget, 100);
  first.push(Buffer.alloc(8));
  second.push(Buffer.alloc(8));
  expect(second.kept()).toHaveLength(0);
  expect(second.isWhole).toBe(false);
  first.release();
  first.release();
  const third = newBodyCapture(budget, 100);
  third.push(Buffer.alloc(10));
  expect(third.isWhole).toBe(true);
  expect(budget.take(1)).toBe(false);
});
