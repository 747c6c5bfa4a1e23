import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AuthenticationError } from './authn/authentication-error.ts';
import type { CallReport } from './call/call-report.ts';
import { newMetrics } from './metrics.ts';
import { requestAttributes } from './request/request-attributes.ts';
import { Rejection } from './request/rejection.ts';

function report(target: string, changes: Partial<CallReport> = {}): CallReport {
  const attributes = requestAttributes({ method: 'GET', target });
  if (attributes instanceof Rejection) throw attributes;
  const request = { receivedAt: 0, method: 'GET', target };
  return { auditID: '', clientAddress: '', started: 0, status: 200, attributes, ...request, ...changes };
}

async function value(metrics: ReturnType<typeof newMetrics>, series: string): Promise<string | undefined> {
  const text = await metrics.registry.metrics();
  return text
    .split('\n')
    .find((line) => line.startsWith(`${series} `))
    ?.slice(series.length + 1);
}

describe('calls are counted by group, and groups that callers make up as one', () => {
  test.each([
    ['/api/v1/pods', 'core', 'list'],
    ['/apis/apps/v1/deployments', 'apps', 'list'],
    ['/apis/chaperone.dev/v1alpha1/agentpolicies/x', 'chaperone.dev', 'get'],
    ['/apis/made-up-0001.example/v1/things', 'other', 'list'],
    ['/healthz', 'none', 'get'],
  ])('%s', async (target, group, verb) => {
    const metrics = newMetrics();
    metrics.ended(report(target), 0.5, undefined);
    const labels = `verb="${verb}",group="${group}"`;
    expect(await value(metrics, `chaperone_requests_total{${labels},code="200",refusal=""}`)).toBe('1');
    expect(await value(metrics, `chaperone_request_duration_seconds_sum{${labels}}`)).toBe('0.5');
  });

  test('what could not be read has none', async () => {
    const metrics = newMetrics();
    const { attributes: _, ...unread } = report('/healthz', { status: 400, code: 'PathEmptySegment' });
    metrics.ended(unread, 0, undefined);
    const labels = 'verb="other",group="unread",code="400",refusal="PathEmptySegment"';
    expect(await value(metrics, `chaperone_requests_total{${labels}}`)).toBe('1');
  });

  test('a thousand groups make no more series than one', async () => {
    const metrics = newMetrics();
    for (let at = 0; at < 1_000; at += 1) metrics.ended(report(`/apis/group-${at}.example/v1/things`), 0, undefined);
    const text = await metrics.registry.metrics();
    expect(text.split('\n').filter((line) => line.startsWith('chaperone_requests_total'))).toHaveLength(1);
  });
});

test('streams are left out of durations, and callers that are not known are counted by why', async () => {
  const metrics = newMetrics();
  metrics.ended(report('/api/v1/pods?watch=true', { status: 401 }), 3_600, new AuthenticationError('TokenExpired'));
  expect(await value(metrics, 'chaperone_authentications_total{outcome="TokenExpired"}')).toBe('1');
  expect(await metrics.registry.metrics()).not.toContain('chaperone_request_duration_seconds_sum{verb="watch"');
});

const compareText = (left: string, right: string): number => left.localeCompare(right);

test('docs/metrics.md names every metric with its labels, and no others', async () => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'metrics.md'), 'utf8');
  const documented = [...text.matchAll(/^\| `(chaperone_[a-z_]+)` \| (\w+) \|([^|]*)\|/gmu)].map(
    ([, name, type, labels = '']) => [
      name,
      type,
      [...labels.matchAll(/`(\w+)`/gu)].map(([, label = '']) => label).toSorted(compareText),
    ],
  );
  const metrics = newMetrics();
  const registered = metrics.registry.getMetricsAsArray().flatMap((metric) => {
    const labels = 'labelNames' in metric && Array.isArray(metric.labelNames) ? metric.labelNames.map(String) : [];
    const type = metric.type;
    return metric.name.startsWith('chaperone_') ? [[metric.name, String(type), labels.toSorted(compareText)]] : [];
  });
  const byName = (rows: unknown[][]): unknown[][] =>
    rows.toSorted((left, right) => compareText(String(left[0]), String(right[0])));
  expect(byName(documented)).toEqual(byName(registered));
  expect(documented.length).toBeGreaterThan(15);
});
