import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHART, installChart, type Installation } from '../admission/installed-chart.ts';

/** What docs/operations.md says of admission policies that were edited by hand. */

const NAME = 'chaperone-approvalrequests';

let chart: Installation;

beforeAll(async () => {
  chart = await installChart();
}, 180_000);
afterAll(() => chart.stop(), 60_000);

const upgrade = (...flags: readonly string[]): ReturnType<Installation['helm']> =>
  chart.helm(['upgrade', 'chaperone', CHART, '--reuse-values', ...flags]);

async function edit(operation: object): Promise<void> {
  const args = ['patch', 'validatingadmissionpolicy', NAME, '--type=json', `--patch=${JSON.stringify([operation])}`];
  expect(await chart.kubectl(chart.admin, args)).toMatchObject({ code: 0 });
}

async function live(path: string): Promise<string> {
  const args = ['get', 'validatingadmissionpolicy', NAME, `--output=jsonpath={${path}}`];
  return (await chart.kubectl(chart.admin, args)).stdout;
}

const remove = (): ReturnType<Installation['kubectl']> =>
  chart.kubectl(chart.admin, ['delete', 'validatingadmissionpolicy', NAME]);

const FIRST = '.spec.validations[0].expression';
const weaken = { op: 'replace', path: '/spec/validations/0/expression', value: 'true' };
/** Of a field that the chart leaves out, so that Helm owns nothing of it. */
const exempt = {
  op: 'add',
  path: '/spec/matchConditions',
  value: [{ name: 'not-mallory', expression: "request.userInfo.username != 'mallory@example.com'" }],
};

test('a change to what the chart says makes an upgrade fail, and is taken back by --force-conflicts', async () => {
  const shipped = await live(FIRST);
  await edit(weaken);
  const failed = await upgrade();
  expect(failed.code).not.toBe(0);
  expect(failed.stderr).toMatch(/conflict with "kubectl-patch".*\.spec\.validations/);
  expect(await live(FIRST)).toBe('true');
  expect(await upgrade('--force-conflicts')).toMatchObject({ code: 0 });
  expect(await live(FIRST)).toBe(shipped);
});

test('what was added beside it survives every upgrade, until the policy is deleted and made anew', async () => {
  await edit(exempt);
  expect(await upgrade()).toMatchObject({ code: 0 });
  expect(await upgrade('--force-conflicts')).toMatchObject({ code: 0 });
  expect(await live('.spec.matchConditions[*].name')).toBe('not-mallory');
  expect(await remove()).toMatchObject({ code: 0 });
  expect(await upgrade()).toMatchObject({ code: 0 });
  expect(await live('.spec.matchConditions[*].name')).toBe('');
  expect(await live(FIRST)).not.toBe('');
});

test('with client-side apply every upgrade takes back what contradicts the chart', async () => {
  const shipped = await live(FIRST);
  await edit(weaken);
  expect(await upgrade('--server-side=false')).toMatchObject({ code: 0 });
  expect(await live(FIRST)).toBe(shipped);
});
