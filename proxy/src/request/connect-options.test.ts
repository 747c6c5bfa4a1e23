import { describe, expect, test } from 'vitest';
import { connectOptions, type ConnectOptions } from './connect-options.ts';
import { Rejection } from './rejection.ts';
import { requestAttributes } from './request-attributes.ts';

function read(target: string): ConnectOptions | Rejection | undefined {
  const attributes = requestAttributes({ method: 'POST', target });
  if (attributes instanceof Rejection) throw attributes;
  return connectOptions(attributes, attributes.query);
}

const pod = '/api/v1/namespaces/d/pods/p';
const streams = { container: '', stdin: false, stdout: false, stderr: false, tty: false };

const terminal = { container: 'app', stdin: true, stdout: true, stderr: false, tty: true };

describe('connectOptions', () => {
  const cases: Record<string, { target: string; want: ConnectOptions | undefined }> = {
    'an exec as kubectl sends it': {
      target: `${pod}/exec?command=sh&command=-c&command=echo+%22a+b%22%3B+id&container=app&stdin=true&stdout=true&tty=true`,
      want: {
        ...terminal,
        subresource: 'exec',
        command: ['sh', '-c', 'echo "a b"; id'],
      },
    },
    'an exec without anything': { target: `${pod}/exec`, want: { subresource: 'exec', ...streams, command: [] } },
    'arguments may be empty, repeated, and look like options': {
      target: `${pod}/exec?command=&command=&command=--tty%3Dtrue`,
      want: { subresource: 'exec', ...streams, command: ['', '', '--tty=true'] },
    },
    'all but 0 and false is true': {
      target: `${pod}/exec?tty=no&stdin=&stdout=off&stderr=FALSE`,
      want: { subresource: 'exec', container: '', stdin: true, stdout: true, stderr: false, tty: true, command: [] },
    },
    'an attach has no command': {
      target: `${pod}/attach?stdin=1&command=x`,
      want: { subresource: 'attach', ...streams, stdin: true },
    },
    'a port-forward as kubectl sends it': {
      target: `${pod}/portforward`,
      want: { subresource: 'portforward', ports: [] },
    },
    'ports repeated and in a list': {
      target: `${pod}/portforward?ports=80,443&ports=0008080`,
      want: { subresource: 'portforward', ports: [80, 443, 8080] },
    },
    'logs have none': { target: `${pod}/log?container=app`, want: undefined },
    'another group has none': { target: '/apis/g/v1/namespaces/d/pods/p/exec', want: undefined },
    'another resource has none': { target: '/api/v1/nodes/n/exec', want: undefined },
    'a path that is no resource has none': { target: '/pods/p/exec', want: undefined },
  };
  test.each(Object.entries(cases))('%s', (_, { target, want }) => {
    expect(read(target)).toEqual(want);
  });

  test.each(['', 'x', '65536', '80,', '+80', '-1', '80%20', '1e2', '99999999999999999999'])(
    "'%s' is no port",
    (ports) => {
      expect(read(`${pod}/portforward?ports=${ports}`)).toMatchObject({ code: 'ParameterInvalid' });
    },
  );
});
