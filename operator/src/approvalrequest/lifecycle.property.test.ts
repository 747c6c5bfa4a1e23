import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type {
  ApprovalRequestSpec,
  ApprovalRequestStatus,
  ApprovalRequirement,
  Decision,
} from '@chaperone/crds/v1alpha1/generated/api';
import type { AdmissionState } from '../admission/admission-state.ts';
import { findCondition, hasConditionStatus } from '../runtime/conditions.ts';
import { lifecycle, type Lifecycle } from './lifecycle.ts';
import type { RequestMemory } from './memory.ts';

const START = Date.UTC(2026, 0, 1);
const EXPIRES = START + 1_800_000;

const requirement = (rule: string, required: number): ApprovalRequirement => ({
  policy: 'payments',
  rule,
  revision: 'a'.repeat(64),
  reviewers: [{ kind: 'Group', name: 'oncall' }],
  required,
});

const specs = fc
  .constantFrom<ApprovalRequirement[][]>(
    [requirement('deletes', 1)],
    [requirement('deletes', 2)],
    [requirement('deletes', 1), requirement('owned', 1)],
  )
  .map((requirements): ApprovalRequestSpec => ({
    requester: { username: 'agent@example.com', owner: 'sam@example.com' },
    request: { verb: 'delete', path: '/api/v1/namespaces/payments/pods/web-0' },
    digest: 'b'.repeat(64),
    requirements,
    expiresAt: new Date(EXPIRES).toISOString(),
    auditID: 'audit-1',
  }));

/** A request, and all that its state depends on. */
interface World {
  readonly status: ApprovalRequestStatus;
  readonly now: number;
  readonly admission: AdmissionState;
  readonly replicaAlive: boolean;
  readonly memory: RequestMemory | undefined;
}

/** What happens between two looks. Facts are only added and never changed, as the API server sees to. */
type Step = (world: World) => World;

const withStatus =
  (change: (status: ApprovalRequestStatus) => ApprovalRequestStatus): Step =>
  (world) => ({ ...world, status: change(world.status) });

const time = '2026-01-01T00:05:00Z';
const admissions: readonly AdmissionState[] = [
  { type: 'AsShipped' },
  { type: 'NotAsShipped', missing: ['p'], changed: [] },
  { type: 'Settling' },
  { type: 'Unreadable' },
];

const decision: fc.Arbitrary<Step> = fc
  .record({
    who: fc.constantFrom('dana', 'eli', 'fred', 'agent@example.com', 'sam@example.com', 'constructor'),
    verdict: fc.constantFrom<Decision['verdict'][]>('Approved', 'Approved', 'Denied'),
    named: fc.constantFrom<string[][]>([], ['payments/deletes'], ['payments/owned'], ['no/such']),
  })
  .map(({ who, verdict, named }) =>
    withStatus((status) => ({
      ...status,
      decisions: {
        [who]: { verdict, ...(named.length === 0 ? {} : { requirements: named }) },
        ...status.decisions,
      },
    })),
  );

const settled = (status: ApprovalRequestStatus): boolean =>
  status.consumed !== undefined || status.voided !== undefined;

const oneStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: decision },
  {
    weight: 1,
    arbitrary: fc.constant(
      withStatus((status) =>
        settled(status) ? status : { ...status, consumed: { auditID: 'audit-2', replica: 'proxy-0', time } },
      ),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constant(
      withStatus((status) =>
        settled(status) ? status : { ...status, voided: { reason: 'TargetChanged', replica: 'proxy-0', time } },
      ),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 100, max: 599 })
      .map((code) =>
        withStatus((status) =>
          status.consumed === undefined ? status : { ...status, outcome: status.outcome ?? { code, time } },
        ),
      ),
  },
  // Wall clocks go back, too.
  {
    weight: 2,
    arbitrary: fc.integer({ min: -60_000, max: 900_000 }).map((ms): Step => (world) => ({
      ...world,
      now: world.now + ms,
    })),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...admissions).map((admission): Step => (world) => ({ ...world, admission })),
  },
  {
    weight: 2,
    arbitrary: fc.constant<Step>((world) => ({ ...world, admission: { type: 'AsShipped' } })),
  },
  { weight: 1, arbitrary: fc.constant<Step>((world) => ({ ...world, memory: undefined })) },
  {
    weight: 1,
    arbitrary: fc.boolean().map((replicaAlive): Step => (world) => ({ ...world, replicaAlive })),
  },
);

/** Several things may happen between two looks. */
const looks = fc.array(fc.array(oneStep, { minLength: 1, maxLength: 3 }), { maxLength: 15 });

const CLOSING = ['Denied', 'Expired', 'Voided'] as const;

const textOf = (value: unknown): string => JSON.stringify(value) ?? '';

/** In what a look takes back what was settled before. */
function unsettled({ status }: World, { conditions, observed }: Lifecycle): string[] {
  const before = status.conditions;
  const wasTrue = [...CLOSING, 'Executed'].filter((type) => hasConditionStatus(before, type, 'True'));
  const sights = Object.entries(status.observedDecisions ?? {});
  return [
    ...wasTrue
      .filter((type) => !hasConditionStatus(conditions, type, 'True'))
      .map((type) => `${type} was True and is not`),
    ...wasTrue
      .filter((type) => textOf(findCondition(before, type)) !== textOf(findCondition(conditions, type)))
      .map((type) => `${type} was True and says something else`),
    ...sights
      .filter(([reviewer, sight]) => textOf(observed.get(reviewer)) !== textOf(sight))
      .map(([reviewer]) => `the first sight of ${reviewer} changed`),
    ...(hasConditionStatus(before, 'Approved', 'False') && !hasConditionStatus(conditions, 'Approved', 'False')
      ? ['Approved was False and is not']
      : []),
  ];
}

/** In what a look says more than the facts allow. */
function unfounded({ status, now, admission }: World, { conditions, observed }: Lifecycle): string[] {
  const verdicts = new Map(Object.entries(status.decisions ?? {}));
  const recorded = new Map(Object.entries(status.observedDecisions ?? {}));
  const counted = [...observed].filter(([, { standing }]) => standing === 'Counted').map(([reviewer]) => reviewer);
  const others = counted.filter((reviewer) => !reviewer.endsWith('@example.com'));
  const closedBy = CLOSING.filter((type) => hasConditionStatus(conditions, type, 'True'));
  const timely = now < EXPIRES && admission.type === 'AsShipped';
  const isOpen = status.consumed === undefined && hasConditionStatus(conditions, 'Approved', 'True');
  const wrong: Readonly<Record<string, boolean>> = {
    'closed in two ways': closedBy.length > 1,
    'approved and closed': isOpen && closedBy.length > 0,
    'approved by nobody': isOpen && others.every((reviewer) => verdicts.get(reviewer)?.verdict !== 'Approved'),
    'approved against a denial': isOpen && others.some((reviewer) => verdicts.get(reviewer)?.verdict === 'Denied'),
    'approved too late or unprotected': isOpen && !timely,
    'counted too late or unprotected': counted.some((reviewer) => !recorded.has(reviewer)) && !timely,
  };
  return Object.keys(wrong).filter((what) => wrong[what]);
}

test('nothing that is settled is ever unsettled, and nothing is approved that should not be', () => {
  fc.assert(
    fc.property(specs, looks, (spec, what) => {
      let world: World = {
        status: {},
        now: START,
        admission: { type: 'AsShipped' },
        replicaAlive: true,
        memory: undefined,
      };
      for (const steps of what) {
        world = steps.reduce((current, step) => step(current), world);
        const state = lifecycle({ ...world, spec, generation: 1, retentionMs: 3_600_000 });
        expect([...unsettled(world, state), ...unfounded(world, state)]).toEqual([]);
        const { conditions, observed } = state;
        const status = {
          ...world.status,
          conditions: [...conditions],
          observedDecisions: Object.fromEntries(observed),
        };
        world = { ...world, status, memory: state.memory };
      }
    }),
    { numRuns: 3_000 },
  );
});
