import { describe, expect, test } from 'vitest';
import { fetchError, judgeMaven } from './maven.ts';

describe('which Maven serves', () => {
  const cases: Record<string, { output: string | undefined; want: string | undefined }> = {
    '3.8.7 does': { output: 'Apache Maven 3.8.7\nMaven home: /usr/share/maven\n', want: undefined },
    'the oldest that the plugin runs on does': { output: 'Apache Maven 3.6.3 (cecedd34)\n', want: undefined },
    '4.0.0 does, whatever follows the version': { output: 'Apache Maven 4.0.0-rc-4\n', want: undefined },
    'colour codes before the name do not matter': { output: '\u001B[0mApache Maven 3.9.1\n', want: undefined },
    '3.6.0 is too old': {
      output: 'Apache Maven 3.6.0\n',
      want: 'mvn is 3.6.0, 3.6.3 or newer is needed: install Maven 3.6.3 or newer (Debian: apt-get install maven)',
    },
    '2.9.9 is too old, though its minor is higher': {
      output: 'Apache Maven 2.9.9\n',
      want: 'mvn is 2.9.9, 3.6.3 or newer is needed: install Maven 3.6.3 or newer (Debian: apt-get install maven)',
    },
    'none at all': {
      output: undefined,
      want: 'mvn is not on PATH: install Maven 3.6.3 or newer (Debian: apt-get install maven)',
    },
    'one without JAVA_HOME prints no version': {
      output: '',
      want: 'mvn does not tell its version: install Maven 3.6.3 or newer (Debian: apt-get install maven)',
    },
  };
  test.each(Object.entries(cases))('%s', (_, { output, want }) => {
    expect(judgeMaven(output)).toBe(want);
  });
});

describe("Maven's failure becomes one line", () => {
  const HELP = '\n[ERROR] \n[ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch.\n';
  const GOAL =
    'Failed to execute goal org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy (default-cli) on project standalone-pom: ';
  const cases: Record<string, { output: string; wantCode: string; wantMessage: string }> = {
    'no such artifact': {
      output: `[ERROR] ${GOAL}Unable to find/resolve artifact. Could not find artifact g:a:zip:1 in central (https://repo.maven.apache.org/maven2) -> [Help 1]${HELP}`,
      wantCode: 'DownloadFailed',
      wantMessage:
        'Maven cannot fetch g:a:1:zip: Unable to find/resolve artifact. Could not find artifact g:a:zip:1 in central (https://repo.maven.apache.org/maven2)',
    },
    'no network, not even for the plugin': {
      output: `[ERROR] Plugin p:3.8.1 or one of its dependencies could not be resolved: Connect to 127.0.0.1:9 [/127.0.0.1] failed: Connection refused -> [Help 1]${HELP}`,
      wantCode: 'DownloadFailed',
      wantMessage:
        'Maven cannot fetch g:a:1:zip: Plugin p:3.8.1 or one of its dependencies could not be resolved: Connect to 127.0.0.1:9 [/127.0.0.1] failed: Connection refused',
    },
    'a full disk': {
      output: `[ERROR] ${GOAL}Failed to copy artifact 'g:a:zip:1' to /c/a.zip: No space left on device -> [Help 1]${HELP}`,
      wantCode: 'DiskFull',
      wantMessage:
        "no space left while fetching g:a:1:zip: make room and run it again (Failed to copy artifact 'g:a:zip:1' to /c/a.zip: No space left on device)",
    },
    'a Maven that dies without saying [ERROR]': {
      output: 'Error: JAVA_HOME is not defined correctly.\n  We cannot execute /nowhere/bin/java\n',
      wantCode: 'DownloadFailed',
      wantMessage: 'Maven cannot fetch g:a:1:zip: We cannot execute /nowhere/bin/java',
    },
  };
  test.each(Object.entries(cases))('%s', (_, { output, wantCode, wantMessage }) => {
    const error = fetchError('g:a:1:zip', output);
    expect({ code: error.code, message: error.message }).toEqual({ code: wantCode, message: wantMessage });
  });
});
