import { describe, expect, test } from 'vitest';
import { overlappingRoute, type Route } from './network.ts';

const eth0 = (dst: string): Route => ({ dst, dev: 'eth0' });

const cases: Record<string, { routes: Route[]; expected: string | undefined }> = {
  'a default route and other networks are no obstacle': {
    routes: [eth0('default'), eth0('192.0.2.0/24'), eth0('10.76.0.0/16'), eth0('10.77.1.0/24')],
    expected: undefined,
  },
  'the same network on another link is': { routes: [eth0('10.77.0.0/24')], expected: '10.77.0.0/24' },
  'so is a wider one': { routes: [eth0('10.0.0.0/8')], expected: '10.0.0.0/8' },
  'so is a narrower one': { routes: [eth0('10.77.0.128/25')], expected: '10.77.0.128/25' },
  'so is a single address': { routes: [eth0('10.77.0.9')], expected: '10.77.0.9' },
  'our own bridge is not': { routes: [{ dst: '10.77.0.0/24', dev: 'chaperone0' }], expected: undefined },
};

describe('overlappingRoute', () => {
  test.each(Object.entries(cases))('%s', (_, { routes, expected }) => {
    expect(overlappingRoute('10.77.0.0/24', routes)?.dst).toBe(expected);
  });
});
