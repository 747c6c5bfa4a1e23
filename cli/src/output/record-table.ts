import { decisionOf } from '../records/filters.ts';
import { timeOf, type CallFacts, type RecordFacts, type StoredRecord } from '../records/stored-record.ts';
import { table } from './table.ts';

const HEADINGS = ['TIME', 'USER', 'VERB', 'RESOURCE', 'NAMESPACE', 'NAME', 'DECISION', 'CODE', 'OUTCOME', 'AUDIT-ID'];
const WIDE = ['POLICY', 'RUN', 'DURATION', 'CLIENT', 'WRITER', 'SEQUENCE'];
const NONE = '<none>';

export function recordTable(records: readonly StoredRecord[], isWide: boolean): string {
  const rows = records.map((record) => [...cells(record.facts), ...(isWide ? wideCells(record) : [])]);
  return table(
    [...HEADINGS, ...(isWide ? WIDE : [])],
    rows.map((row) => row.map((cell) => (cell === '' ? NONE : cell))),
  );
}

function cells(facts: RecordFacts): string[] {
  const time = wholeSeconds(timeOf(facts));
  if (facts.kind === 'GatewayEvent')
    return [time, '', facts.type, '', '', facts.chaperone?.gateway.replica ?? '', '', '', '', ''];
  const { user, verb, objectRef, responseStatus, auditID } = facts;
  return [
    time,
    user.username ?? '',
    verb ?? '',
    resourceOf(facts),
    objectRef?.namespace ?? '',
    objectRef?.name ?? '',
    decisionOf(facts) ?? '',
    responseStatus?.code === undefined ? '' : String(responseStatus.code),
    outcomeOf(facts),
    auditID,
  ];
}

function wideCells({ facts, writer, sequence }: StoredRecord): string[] {
  const place = [writer, String(sequence)];
  if (facts.kind === 'GatewayEvent') return ['', '', '', '', ...place];
  const { policy, run, timing } = facts.chaperone;
  const rule = policy?.name === undefined ? '' : `${policy.name}/${policy.rule ?? ''}`;
  const duration = timing?.totalMs === undefined ? '' : `${Math.round(timing.totalMs)}ms`;
  return [rule, run?.['run'] ?? '', duration, facts.sourceIPs?.[0] ?? '', ...place];
}

/** As it can be given to --resource; the path of what is no resource. */
export function resourceOf({ objectRef, requestURI = '' }: CallFacts): string {
  if (objectRef?.resource === undefined) return requestURI;
  const { resource, apiGroup, subresource } = objectRef;
  return `${resource}${apiGroup === undefined ? '' : `.${apiGroup}`}${subresource === undefined ? '' : `/${subresource}`}`;
}

/** Of a call that lasts, the first record only says that its answer has begun. */
export const outcomeOf = ({ stage, chaperone }: CallFacts): string =>
  stage === 'ResponseStarted' ? 'Started' : (chaperone.outcome ?? '');

const wholeSeconds = (time: string): string => time.replace(/\.[0-9]+Z$/, 'Z');
