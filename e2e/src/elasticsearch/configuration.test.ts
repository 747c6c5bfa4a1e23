import { describe, expect, test } from 'vitest';
import { baseFiles, commandArguments, serverDirectories, serverSettings, type SettingsInput } from './configuration.ts';

const input: SettingsInput = {
  directories: serverDirectories('/s'),
  httpPort: 9200,
  secured: false,
  extra: {},
  files: baseFiles('-Dx=y\n'),
};

test('a server listens on loopback only', () => {
  expect(serverSettings(input)).toMatchObject({ 'network.host': '127.0.0.1', 'http.port': '9200' });
});

test("the caller's settings win", () => {
  const settings = serverSettings({ ...input, extra: { 'http.max_content_length': '64kb', 'transport.port': '9300' } });
  expect(settings).toMatchObject({ 'http.max_content_length': '64kb', 'transport.port': '9300' });
});

test('settings become arguments, one pair each', () => {
  expect(commandArguments({ 'http.port': '9200', 'network.host': '::1' })).toEqual([
    '-E',
    'http.port=9200',
    '-E',
    'network.host=::1',
  ]);
});

describe('the command line tells one configuration from another', () => {
  const commandLine = (files: Record<string, string>): string =>
    commandArguments(serverSettings({ ...input, files })).join(' ');

  test('the same files give the same command line, in whatever order they come', () => {
    expect(commandLine({ a: '1', b: '2' })).toBe(commandLine({ b: '2', a: '1' }));
  });

  const others: Record<string, Record<string, string>> = {
    'other content': { a: '1', b: '3' },
    'one file more': { a: '1', b: '2', c: '' },
    'another name': { a: '1', c: '2' },
    'content that moved from one file to the next': { a: '1b', b: '2' },
  };
  test.each(Object.entries(others))('%s', (_, files) => {
    expect(commandLine(files)).not.toBe(commandLine({ a: '1', b: '2' }));
  });
});

test("the server's JVM options come after the distribution's, so that they win", () => {
  const options = (baseFiles('-XX:+UseG1GC')['jvm.options'] ?? '').split('\n');
  expect(options.indexOf('-XX:-UseG1GC')).toBeGreaterThan(options.indexOf('-XX:+UseG1GC'));
});

test('security is off or on, never left to the server', () => {
  expect(serverSettings(input)).toHaveProperty(['xpack.security.enabled'], 'false');
  expect(serverSettings({ ...input, secured: true })).toMatchObject({
    'xpack.security.enabled': 'true',
    'xpack.security.http.ssl.enabled': 'true',
    'xpack.security.http.ssl.key': '/s/config/http.key',
  });
});
