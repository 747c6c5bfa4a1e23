import { z } from 'zod';
import type { OpenIntent } from '../wal/open-intents.ts';
import type { CallEvent, GatewayFacts } from './audit-event.ts';
import { microTime, recordText } from './record-text.ts';

const intentSchema = z.object({
  time: z.string(),
  method: z.string(),
  username: z.string(),
  groups: z.array(z.string()),
  clientAddress: z.string(),
  verb: z.string(),
  apiGroup: z.string(),
  apiVersion: z.string(),
  resource: z.string(),
  subresource: z.string(),
  namespace: z.string(),
  name: z.string(),
  path: z.string(),
  revision: z.string(),
  verdict: z.string(),
  policy: z.string(),
  rule: z.string(),
});

/** Who is about to do what: in the log before anything is sent. Holds no query and no body: either may hold what is secret. */
export type Intent = z.output<typeof intentSchema>;

/** The record of a call of which there is nothing but the intent: the process that made it has ended. */
export function unknownOutcome(
  { auditID, text }: OpenIntent,
  writer: string,
  gateway: GatewayFacts,
  now: number,
): string {
  const intent = parsed(text);
  const { resource, namespace, name, apiGroup, apiVersion, subresource } = intent;
  const reference = Object.entries({ resource, namespace, name, apiGroup, apiVersion, subresource });
  const event: CallEvent = {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID,
    stage: 'ResponseComplete',
    requestURI: intent.path,
    verb: intent.verb,
    user: { username: intent.username, groups: intent.groups },
    sourceIPs: [intent.clientAddress],
    ...(resource === '' ? {} : { objectRef: Object.fromEntries(reference.filter(([, value]) => value !== '')) }),
    requestReceivedTimestamp: intent.time,
    stageTimestamp: microTime(now),
    annotations: {},
    chaperone: {
      method: intent.method,
      outcome: 'Unknown',
      policy: {
        verdict: intent.verdict,
        revision: intent.revision,
        ...(intent.policy === '' ? {} : { name: intent.policy, rule: intent.rule }),
      },
      timing: { totalMs: 0 },
      writtenBy: writer,
      gateway,
    },
  };
  return recordText(event);
}

/** An intent that cannot be read is told of all the same: that it was there is evidence. */
function parsed(text: string): Intent {
  try {
    return intentSchema.parse(JSON.parse(text));
  } catch {
    return UNREADABLE;
  }
}

const UNREADABLE: Intent = {
  time: new Date(0).toISOString(),
  method: '',
  username: '',
  groups: [],
  clientAddress: '0.0.0.0',
  verb: '',
  apiGroup: '',
  apiVersion: '',
  resource: '',
  subresource: '',
  namespace: '',
  name: '',
  path: '',
  revision: '',
  verdict: 'Unreadable',
  policy: '',
  rule: '',
};
