import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { AgentPolicySpec, PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import { expect, inject, vi } from 'vitest';
import { newGatewayClient, type CallAnswer, type CallRequest, type GatewayClient } from './gateway-client.ts';

/** A corner of the shared gateway that no other test's policies or objects reach. */
export interface Scene {
  readonly client: GatewayClient;
  /** The group that this scene's policies are written for. */
  readonly group: string;
  readonly namespace: string;
  /** Applies a policy for the scene's group; deleted with the scene. */
  enforce(name: string, rules: readonly PolicyRule[], changes?: Partial<AgentPolicySpec>): Promise<void>;
  /** As the scene's caller; again where the gateway's own rights follow a policy only now. */
  call(call: CallRequest): Promise<CallAnswer>;
  /**
   * What became of a call, in a few words: `made`, `denied by RULE`, `held by RULE`, `not allowed`, `answered 404`. What
   * could not be known stands behind it in brackets. A call that is refused and reached the API server all the same, by
   * more than a GET or a dry run, says so.
   */
  outcome(call: CallRequest): Promise<string>;
  /** Direct, as an administrator. @throws where kubectl fails */
  apply(object: object): Promise<void>;
  /** What the API server's own audit log says that it was asked under the Audit-ID of an answer: verb and target. */
  reached(answer: CallAnswer): Promise<string[]>;
  end(): Promise<void>;
}

export async function newScene(topic: string): Promise<Scene> {
  const context = inject('gateway');
  const client = newGatewayClient(context);
  const group = `semantics-${topic}`;
  const namespace = group;
  const token = await client.token({ user: `${topic}@semantics.example`, groups: ['agents', group] });
  const auditLog = join(dirname(context.adminKubeconfig), 'audit.log');
  const policies = new Set<string>();
  const kubectl = async (args: readonly string[], input?: unknown): Promise<void> => {
    expect(await client.kubectl(args, input), args.join(' ')).toMatchObject({ code: 0 });
  };
  const apply = (object: object): Promise<void> =>
    kubectl(['apply', '--server-side', '--force-conflicts', '--filename=-'], object);
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });

  async function call(request: CallRequest): Promise<CallAnswer> {
    const deadline = Date.now() + 15_000;
    for (;;) {
      const answer = await client.call({ token, ...request });
      const lagging = answer.status === 429 && answer.text.includes("the gateway's own rights");
      if (!lagging || Date.now() > deadline) return answer;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  async function reached(answer: CallAnswer): Promise<string[]> {
    // The log is in order: once a later call is in it, so is all that went before.
    const marker = await client.call({ path: `/version?${randomUUID()}`, token });
    await vi.waitFor(async () => expect(await eventsOf(auditLog, marker)).toHaveLength(1), {
      timeout: 5_000,
      interval: 20,
    });
    return eventsOf(auditLog, answer);
  }

  return {
    client,
    group,
    namespace,
    async enforce(name, rules, changes = {}) {
      const full = `${group}-${name}`;
      policies.add(full);
      const subjects = [{ kind: 'Group' as const, name: group }];
      await client.applyPolicy(full, { mode: 'Enforce', subjects, rules: [...rules], ...changes });
    },
    call,
    apply,
    reached,
    async outcome(request) {
      const answer = await call(request);
      if (answer.status < 300) return 'made';
      if (answer.status !== 403) return `answered ${answer.status}`;
      const looks = (line: string): boolean => line.startsWith('get ') || /[?&]dryRun=All$/.test(line);
      const isForwarded = (await reached(answer)).some((line) => !looks(line));
      return `${outcomeWords(messageOf(answer))}${isForwarded ? ', AND FORWARDED' : ''}`;
    },
    async end() {
      const names = [...policies];
      if (names.length > 0) await kubectl(['delete', 'agentpolicy', '--ignore-not-found', ...names]);
      await kubectl(['delete', 'namespace', namespace, '--wait=false']);
      await client.close();
    },
  };
}

const TAIL = 4 * 1024 * 1024;

async function eventsOf(file: string, answer: CallAnswer): Promise<string[]> {
  const auditID = String(answer.headers['audit-id']);
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - TAIL);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
    const lines = buffer.subarray(0, bytesRead).toString('utf8').split('\n');
    return lines.filter((line) => line.includes(auditID)).map(eventWords);
  } finally {
    await handle.close();
  }
}

function eventWords(line: string): string {
  const event: unknown = JSON.parse(line);
  const field = (name: string): string => {
    const value: unknown =
      typeof event === 'object' && event !== null
        ? Object.entries(event).find(([key]) => key === name)?.[1]
        : undefined;
    return String(value);
  };
  return `${field('verb')} ${field('requestURI')}`;
}

function outcomeWords(message: string): string {
  const refusal = /rule "([^"]+)" of AgentPolicy "[^"]+"(?: \([^)]*\))? (denies it|requires an approval)/.exec(message);
  const [, name = '', verb] = refusal ?? [];
  const known = /cannot be known of the call: ([A-Za-z, ]+)/.exec(message)?.[1];
  const said = /the API server said: (.*)$/.exec(message)?.[1];
  const behind = `${known === undefined ? '' : ` (${known})`}${said === undefined ? '' : ` [${said}]`}`;
  if (verb === 'denies it') return `denied by ${name}${behind}`;
  if (verb === 'requires an approval') return `held by ${name}${behind}`;
  return message.includes('no AgentPolicy allows it') ? `not allowed${behind}` : message;
}

/** What a refusal says, in the API server's form. */
export const messageOf = (answer: CallAnswer): string => {
  const status = answer.json();
  return typeof status === 'object' && status !== null && 'message' in status ? String(status.message) : answer.text;
};
