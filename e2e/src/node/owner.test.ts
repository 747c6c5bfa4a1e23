import { describe, expect, test } from 'vitest';
import { heldError, judgeOwnership, type NodeOwner, type OwnerFacts, type Ownership } from './owner.ts';

const launcher = { pid: 4711, startTime: '99' };
const owner = (stackDirectory: string): NodeOwner => ({ stackDirectory, launcher });
const DEAD: OwnerFacts = { isStackAlive: false, isNodeAlive: false, directoryExists: true };

const cases: Record<string, { owner: NodeOwner | undefined; facts: OwnerFacts; expected: Ownership }> = {
  'nobody claims it and nothing runs: free': { owner: undefined, facts: DEAD, expected: 'free' },
  'nobody claims it, yet it runs, as its owner file is lost: stale': {
    owner: undefined,
    facts: { ...DEAD, isNodeAlive: true },
    expected: 'stale',
  },
  'this stack has it and it runs: ours': {
    owner: owner('/a/.run'),
    facts: { ...DEAD, isStackAlive: true, isNodeAlive: true },
    expected: 'ours',
  },
  'this stack had it and its programs were killed: stale': {
    owner: owner('/a/.run'),
    facts: { ...DEAD, isStackAlive: true },
    expected: 'stale',
  },
  'another stack has it and it runs: held': {
    owner: owner('/b/.run'),
    facts: { ...DEAD, isStackAlive: true, isNodeAlive: true },
    expected: 'held',
  },
  'another stack is about to start it: held': {
    owner: owner('/b/.run'),
    facts: { ...DEAD, isStackAlive: true },
    expected: 'held',
  },
  'another stack had it and all its processes are gone: stale': {
    owner: owner('/b/.run'),
    facts: DEAD,
    expected: 'stale',
  },
  'it runs for a checkout that has been deleted: stale': {
    owner: owner('/b/.run'),
    facts: { isStackAlive: true, isNodeAlive: true, directoryExists: false },
    expected: 'stale',
  },
};

describe('judgeOwnership', () => {
  test.each(Object.entries(cases))('%s', (_, one) => {
    expect(judgeOwnership(one.owner, '/a/.run', one.facts)).toBe(one.expected);
  });
});

test('a second checkout is told which one has the node, and what to do, in one line', () => {
  expect(heldError(owner('/home/dana/chaperone/.run')).message).toBe(
    "this machine's one node belongs to the stack in /home/dana/chaperone/.run: run 'make down' in its checkout, or leave WITH_NODE unset here",
  );
});
