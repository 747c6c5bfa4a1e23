import type { AuditLevel, SessionLevel } from '@chaperone/crds/v1alpha1/agentpolicy';
import type { CompiledRule } from './compiled-bundle.ts';
import type { PolicyAttributes } from './policy-input.ts';

const levels: readonly AuditLevel[] = ['None', 'Metadata', 'Request', 'RequestResponse'];

/** The bytes of these go to the session's record; a body has nothing but the handshake. */
const SESSION_SUBRESOURCES: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward']);
const READ_VERBS: ReadonlySet<string> = new Set(['get', 'list', 'watch']);

export interface AuditLevelOptions {
  /** The rules that match, whatever their action. */
  readonly rules: readonly CompiledRule[];
  readonly attributes: PolicyAttributes;
  /** Whether the call is permitted at once, and no policy in DryRun would have had it otherwise. */
  readonly mayBeSilent: boolean;
}

/** The highest level of the rules. Never None but for what is plainly allowed and only reads. */
export function auditLevelOf({ rules, attributes, mayBeSilent }: AuditLevelOptions): AuditLevel {
  const lowest = mayBeSilent && READ_VERBS.has(attributes.judgedVerb) ? 0 : 1;
  const highest = Math.max(lowest, ...rules.map((rule) => levels.indexOf(levelOf(rule, attributes))));
  return levels[highest] ?? 'RequestResponse';
}

function levelOf(
  { auditLevel, action }: CompiledRule,
  { isResourceRequest, subresource }: PolicyAttributes,
): AuditLevel {
  if (auditLevel === 'None' && action !== 'Allow') return 'Metadata';
  if (auditLevel !== undefined) return auditLevel;
  return isResourceRequest && SESSION_SUBRESOURCES.has(subresource) ? 'Request' : 'RequestResponse';
}

/** Full if one of the rules says so, or says nothing. Without a rule there is no session. */
export const sessionLevelOf = (rules: readonly CompiledRule[]): SessionLevel =>
  rules.some(({ sessions = 'Full' }) => sessions === 'Full') ? 'Full' : 'Metadata';
