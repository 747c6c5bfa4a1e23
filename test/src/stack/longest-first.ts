import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take a minute or more: begun last, they would be waited for when all others are done. */
const LONG = [
  'ground/lifecycle',
  'approvalrequest/crashes',
  'operator/operator',
  'approvalrequest/unwatched-admission',
  'records/shipping',
  'masking/large-lists',
  'records/registry',
  'masking/leaks',
  'masking/answers',
  'gateway/gateway',
  'policy/scale',
  'gateway/rights',
  'ground/readme',
  'admission/approvalrequests',
  'policy/publishing',
  'approvalrequest/lifecycle',
  'client/informer',
  'client/restart',
  'records/faults',
  'records/soak',
  'elasticsearch/searches',
];

/** Begins the longest files first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = LONG.findIndex((name) => moduleId.includes(`/${name}.`));
      return found < 0 ? LONG.length : found;
    };
    const others = await super.sort(files);
    return others.toSorted((left, right) => place(left) - place(right));
  }
}
