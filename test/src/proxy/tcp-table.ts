import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** One connection of IPv4, as the kernel has it: proc_net_tcp(5). */
export interface TcpConnection {
  readonly localPort: number;
  readonly remotePort: number;
  /** ESTABLISHED is 1, TIME_WAIT 6, CLOSE_WAIT 8. */
  readonly state: number;
  readonly inode: string;
}

export function tcpConnections(): TcpConnection[] {
  return readFileSync('/proc/net/tcp', 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [, local = '', remote = '', state = '', , , , , , inode = ''] = line.trim().split(/\s+/u);
      const port = (address: string): number => Number.parseInt(address.split(':')[1] ?? '', 16);
      return {
        localPort: port(local),
        remotePort: port(remote),
        state: Number.parseInt(state, 16),
        inode,
      };
    });
}

/** The local ports of a process's connections to a port. */
export function portsOf(pid: number, remotePort: number): ReadonlySet<number> {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return /^socket:\[(\d+)\]$/u.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
      } catch {
        // Closed meanwhile.
        return undefined;
      }
    }),
  );
  return new Set(
    tcpConnections()
      .filter((connection) => connection.remotePort === remotePort && inodes.has(connection.inode))
      .map(({ localPort }) => localPort),
  );
}
