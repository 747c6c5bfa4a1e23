import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OptionsError } from '@chaperone/crds/process/options';
import { parseOptions } from './options.ts';

function findings(value: unknown): readonly string[] {
  try {
    parseOptions(value);
    return [];
  } catch (error) {
    if (error instanceof OptionsError) return error.findings;
    throw error;
  }
}

describe('a configuration', () => {
  test('may be empty: everything has a sound default', () => {
    expect(parseOptions(undefined)).toMatchObject({
      namespace: 'chaperone-system',
      log: { level: 'info' },
      admin: { host: '0.0.0.0', port: 8081 },
      leaderElection: { leaseDuration: 15_000, renewDeadline: 10_000, retryPeriod: 2_000 },
      admission: {
        directory: join(import.meta.dirname, '../../charts/chaperone/files/admission'),
        breakGlassGroups: ['system:masters'],
      },
      serviceAccountName: 'chaperone-operator',
      approvals: { retention: 604_800_000 },
      gateway: {
        managed: true,
        serviceAccountName: 'chaperone-proxy',
        replicas: 2,
        impersonation: 'Constrained',
        tls: { mode: 'SelfSigned' },
      },
    });
  });

  test('is frozen through and through', () => {
    const options = parseOptions({});
    expect(Object.isFrozen(options)).toBe(true);
    expect(Object.isFrozen(options.leaderElection)).toBe(true);
  });

  const faults: Record<string, { value: unknown; want: readonly string[] }> = {
    'with an unknown option is refused by its path': {
      value: { admin: { prot: 1 }, nmespace: 'x' },
      want: ['admin.prot: there is no such option', 'nmespace: there is no such option'],
    },
    'with a wrong duration is told how one looks': {
      value: { approvals: { retention: '7 days' } },
      want: ['approvals.retention: must be a duration above zero, such as 30s or 168h'],
    },
    'whose renew deadline is not below the lease is refused': {
      value: { leaderElection: { leaseDuration: '10s', renewDeadline: '10s' } },
      want: [
        'leaderElection.renewDeadline: must be shorter than leaseDuration: a leader has to stop before another may start',
      ],
    },
    'with a port out of range is refused': {
      value: { admin: { port: 65_536 } },
      want: ['admin.port: Too big: expected number to be <=65535'],
    },
    'that is a list is refused': { value: [], want: ['(root): Invalid input: expected object, received array'] },
  };
  test.each(Object.entries(faults))('%s', (_, { value, want }) => {
    expect(findings(value)).toEqual(want);
  });

  test('with several faults is told all of them at once', () => {
    expect(findings({ namespace: 'Not A Name', log: { level: 'loud' }, admin: { port: -1 } })).toHaveLength(3);
  });

  test('never shows the values that it refuses', () => {
    const secret = 'hunter2-in-the-wrong-place';
    expect(findings({ namespace: secret.toUpperCase(), log: { level: secret }, kubeconfig: 3 }).join('\n')).not.toMatch(
      /hunter2/i,
    );
  });
});
