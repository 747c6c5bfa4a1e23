import type { Connection } from '@chaperone/crds/client/connection';
import { LeadershipLostError } from './manager.ts';

/**
 * A connection over which nothing is written but by the leader: also not by what was under way when the process was
 * stopped for a while and another took the lead. What is in flight is for `close` to cut.
 */
export function fenced(connection: Connection, isLeader: () => boolean): Connection {
  return {
    ...connection,
    async request(call) {
      if (call.method !== 'GET' && !isLeader()) {
        throw new LeadershipLostError('Nothing is written without the lead');
      }
      return connection.request(call);
    },
  };
}
