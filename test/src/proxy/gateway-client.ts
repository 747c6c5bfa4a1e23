import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubeconfig } from '@chaperone/e2e/cluster/kubeconfig';
import { mintToken, type TokenRequest } from '@chaperone/e2e/issuer/issue-token';
import { runCommand, type CommandResult } from '@chaperone/e2e/process/run-command';
import type { AgentPolicySpec } from '@chaperone/crds/v1alpha1/generated/api';
import { Agent, request } from 'undici';
import { expect, vi } from 'vitest';
import type { GatewayContext } from './gateway-context.ts';

/** One call; `body` goes out as JSON unless it is text or bytes. */
export interface CallRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  readonly path: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: unknown;
}

export interface CallAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** Of an answer in JSON. */
  json(): unknown;
}

export interface GatewayClient {
  /** A token of the issuer, for an hour unless it says otherwise. */
  token(request: Omit<TokenRequest, 'expiresIn'> & Partial<Pick<TokenRequest, 'expiresIn'>>): Promise<string>;
  /** Through the gateway. */
  call(call: CallRequest): Promise<CallAnswer>;
  /** Direct, as `system:masters`. */
  kubectl(args: readonly string[], input?: unknown): Promise<CommandResult>;
  /** kubectl through the gateway, as whoever the token says. */
  kubectlAs(token: string, args: readonly string[], input?: unknown): Promise<CommandResult>;
  /** Path of a kubeconfig for the gateway with this token. */
  kubeconfigOf(token: string): string;
  /** Applies an AgentPolicy and waits until every replica enforces it. */
  applyPolicy(name: string, spec: AgentPolicySpec): Promise<void>;
  /** Deletes one and waits until no replica serves it any more. */
  deletePolicy(name: string): Promise<void>;
  close(): Promise<void>;
}

const ENFORCED_TIMEOUT = 20_000;

export function newGatewayClient(context: GatewayContext): GatewayClient {
  const directory = mkdtempSync(join(tmpdir(), 'gateway-client-'));
  const ca = readFileSync(context.caFile, 'utf8');
  const dispatcher = new Agent({ connect: { ca }, allowH2: false });
  let files = 0;

  const run = (config: string, args: readonly string[], input?: unknown): Promise<CommandResult> =>
    runCommand(
      join(context.binDirectory, 'kubectl'),
      [`--kubeconfig=${config}`, `--cache-dir=${join(directory, 'cache')}`, ...args],
      input === undefined ? {} : { input: typeof input === 'string' ? input : JSON.stringify(input) },
    );
  const kubectl: GatewayClient['kubectl'] = (args, input) => run(context.adminKubeconfig, args, input);
  const kubeconfigOf = (token: string): string => {
    const file = join(directory, `${(files += 1)}.kubeconfig`);
    const credential = { kind: 'token', token } as const;
    writeFileSync(file, kubeconfig({ server: context.url, certificateAuthority: ca, user: 'caller', credential }), {
      mode: 0o600,
    });
    return file;
  };

  return {
    token: (wanted) => mintToken(context.issuerDirectory, { expiresIn: 3_600, ...wanted }),
    async call({ method = 'GET', path, token, headers, body }) {
      const answer = await request(`${context.url}${path}`, {
        dispatcher,
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        body:
          body === undefined ? null : typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
      });
      const text = await answer.body.text();
      return { status: answer.statusCode, headers: answer.headers, text, json: (): unknown => JSON.parse(text) };
    },
    kubectl,
    kubectlAs: (token, args, input) => run(kubeconfigOf(token), args, input),
    kubeconfigOf,
    async applyPolicy(name, spec) {
      const policy = { apiVersion: 'chaperone.dev/v1alpha1', kind: 'AgentPolicy', metadata: { name }, spec };
      const applied = await kubectl(
        ['apply', '--server-side', '--force-conflicts', '--filename=-', '--output=json'],
        policy,
      );
      expect(applied, `policy ${name}`).toMatchObject({ code: 0 });
      await vi.waitFor(
        async () => {
          const read = await kubectl([
            'get',
            'agentpolicy',
            name,
            '--output=jsonpath={.metadata.generation} {.status.conditions}',
          ]);
          const [generation, ...conditions] = read.stdout.split(' ');
          const enforced: unknown = JSON.parse(conditions.join(' ') || '[]');
          expect(enforced).toContainEqual(
            expect.objectContaining({ type: 'Enforced', status: 'True', observedGeneration: Number(generation) }),
          );
        },
        { timeout: ENFORCED_TIMEOUT, interval: 100 },
      );
    },
    async deletePolicy(name) {
      const deleted = await kubectl(['delete', 'agentpolicy', name, '--ignore-not-found', '--wait=true']);
      expect(deleted, `policy ${name}`).toMatchObject({ code: 0 });
      // The head is written before replicas load it: once their Leases name what it names, it is in force.
      await vi.waitFor(
        async () => {
          const head = await kubectl([
            'get',
            'configmap',
            'chaperone-bundle',
            '--namespace=chaperone-system',
            '--output=jsonpath={.data.revision}',
          ]);
          const leases = await kubectl([
            'get',
            'leases',
            '--namespace=chaperone-system',
            '--selector=app.kubernetes.io/component=proxy',
            String.raw`--output=jsonpath={.items[*].metadata.annotations.chaperone\.dev/revision}`,
          ]);
          const policies = await kubectl([
            'get',
            'configmap',
            'chaperone-bundle',
            '--namespace=chaperone-system',
            '--output=jsonpath={.data.policies}',
          ]);
          const existing = await kubectl(['get', 'agentpolicies', '--output=name']);
          expect(Number(policies.stdout)).toBe(existing.stdout.trim().split('\n').filter(Boolean).length);
          expect(new Set(leases.stdout.split(' '))).toEqual(new Set([head.stdout]));
        },
        { timeout: ENFORCED_TIMEOUT, interval: 100 },
      );
    },
    close: () => dispatcher.close(),
  };
}
