import { evaluate, newActivation, type Activation, type Outcome } from '@chaperone/crds/expression/environment';
import type { FailureReason } from '@chaperone/crds/expression/failure';
import type { JsonValue } from '@chaperone/crds/expression/value';
import type { CompiledCondition } from './compiled-bundle.ts';
import type { Knowledge } from './policy-input.ts';
import type { NameFact, Reading, Slot } from './reading.ts';
import { NOTHING, pending, truthOf, UNKNOWN, type Needs, type Truth } from './truth.ts';

/** What an expression says about one of the objects. `failure` says why it has no value; what is missing is none. */
export interface ConditionResult {
  readonly truth: Truth;
  readonly failure: FailureReason | undefined;
}

/**
 * Evaluates conditions against one reading of a call.
 *
 * An expression that speaks of `object` and not of `oldObject` is evaluated for the new object and for the old one, as
 * an objectSelector is: who removes a label and does something else in one update must not get past a rule about it,
 * and a delete is judged by the object that goes. One that names `oldObject` compares the two itself and is evaluated
 * as it stands. The results are remembered by program; nothing is wrapped before the first expression is met.
 */
export class ConditionJudge {
  readonly #reading: Reading;
  readonly #activations = new Map<Knowledge, Activation>();
  readonly #results = new Map<CompiledCondition['program'], readonly ConditionResult[]>();

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  /** One result for each object that the expression is evaluated for; never empty. */
  judge(condition: CompiledCondition): readonly ConditionResult[] {
    const remembered = this.#results.get(condition.program);
    if (remembered !== undefined) return remembered;
    const results = objectsFor(condition, this.#reading).map((object) => this.#evaluate(condition, object));
    this.#results.set(condition.program, results);
    return results;
  }

  #evaluate(condition: CompiledCondition, object: Slot): ConditionResult {
    const outcome = evaluateSafely(condition, this.#activation(object));
    if (outcome.kind === 'value') return { truth: truthOf(outcome.value), failure: undefined };
    // An error beside what is pending may be the value's that is missing, so it is no failure yet.
    const needs = needsOf(condition, object, this.#reading);
    if (needs !== NOTHING) return { truth: pending(needs), failure: undefined };
    const excused = outcome.kind === 'unknown' || readsUnknownName(condition, this.#reading);
    return { truth: UNKNOWN, failure: excused ? undefined : outcome.reason };
  }

  #activation(object: Slot): Activation {
    const made = this.#activations.get(object.knowledge);
    if (made !== undefined) return made;
    const activation = newActivation(variablesOf(this.#reading, object));
    this.#activations.set(object.knowledge, activation);
    return activation;
  }
}

function objectsFor({ program }: CompiledCondition, { object, oldObject }: Reading): readonly Slot[] {
  const judgesBoth = program.references.has('object') && !program.references.has('oldObject');
  if (!judgesBoth || object === oldObject) return [object];
  const existing = [object, oldObject].filter(({ knowledge }) => knowledge.kind !== 'absent');
  return existing.length === 0 ? [object] : existing;
}

/** Data that no API server sends, such as lists nested beyond the stack, fail like any other data. */
function evaluateSafely({ program }: CompiledCondition, activation: Activation): Outcome {
  try {
    return evaluate(program, activation);
  } catch {
    return { kind: 'error', reason: 'Failed', message: 'the evaluation did not end' };
  }
}

function variablesOf(reading: Reading, object: Slot): { readonly [name: string]: JsonValue | undefined } {
  const { verb, input, oldObject, namespaceObject, name, namespace } = reading;
  const { attributes, caller, dryRun, options, command } = input;
  const { apiGroup, resource, subresource, path } = attributes;
  return {
    request: {
      verb,
      apiGroup,
      resource,
      subresource,
      path,
      dryRun,
      options,
      command,
      // Left out where unknown: reading it then fails, and a failed expression does not match Allow. As '' it would
      // make `request.name != 'db'` true of a list that returns `db`.
      ...(name.kind === 'known' ? { name: name.name } : {}),
      ...(namespace.kind === 'known' ? { namespace: namespace.name } : {}),
    },
    user: { username: caller.username, uid: caller.uid, groups: caller.groups, extra: caller.extra },
    object: valueOf(object.knowledge),
    oldObject: valueOf(oldObject.knowledge),
    namespaceObject: valueOf(namespaceObject.knowledge),
  };
}

function valueOf(knowledge: Knowledge): JsonValue | undefined {
  if (knowledge.kind === 'known') return knowledge.value;
  return knowledge.kind === 'absent' ? null : undefined;
}

function needsOf(condition: CompiledCondition, object: Slot, reading: Reading): Needs {
  const { references } = condition.program;
  return (
    slotNeeds(references.has('object'), object) |
    slotNeeds(references.has('oldObject'), reading.oldObject) |
    slotNeeds(references.has('namespaceObject'), reading.namespaceObject) |
    nameNeeds(condition.readsName, reading.name) |
    nameNeeds(condition.readsNamespace, reading.namespace)
  );
}

const slotNeeds = (referenced: boolean, { knowledge, needs }: Slot): Needs =>
  referenced && knowledge.kind === 'pending' ? needs : NOTHING;

const nameNeeds = (read: boolean, name: NameFact): Needs => (read && name.kind === 'unknown' ? name.needs : NOTHING);

const readsUnknownName = (condition: CompiledCondition, { name, namespace }: Reading): boolean =>
  (condition.readsName && name.kind === 'unknown') || (condition.readsNamespace && namespace.kind === 'unknown');
