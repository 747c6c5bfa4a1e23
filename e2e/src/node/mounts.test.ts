import { describe, expect, test } from 'vitest';
import { mountsUnder, parseMountInfo } from './mounts.ts';

const MOUNTINFO = `21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 21 0:26 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
31 21 0:27 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
32 21 0:28 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
60 21 0:40 / /run/chaperone-node/shm rw shared:7 master:2 - tmpfs shm rw,size=65536k
61 60 0:41 / /run/chaperone-node/shm/with\\040blank rw - tmpfs tmpfs rw
62 21 0:42 / /run/chaperone-nodes rw - tmpfs tmpfs rw
`;

describe('parseMountInfo', () => {
  test('reads mount point and type, however many optional fields there are', () => {
    expect(parseMountInfo(MOUNTINFO).map(({ path, type }) => `${path} ${type}`)).toEqual([
      '/ ext4',
      '/sys/fs/cgroup/cpu cgroup',
      '/sys/fs/cgroup/memory cgroup',
      '/sys/fs/cgroup/unified cgroup2',
      '/run/chaperone-node/shm tmpfs',
      '/run/chaperone-node/shm/with blank tmpfs',
      '/run/chaperone-nodes tmpfs',
    ]);
  });

  test('leaves out what it does not understand', () => {
    expect(parseMountInfo('\nnonsense\n1 2 3 - \n')).toEqual([]);
  });
});

describe('mountsUnder', () => {
  test('answers those at or below a root, the last mounted first, and none beside it', () => {
    expect(mountsUnder(['/run/chaperone-node'], parseMountInfo(MOUNTINFO))).toEqual([
      '/run/chaperone-node/shm/with blank',
      '/run/chaperone-node/shm',
    ]);
  });

  test('names a path as often as something is mounted on it', () => {
    const twice = [
      { path: '/a/b', type: 'tmpfs' },
      { path: '/a/b', type: 'ext4' },
    ];
    expect(mountsUnder(['/a/b'], twice)).toEqual(['/a/b', '/a/b']);
  });
});
