import type { BodyFacts, CallEvent, CallFacts, PolicyFacts } from '../record/audit-event.ts';
import type { BodyTexts } from './body-texts.ts';
import { flattenedParts } from './declared-parts.ts';

/** Of one body, in characters: what is longer is only in `event.original`. */
const LONGEST_CONTENT = 1_048_576;

export const isTooLong = (text: string | undefined): boolean => text !== undefined && text.length > LONGEST_CONTENT;

/** What only the gateway knows of a call. */
export function chaperoneFields({ user, chaperone }: CallEvent, texts: BodyTexts): Record<string, unknown> {
  const { policy, dryRun, masking, timing, request, response, stream } = chaperone;
  const counts = Object.entries(masking ?? {});
  return {
    outcome: chaperone.outcome,
    judged_verb: chaperone.judgedVerb,
    refusal: chaperone.refusal,
    ended_by: chaperone.endedBy,
    approval: { name: chaperone.approval },
    policy: policy === undefined ? undefined : policyFields(policy),
    dry_run: { ...dryRun },
    run: runFields(chaperone),
    extra: Object.entries(user.extra ?? {}).flatMap(([key, values]) => values.map((value) => `${key}=${value}`)),
    declared: flattenedParts(chaperone.declared),
    masking: { count: counts.reduce((sum, [, count]) => sum + count, 0), rules: counts.map(([name]) => name) },
    ...truncation(request, texts.requestObject, response, texts.responseObject),
    stream: { ...stream },
    timing: { policy_us: micros(timing.policyMs), upstream_us: micros(timing.upstreamMs) },
  };
}

function truncation(
  request: BodyFacts | undefined,
  requestText: string | undefined,
  response: BodyFacts | undefined,
  responseText: string | undefined,
): Record<string, unknown> {
  const isCut = (facts: BodyFacts | undefined, text: string | undefined): boolean =>
    facts?.omitted === 'Truncated' || isTooLong(facts?.text ?? text);
  return {
    request: { sha256: request?.sha256, omitted: request?.omitted },
    response: { sha256: response?.sha256, omitted: response?.omitted },
    truncated: isCut(request, requestText) || isCut(response, responseText) ? true : undefined,
  };
}

const policyFields = ({ failedExpressions, ...policy }: PolicyFacts): Record<string, unknown> => ({
  ...policy,
  reason: undefined,
  failed_expressions: failedExpressions,
});

const runFields = ({ run = {}, issuer }: CallFacts): Record<string, unknown> => ({
  id: run['run'],
  model: run['model'],
  ci_job: run['ci-job'],
  owner: run['owner'],
  ref: run['ref'],
  issuer,
});

const micros = (milliseconds: number | undefined): number | undefined =>
  milliseconds === undefined ? undefined : Math.round(milliseconds * 1_000);
