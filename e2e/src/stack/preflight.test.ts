import { describe, expect, test } from 'vitest';
import { environmentFile } from './environment-file.ts';
import { failureText } from './command-line.ts';
import { checkRoom, judgeGo } from './preflight.ts';
import { LaunchError } from '../process/launch-error.ts';

describe('a Go', () => {
  const cases: Record<string, { output: string | undefined; finding: string | undefined }> = {
    'of the wanted version is fine': { output: 'go1.26.8', finding: undefined },
    'of a newer version is fine': { output: 'go1.30', finding: undefined },
    'of a newer major version is fine': { output: 'go2.0', finding: undefined },
    'that is too old is told with both versions': {
      output: 'go1.9.7',
      finding: 'go is 1.9, 1.26 or newer is needed: install Go 1.26 or newer and put its bin directory on PATH',
    },
    'that is missing is told with what to do': {
      output: undefined,
      finding: 'go is not on PATH: install Go 1.26 or newer and put its bin directory on PATH',
    },
    'that tells no version is not trusted': {
      output: 'devel +abc',
      finding: 'go does not tell its version: install Go 1.26 or newer and put its bin directory on PATH',
    },
  };
  test.each(Object.entries(cases))('%s', (_, { output, finding }) => {
    expect(judgeGo(output)).toBe(finding);
  });
});

describe('a disk', () => {
  const needed = [{ directory: '/tmp', gibibytes: 2, purpose: 'the stack', alternative: 'use another disk' }];

  test('with room is fine', () => {
    expect(() => checkRoom(needed, () => 3 * 1024 ** 3)).not.toThrow();
  });

  test('that is too full is told with what is free, what is needed, and what to do', () => {
    expect(() => checkRoom(needed, () => 1024 ** 3)).toThrow(
      '1.0 GiB free at /tmp, the stack needs 2: make room, or use another disk',
    );
  });
});

describe('a failed command ends with', () => {
  const cases: Record<string, { error: unknown; text: string }> = {
    'one line for what a person can mend': {
      error: new LaunchError('PortTaken', 'port 1 is taken'),
      text: 'error: port 1 is taken',
    },
    'one line for a full disk': {
      error: Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC', path: '/x/y' }),
      text: 'error: no space left on the device of /x/y: make room and run it again',
    },
    'a stack trace for a fault of ours': {
      error: new TypeError('x is undefined'),
      text: 'TypeError: x is undefined\n    at ',
    },
  };
  test.each(Object.entries(cases))('%s', (_, { error, text }) => {
    expect(failureText(error).slice(0, text.length)).toBe(text);
  });
});

test('the environment file quotes values for POSIX sh', () => {
  expect(environmentFile({ A: '/with blank/$HOME', B: "it's" })).toBe(
    String.raw`export A='/with blank/$HOME'` + '\n' + String.raw`export B='it'\''s'` + '\n',
  );
});
