import { eventHash, genesisChain, nextChain } from '@chaperone/proxy/audit/chain';
import type { SourceRecord } from '@chaperone/proxy/audit/elasticsearch/source-entry';
import type { CallEvent, CallFacts } from '@chaperone/proxy/audit/record/audit-event';
import { recordText } from '@chaperone/proxy/audit/record/record-text';

export interface CallOverrides extends Partial<Omit<CallEvent, 'chaperone' | 'requestObject' | 'responseObject'>> {
  readonly chaperone?: Partial<CallFacts>;
}

/** The record of a call that was answered: an agent that reads its own pod, unless told otherwise. */
export function callEvent({ chaperone, ...overrides }: CallOverrides = {}): CallEvent {
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'RequestResponse',
    auditID: '6a9c5d42-6a0f-4a69-b8a5-0c6a2f2a5f10',
    stage: 'ResponseComplete',
    requestURI: '/api/v1/namespaces/payments/pods/web',
    verb: 'get',
    user: { username: 'agent@example.com', uid: 'agent', groups: ['agents', 'system:authenticated'] },
    sourceIPs: ['203.0.113.7'],
    userAgent: 'kubectl/v1.36.3 (linux/amd64) kubernetes/0000000',
    objectRef: { resource: 'pods', namespace: 'payments', name: 'web', apiVersion: 'v1' },
    responseStatus: { code: 200 },
    requestReceivedTimestamp: '2026-03-01T10:00:00.000000Z',
    stageTimestamp: '2026-03-01T10:00:00.012000Z',
    annotations: {
      'authorization.k8s.io/decision': 'allow',
      'authorization.k8s.io/reason': 'AgentPolicy agents, rule read',
      'chaperone.dev/decision-source': 'derived',
    },
    chaperone: {
      method: 'GET',
      outcome: 'Answered',
      policy: { verdict: 'Allow', revision: 'f'.repeat(64), name: 'agents', rule: 'read', generation: 3 },
      run: { run: 'run-17', model: 'model-x', 'ci-job': 'job-4', owner: 'dana@example.com', ref: 'refs/heads/main' },
      issuer: 'https://issuer.example.com',
      timing: { totalMs: 12.345, policyMs: 0.2, upstreamMs: 11 },
      gateway: { replica: 'chaperone-gateway-0', version: '0.1.0' },
      ...chaperone,
    },
    ...overrides,
  };
}

/** Entries of one writer, as its log would hold them. */
export interface WrittenLog {
  readonly writer: string;
  /** @param bodies JSON text */
  add(
    event: CallEvent,
    bodies?: { readonly requestObject?: string; readonly responseObject?: string },
  ): SourceRecord<number>;
}

export function newWrittenLog(writer: string): WrittenLog {
  let sequence = 0;
  let chain = genesisChain(writer);
  return {
    writer,
    add(event, bodies) {
      const original = recordText(event, bodies);
      const previousChain = chain;
      sequence += 1;
      chain = nextChain(previousChain, eventHash(original), sequence);
      return { kind: 'Record', writer, sequence, previousChain, chain, original, position: sequence };
    },
  };
}
