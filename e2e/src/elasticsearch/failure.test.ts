import { describe, expect, test } from 'vitest';
import { failureIn, type Failure } from './failure.ts';

// Taken from the output of 8.19.21, stack traces shortened.
const END = `
ERROR: Elasticsearch did not exit normally - check the logs at /s/logs/chaperone.log
[2026-11-22T15:29:24,450][INFO ][o.e.n.Node][x]  closed

ERROR: Elasticsearch died while starting up, with exit code 1
`;
const FATAL = '[2026-11-22T15:29:28,963][ERROR][o.e.b.Elasticsearch][x]  fatal exception while booting Elasticsearch';
const TRACE = '\tat org.elasticsearch.server@8.19.21/org.elasticsearch.node.Node.<init>(Node.java:201)\n\t... 4 more\n';

describe('why a server did not start', () => {
  const cases: Record<string, { log: string; want: Failure | undefined }> = {
    'the disk is full': {
      log: `${FATAL}org.elasticsearch.ElasticsearchException: Failed to bind service\n${TRACE}Caused by: java.io.IOException: No space left on device\n${TRACE}${END}`,
      want: { code: 'DiskFull', reason: 'no space left on its disk: make room and run it again' },
    },
    'the port is taken': {
      log: `${FATAL}org.elasticsearch.http.BindHttpException: Failed to bind to 127.0.0.1:19200\n${TRACE}Caused by: java.net.BindException: Address already in use\n${TRACE}${END}`,
      want: {
        code: 'PortTaken',
        reason: '127.0.0.1:19200 was taken while it started: run it again, or choose another port',
      },
    },
    'memory is short': {
      log: `# There is insufficient memory for the Java Runtime Environment to continue.\n${END}`,
      want: {
        code: 'ProcessEnded',
        reason: 'not enough memory for its Java virtual machine: free some and run it again',
      },
    },
    'a setting is unknown': {
      log: `${FATAL}java.lang.IllegalArgumentException: unknown setting [nonsense] please check that any required plugins are installed\n${TRACE}${END}`,
      want: {
        code: 'ProcessEnded',
        reason: 'unknown setting [nonsense] please check that any required plugins are installed',
      },
    },
    'the reason is in the cause': {
      log: `${FATAL}org.elasticsearch.ElasticsearchSecurityException: failed to load SSL configuration\n${TRACE}Caused by: java.nio.file.NoSuchFileException: /s/http.crt\n${TRACE}${END}`,
      want: { code: 'ProcessEnded', reason: 'failed to load SSL configuration: /s/http.crt' },
    },
    'the launcher itself fails': {
      log: 'java.nio.file.AccessDeniedException: /s/config/jvm.options\n\tat java.base/sun.nio.fs.UnixException.translateToIOException(UnixException.java:90)\n\tat org.elasticsearch.launcher.CliToolLauncher.main(CliToolLauncher.java:65)\n',
      want: { code: 'ProcessEnded', reason: 'AccessDeniedException: /s/config/jvm.options' },
    },
    'nothing that is known': { log: `could not find java in ES_JAVA_HOME at /j/bin/java\n`, want: undefined },
    'a server that runs': { log: '[2026-11-22T15:29:05,766][INFO ][o.e.n.Node][x]  started {x}\n', want: undefined },
  };
  test.each(Object.entries(cases))('%s', (_, { log, want }) => {
    expect(failureIn(log)).toEqual(want);
  });
});
