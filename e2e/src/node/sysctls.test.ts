import { describe, expect, test } from 'vitest';
import { sysctlsToRestore, type SysctlRecord } from './sysctls.ts';

const record: SysctlRecord = { boot: 'a', values: { 'net.ipv4.ip_forward': '0', 'kernel.panic': '1' } };

const cases: Record<string, { current: SysctlRecord; expected: [string, string][] }> = {
  'what differs is put back': {
    current: { boot: 'a', values: { 'net.ipv4.ip_forward': '1', 'kernel.panic': '1' } },
    expected: [['net.ipv4.ip_forward', '0']],
  },
  'a setting that is gone, with its module, is left alone': {
    current: { boot: 'a', values: { 'kernel.panic': '10' } },
    expected: [['kernel.panic', '1']],
  },
  'a record of an earlier boot is void': {
    current: { boot: 'b', values: { 'net.ipv4.ip_forward': '1', 'kernel.panic': '10' } },
    expected: [],
  },
};

describe('sysctlsToRestore', () => {
  test.each(Object.entries(cases))('%s', (_, { current, expected }) => {
    expect(sysctlsToRestore(record, current)).toEqual(expected);
  });
});
