import { describe, expect, test } from 'vitest';
import { controllersToEnable, nodeCgroups } from './cgroups.ts';
import { parseMountInfo } from './mounts.ts';

const MOUNTINFO = `21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 21 0:26 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
31 21 0:27 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
32 21 0:28 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`;

describe('nodeCgroups', () => {
  test('is one per hierarchy of version 1, and the unified one beside them', () => {
    expect(nodeCgroups(parseMountInfo(MOUNTINFO))).toEqual([
      '/sys/fs/cgroup/cpu/chaperone-node',
      '/sys/fs/cgroup/memory/chaperone-node',
      '/sys/fs/cgroup/unified/chaperone-node',
    ]);
  });

  test('is a single one under version 2', () => {
    const mounts = parseMountInfo('30 21 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n');
    expect(nodeCgroups(mounts)).toEqual(['/sys/fs/cgroup/chaperone-node']);
  });
});

describe('controllersToEnable', () => {
  test('are those that the kubelet asks for, the kernel has and the parent does not pass on', () => {
    expect(controllersToEnable('cpuset cpu io memory hugetlb pids rdma\n', 'cpu memory pids\n')).toEqual([
      'cpuset',
      'hugetlb',
    ]);
  });

  test('are none where all are passed on, or the kernel has none', () => {
    expect(controllersToEnable('cpu pids\n', 'cpu pids\n')).toEqual([]);
    expect(controllersToEnable('\n', '\n')).toEqual([]);
  });
});
