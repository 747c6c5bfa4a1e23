import { describe, expect, test } from 'vitest';
import { LaunchError } from '../process/launch-error.ts';
import { judgeJava } from './java.ts';

const JAVA_17 = `Property settings:
    java.home = /usr/lib/jvm/java-17-openjdk-amd64
    java.specification.maintenance.version = 1
    java.specification.name = Java Platform API Specification
    java.specification.version = 17
    java.version = 17.0.15

openjdk version "17.0.15" 2025-04-15
`;

test('Java 17 serves, and its home is read', () => {
  expect(judgeJava(JAVA_17)).toEqual({ home: '/usr/lib/jvm/java-17-openjdk-amd64' });
});

test('a home with blanks in it is read whole', () => {
  const output = JAVA_17.replace('/usr/lib/jvm/java-17-openjdk-amd64', '/Library/Java Machines/21/Home');
  expect(judgeJava(output)).toEqual({ home: '/Library/Java Machines/21/Home' });
});

describe('what does not serve is refused in one line', () => {
  const cases: Record<string, { output: string | undefined; wantMessage: RegExp }> = {
    'no java at all': { output: undefined, wantMessage: /^LaunchError: java is not on PATH: install a JDK 17/ },
    'Java 11': {
      output: JAVA_17.replace('specification.version = 17', 'specification.version = 11'),
      wantMessage: /^LaunchError: java is 11, 17 or newer is needed: install/,
    },
    'Java 8, which called itself 1.8': {
      output: JAVA_17.replace('specification.version = 17', 'specification.version = 1.8'),
      wantMessage: /^LaunchError: java is 1, 17 or newer is needed: install/,
    },
    'a java that says nothing, as the stub of macOS': {
      output: 'Unable to locate a Java Runtime.\n',
      wantMessage: /^LaunchError: java does not tell its version: install/,
    },
  };
  test.each(Object.entries(cases))('%s', (_, { output, wantMessage }) => {
    const error = catchError(() => judgeJava(output));
    expect(error).toBeInstanceOf(LaunchError);
    expect(error).toMatchObject({ code: 'ToolMissing' });
    expect(String(error)).toMatch(wantMessage);
  });
});

function catchError(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
