import { eventHash } from '@chaperone/proxy/audit/chain';
import { bodyTexts } from '@chaperone/proxy/audit/elasticsearch/body-texts';
import { REASON } from '@chaperone/proxy/audit/elasticsearch/document';
import { decisionOf } from '../records/filters.ts';
import { timeOf, type CallFacts, type StoredRecord } from '../records/stored-record.ts';
import { indentJson } from './json-text.ts';
import { newPage, type Page } from './page.ts';
import { outcomeOf, resourceOf } from './record-table.ts';

/** Of a body, as much as people read. */
const SHOWN_LINES = 60;
const SHOWN_CHARACTERS = 6_000;

/** All that is on record of one call, as a page to read. @param records of one audit id, in order; at least one */
export function describeCall(records: readonly StoredRecord[], isFull: boolean): string {
  return records
    .map((record, index) => describeRecord(record, isFull, `${index + 1} of ${records.length}`))
    .join('\n\n');
}

function describeRecord(record: StoredRecord, isFull: boolean, which: string): string {
  const { facts } = record;
  const page = newPage();
  if (facts.kind === 'Event') {
    page.field('Audit ID', facts.auditID);
    page.field('Record', `${which}${facts.stage === undefined ? '' : `, ${facts.stage}`}`);
    describeCaller(page, facts);
    describeRequest(page, facts);
    describeDecision(page, facts);
    describeAnswer(page, facts);
    describeMasking(page, facts);
    describeBodies(page, record, facts, isFull);
  } else {
    page.field('Event', facts.type);
    page.field('Time', timeOf(facts));
    page.field('Message', facts.message);
  }
  describePlace(page, record);
  return page.text();
}

function describeCaller(page: Page, { user, sourceIPs, userAgent, chaperone }: CallFacts): void {
  page.section('Caller (verified)', (caller) => {
    caller.field('User', user.username ?? '<none>');
    caller.field('UID', user.uid);
    caller.field('Groups', user.groups?.join(', '));
    caller.field('Issuer', chaperone.issuer);
    caller.section('Run', (run) => each(run, chaperone.run));
    caller.section('Extra', (extra) => {
      // Facts of the run come from extras, and are above.
      for (const [key, values] of Object.entries(user.extra ?? {}))
        if (!key.startsWith('chaperone.dev/')) extra.field(key, values.join(', '));
    });
  });
  page.section('Declared by the client (not verified)', (declared) => {
    declared.field('User agent', userAgent);
    each(declared, chaperone.declared);
  });
  page.field('Client address', sourceIPs?.join(', '));
}

function describeRequest(page: Page, facts: CallFacts): void {
  const { verb, objectRef, requestURI, chaperone, requestReceivedTimestamp } = facts;
  page.section('Request', (request) => {
    request.field('Received', requestReceivedTimestamp);
    const judged = chaperone.judgedVerb;
    request.field('Verb', judged === undefined ? verb : `${verb ?? ''} (judged as ${judged})`);
    if (objectRef?.resource !== undefined) request.field('Resource', resourceOf(facts));
    request.field('Namespace', objectRef?.namespace);
    request.field('Name', objectRef?.name);
    request.field('Object UID', objectRef?.uid);
    request.field('Method', chaperone.method);
    request.field('URI', requestURI);
  });
}

function describeDecision(page: Page, facts: CallFacts): void {
  const { annotations, chaperone } = facts;
  page.section('Decision', (decision) => {
    decision.field('Authorization', decisionOf(facts));
    decision.field('Authorization reason', annotations?.[REASON]);
    if (chaperone.policy !== undefined) describePolicy(decision, chaperone.policy);
    const { verdict, policy, rule = '' } = chaperone.dryRun ?? {};
    const winner = policy === undefined ? '' : ` by ${policy}/${rule}`;
    decision.field('In dry run', verdict === undefined ? undefined : `${verdict}${winner}`);
    decision.field('Approval', chaperone.approval);
  });
}

function describePolicy(decision: Page, policy: NonNullable<CallFacts['chaperone']['policy']>): void {
  decision.field('Verdict', policy.verdict);
  decision.field('Cause', policy.cause);
  decision.field('Policy', policy.name);
  decision.field('Rule', policy.rule);
  decision.field('Generation', policy.generation);
  decision.field('Reason', policy.reason);
  decision.field('Revision', policy.revision);
  decision.field('Not known', policy.unknown?.join(', '));
  decision.field('Failed expressions', policy.failedExpressions?.join(', '));
}

function describeAnswer(page: Page, facts: CallFacts): void {
  const { responseStatus, stageTimestamp, chaperone } = facts;
  const { timing, stream } = chaperone;
  page.section('Outcome', (outcome) => {
    outcome.field('Outcome', outcomeOf(facts));
    outcome.field('Code', responseStatus?.code);
    outcome.field('Reason', responseStatus?.reason);
    outcome.field('Message', responseStatus?.message);
    outcome.field('Refusal', chaperone.refusal);
    outcome.field('Ended by', chaperone.endedBy);
    outcome.field('Intent of writer', chaperone.writtenBy);
    outcome.field('Recorded', stageTimestamp);
    outcome.field('Took', milliseconds(timing?.totalMs));
    outcome.field('Took in policies', milliseconds(timing?.policyMs));
    outcome.field('Took upstream', milliseconds(timing?.upstreamMs));
    outcome.field('Stream events', stream?.events);
    outcome.field('Stream bytes', stream?.bytes);
  });
}

function describeMasking(page: Page, { chaperone }: CallFacts): void {
  page.section('Masked values', (masking) => {
    for (const [rule, count] of Object.entries(chaperone.masking ?? {})) masking.field(rule, count);
  });
}

function describeBodies(
  page: Page,
  { original }: StoredRecord,
  { chaperone, level }: CallFacts,
  isFull: boolean,
): void {
  const texts = original === undefined ? {} : bodyTexts(original);
  page.field('Level', level);
  for (const [label, facts, json] of [
    ['Request body', chaperone.request, texts.requestObject],
    ['Response body', chaperone.response, texts.responseObject],
  ] as const) {
    page.section(label, (body) => {
      body.field('Bytes', facts?.bytes);
      body.field('Media type', facts?.mediaType);
      body.field('SHA-256', facts?.sha256);
      body.field('Not recorded', facts?.omitted);
      const text = json === undefined ? facts?.text : indentJson(json);
      if (text !== undefined) body.section('Content', (content) => content.lines(isFull ? text : shortened(text)));
    });
  }
}

function describePlace(page: Page, { writer, sequence, previousChain, chain, original, facts }: StoredRecord): void {
  page.section('Chain', (place) => {
    place.field('Writer', writer);
    place.field('Replica', facts.chaperone?.gateway?.replica);
    place.field('Version', facts.chaperone?.gateway?.version);
    place.field('Sequence', sequence);
    place.field('Hash', original === undefined ? undefined : eventHash(original));
    place.field('Chain before', previousChain);
    place.field('Chain', chain);
    if (original === undefined)
      place.field('Text', "not in Elasticsearch, which refused it: see the gateway's dead letters");
  });
}

function each(page: Page, values: Readonly<Record<string, string>> | undefined): void {
  for (const [key, value] of Object.entries(values ?? {})) page.field(key, value);
}

const milliseconds = (value: number | undefined): string | undefined =>
  value === undefined ? undefined : `${value} ms`;

function shortened(text: string): string {
  const lines = text.slice(0, SHOWN_CHARACTERS).split('\n').slice(0, SHOWN_LINES);
  const shown = lines.join('\n');
  return shown.length === text.length
    ? text
    : `${shown}\n... ${text.length - shown.length} more characters: use --full to see them`;
}
