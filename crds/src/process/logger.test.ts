import { describe, expect, test } from 'vitest';
import { ApiException } from '@kubernetes/client-node';
import { ApiError, ConnectionError, summarizeStatus } from '../client/api-error.ts';
import { newLogLines } from '@chaperone/test/faults/log-lines';
import { newLogger } from './logger.ts';

const SECRET = 'hunter2-do-not-log';
const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZ2VudCJ9.c2lnbmF0dXJlLXNpZ25hdHVyZQ';

describe('a line', () => {
  test('is JSON with time, level, message and the fields of the logger and its parents', () => {
    const { stream, lines } = newLogLines();
    const logger = newLogger({ level: 'info', stream, now: () => Date.UTC(2026, 0, 1) });
    logger.child({ controller: 'agentpolicy' }).child({ name: 'x' }).info('Wrote the bundle', { rules: 3 });
    expect(lines()).toEqual([
      {
        time: '2026-01-01T00:00:00.000Z',
        level: 'info',
        message: 'Wrote the bundle',
        controller: 'agentpolicy',
        name: 'x',
        rules: 3,
      },
    ]);
  });

  test('below the level is not written', () => {
    const { stream, lines } = newLogLines();
    const logger = newLogger({ level: 'warn', stream });
    logger.debug('Looked');
    logger.info('Looked');
    logger.warn('Looked');
    logger.error('Looked');
    expect(lines().map(({ level }) => level)).toEqual(['warn', 'error']);
  });

  test('keeps its message and level whatever the fields are called', () => {
    const { stream, lines } = newLogLines();
    newLogger({ level: 'info', stream }).info('Refused', {
      message: 'other',
      level: 'error',
      time: 'never',
      splat: [1],
    });
    expect(lines()[0]).toMatchObject({ message: 'Refused', level: 'info', splat: [1] });
    expect(lines()[0]?.['time']).not.toBe('never');
  });

  test('with line breaks in a value is still one line', () => {
    const { stream, text } = newLogLines();
    newLogger({ level: 'info', stream }).info('Read', { value: 'a\nb\r\n{"level":"error"}' });
    expect(text().trimEnd().split('\n')).toHaveLength(1);
  });

  test('is bounded, also where a value refers to itself', () => {
    const { stream, text } = newLogLines();
    const loop: Record<string, unknown> = {
      long: 'x'.repeat(100_000),
      many: Array.from({ length: 10_000 }, () => 'y'),
    };
    loop['self'] = loop;
    newLogger({ level: 'info', stream }).info('Read', { loop });
    expect(text().length).toBeLessThan(20_000);
  });
});

describe('nothing secret is written', () => {
  const status = { kind: 'Status', message: `denied for ${JWT}` };
  const withBody = Object.assign(new Error(`HTTP 403 body: ${SECRET}`), {
    body: SECRET,
    headers: { authorization: `Bearer ${SECRET}` },
    response: { body: SECRET },
  });
  const cases: Record<string, Record<string, unknown>> = {
    "of client-node's exception, whose message quotes body and headers": {
      error: new ApiException(403, 'Forbidden', { data: SECRET }, { authorization: `Bearer ${SECRET}` }),
    },
    'of an error that carries a body': { error: withBody },
    'of its cause': { error: new ConnectionError('GET /x: failed', { cause: withBody }) },
    'of errors in a list': { errors: [withBody] },
    'of an error of our own client': { error: new ApiError('GET /x', summarizeStatus({ status: 403, body: status })) },
    'of a whole object': { object: { kind: 'Secret', data: { password: SECRET }, stringData: { password: SECRET } } },
    'of headers': { headers: { authorization: `Bearer ${SECRET}` } },
    'under the usual names': {
      token: SECRET,
      password: SECRET,
      accessToken: SECRET,
      kubeconfig: SECRET,
      cookie: SECRET,
    },
    'in an Authorization value under another name': { value: `Bearer ${SECRET}` },
    'in a JWT under another name': { value: JWT },
    'in bytes': { value: Buffer.from(SECRET) },
  };
  test.each(Object.entries(cases))('%s', (_what, fields) => {
    const { stream, text } = newLogLines();
    newLogger({ level: 'info', stream }).error('Failed', fields);
    expect(text()).toContain('"message":"Failed"');
    expect(text()).not.toContain(SECRET);
    expect(text()).not.toContain(Buffer.from(SECRET).toString('base64'));
    expect(text()).not.toContain('eyJzdWIi');
  });

  test('while class, code and status of an error are', () => {
    const { stream, lines } = newLogLines();
    const error = new ApiError(
      'PUT /x',
      summarizeStatus({ status: 409, body: { kind: 'Status', reason: 'Conflict' } }),
    );
    newLogger({ level: 'info', stream }).error('Failed', { error });
    expect(lines()[0]?.['error']).toEqual({
      name: 'ApiError',
      message: 'PUT /x: 409 Conflict',
      code: 'ERR_KUBERNETES_API',
      status: 409,
      reason: 'Conflict',
    });
  });
});
