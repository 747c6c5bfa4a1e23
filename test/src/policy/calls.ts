import type { BundlePolicy } from '@chaperone/crds/bundle/bundle';
import { newIdentity, type Identity } from '@chaperone/proxy/authn/identity';
import { connectOptions } from '@chaperone/proxy/request/connect-options';
import { requestAttributes } from '@chaperone/proxy/request/request-attributes';
import { Rejection } from '@chaperone/proxy/request/rejection';
import { compileBundle, type CompiledBundle } from '@chaperone/proxy/policy/compiled-bundle';
import type { Decision, MatchedRule } from '@chaperone/proxy/policy/decision';
import { decide, settledInput } from '@chaperone/proxy/policy/engine';
import { PENDING_OBJECT, type PolicyInput } from '@chaperone/proxy/policy/policy-input';

export const NOW = Date.parse('2026-06-01T12:00:00Z');

export const identityOf = (username: string, groups: readonly string[], extra: Identity['extra'] = {}): Identity =>
  newIdentity(
    { username, uid: `uid-of-${username}`, groups, extra },
    { issuer: 'https://issuer.example', expiresAt: NOW + 3_600_000 },
  );

export const agent = identityOf('agent@example.com', ['agents']);

/** `GET /api/v1/pods`, read as the gateway reads it, by `agent`, with everything still to be looked up. */
export function call(line: string, changes: Partial<PolicyInput> = {}): PolicyInput {
  const [method = '', target = ''] = line.split(' ');
  const attributes = requestAttributes({ method, target });
  if (attributes instanceof Rejection) throw attributes;
  const connect = connectOptions(attributes, attributes.query);
  return {
    attributes,
    caller: agent,
    object: PENDING_OBJECT,
    oldObject: PENDING_OBJECT,
    parentObject: PENDING_OBJECT,
    namespaceObject: PENDING_OBJECT,
    apply: false,
    dryRun: false,
    options: {},
    command: connect instanceof Rejection || connect?.subresource !== 'exec' ? [] : connect.command,
    allowSelfAdministration: false,
    now: NOW,
    ...changes,
  };
}

/** The same, when nothing more can be looked up: what is not given is unknown. */
export const settledCall = (line: string, changes: Partial<PolicyInput> = {}): PolicyInput =>
  settledInput(call(line, changes));

export const bundleOf = (policies: readonly BundlePolicy[]): CompiledBundle =>
  compileBundle({ revision: 'revision', policies });

const ruleName = ({ policy, rule }: MatchedRule): string => `${policy}/${rule}`;

/** A decision in a few words: `Allow p/read`, `Deny NoRule`, `NeedsObject object oldObject`. */
export function verdictOf(decision: Decision): string {
  switch (decision.verdict) {
    case 'Allow':
    case 'RequireApproval':
      return `${decision.verdict} ${ruleName(decision.winner)}`;
    case 'Deny':
      return decision.cause === 'Rule' ? `Deny ${ruleName(decision.winner)}` : `Deny ${decision.cause}`;
    case 'NeedsObject':
      return [
        'NeedsObject',
        ...Object.entries(decision.needs).flatMap(([name, needed]) => (needed ? [name] : [])),
      ].join(' ');
    default:
      return decision satisfies never;
  }
}

export const verdict = (policies: readonly BundlePolicy[], input: PolicyInput): string =>
  verdictOf(decide(bundleOf(policies), input));
