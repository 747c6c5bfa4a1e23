import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { missingPackages, namesInterpreter, type Machine } from './packages.ts';

const COMPLETE = [
  '/usr/bin/containerd',
  '/usr/bin/containerd-shim-runc-v2',
  '/usr/bin/ctr',
  '/usr/sbin/runc',
  '/usr/sbin/iptables',
  '/usr/sbin/iptables-save',
  '/usr/sbin/iptables-restore',
  '/usr/sbin/ip6tables',
  '/usr/sbin/ip',
  '/bin/busybox',
  '/usr/lib/cni/ptp',
  '/usr/lib/cni/host-local',
  '/usr/lib/cni/loopback',
];

function machine(files: readonly string[], overrides: Partial<Machine> = {}): Machine {
  return {
    platform: 'linux',
    isRoot: true,
    hasApt: true,
    hasFile: (path) => files.includes(path),
    isStatic: () => true,
    ...overrides,
  };
}

const cases: Record<string, { machine: Machine; expected: string[] }> = {
  'a complete machine lacks nothing': { machine: machine(COMPLETE), expected: [] },
  'an empty one lacks everything': {
    machine: machine([]),
    expected: ['containerd', 'runc', 'containernetworking-plugins', 'iptables', 'iproute2', 'busybox-static'],
  },
  'CNI plugins may be where their own releases put them': {
    machine: machine(COMPLETE.map((path) => path.replace('/usr/lib/cni', '/opt/cni/bin'))),
    expected: [],
  },
  'half a package is a missing one': {
    machine: machine(COMPLETE.filter((path) => path !== '/usr/lib/cni/ptp' && path !== '/usr/bin/ctr')),
    expected: ['containerd', 'containernetworking-plugins'],
  },
  'a busybox that needs libraries does not do': {
    machine: machine(COMPLETE, { isStatic: () => false }),
    expected: ['busybox-static'],
  },
};

describe('missingPackages', () => {
  test.each(Object.entries(cases))('%s', (_, one) => {
    expect(missingPackages(one.machine)).toEqual(one.expected);
  });

  test('another system is told in one line', () => {
    expect(() => missingPackages(machine(COMPLETE, { platform: 'darwin' }))).toThrow(
      'a node needs Linux: leave WITH_NODE unset on this system',
    );
  });

  test('so is a user who is not root', () => {
    expect(() => missingPackages(machine(COMPLETE, { isRoot: false }))).toThrow(
      'a node needs root: run this as root, or leave WITH_NODE unset',
    );
  });
});

describe('namesInterpreter', () => {
  /** A 64-bit ELF header and one program header of the given type. */
  function elf(programHeaderType: number): Buffer {
    const file = Buffer.alloc(0x40 + 0x38);
    file.writeBigUInt64LE(0x40n, 0x20);
    file.writeUInt16LE(0x38, 0x36);
    file.writeUInt16LE(1, 0x38);
    file.writeUInt32LE(programHeaderType, 0x40);
    return file;
  }

  test('finds PT_INTERP', () => {
    expect(namesInterpreter(elf(3))).toBe(true);
  });

  test('is false where there is only something to load', () => {
    expect(namesInterpreter(elf(1))).toBe(false);
  });

  test.runIf(process.platform === 'linux')('is true for the Node that runs this', () => {
    expect(namesInterpreter(readFileSync(process.execPath))).toBe(true);
  });
});
