import { gunzipSync } from 'node:zlib';
import { parseDocument } from 'yaml';
import { UndecodableBody, type Value } from '../document.ts';
import type { CallValues } from './call-values.ts';
import { SECRET, type Cause } from './cause.ts';
import { isContainer, memberOf, textAt } from './document-reading.ts';
import { looksLikeSecretManifest } from './embedded.ts';
import { decodedText } from './mask-leaf.ts';
import type { Plan } from './plan.ts';

/** What is unpacked of a release. What is in a larger one is masked with it, but its values are not known. */
const MAX_RELEASE_BYTES = 4 * 1024 * 1024;
/** YAML is slow to read: of the manifests no more than this. */
const MAX_MANIFEST_LENGTH = 64 * 1024;
const MAX_MANIFESTS_LENGTH = 256 * 1024;
const MAX_VALUES = 10_000;

/** Given to a config value of a release: it is known like one that a rule names, as most are no secrets. */
const CONFIG: Cause = { name: 'helm-release', replacement: 'Redact', alwaysOn: false };

interface Learner {
  readonly plan: Pick<Plan, 'parse'>;
  readonly values: CallValues;
}

/**
 * Learns the values inside a Helm release (base64, perhaps twice, of gzip of JSON), so that they are found where else
 * the call shows them. The release itself is masked whole by the caller. What cannot be read is no error: it is not shown.
 */
export function learnRelease(text: string, { plan, values }: Learner): void {
  const json = unpack(text);
  if (json === undefined) return;
  const release = parsed(json, plan);
  if (release === undefined) return;
  for (const value of leafTexts(memberOf(release, 'config'))) values.add(value, CONFIG);
  for (const value of secretValues(manifestsOf(release))) values.add(value, SECRET);
}

function unpack(text: string): string | undefined {
  // A Secret holds base64 (by the API) of base64 (by Helm), a ConfigMap Helm's alone.
  const inner = text.startsWith('H4sI') ? text : Buffer.from(text, 'base64').toString('latin1');
  if (!inner.startsWith('H4sI')) return undefined;
  try {
    return gunzipSync(Buffer.from(inner, 'base64'), { maxOutputLength: MAX_RELEASE_BYTES }).toString();
  } catch {
    return undefined;
  }
}

function parsed(json: string, plan: Learner['plan']): Value | undefined {
  try {
    return plan.parse(json).root;
  } catch (error) {
    if (error instanceof UndecodableBody) return undefined;
    throw error;
  }
}

function leafTexts(value: Value | undefined): string[] {
  const texts: string[] = [];
  const pending = value === undefined ? [] : [value];
  for (let at = pending.pop(); at !== undefined && texts.length < MAX_VALUES; at = pending.pop()) {
    if (at.kind === 'text') texts.push(at.text);
    else if (isContainer(at)) {
      for (const child of at.kind === 'list' ? at.items : at.members.map((member) => member.value)) pending.push(child);
    }
  }
  return texts;
}

function manifestsOf(release: Value): readonly string[] {
  const hooks = memberOf(release, 'hooks');
  const texts = [
    textAt(release, 'manifest'),
    ...(hooks?.kind === 'list' ? hooks.items.map((hook) => textAt(hook, 'manifest')) : []),
  ];
  return texts.flatMap((text) => text?.split(/^---/mu) ?? []);
}

function secretValues(manifests: readonly string[]): string[] {
  let left = MAX_MANIFESTS_LENGTH;
  const values: string[] = [];
  for (const manifest of manifests) {
    if (!looksLikeSecretManifest(manifest) || manifest.length > Math.min(left, MAX_MANIFEST_LENGTH)) continue;
    left -= manifest.length;
    values.push(...valuesOfManifest(manifest));
  }
  return values;
}

function valuesOfManifest(manifest: string): string[] {
  const document = parseDocument(manifest, { logLevel: 'silent' });
  const object: unknown = readable(() => document.toJS({ maxAliasCount: 10 }));
  return [...textsOf(object, 'data').map((value) => decodedText(value) ?? value), ...textsOf(object, 'stringData')];
}

function readable(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    // Aliases without an anchor, or too many of them.
    return undefined;
  }
}

function textsOf(object: unknown, field: string): string[] {
  if (typeof object !== 'object' || object === null) return [];
  const values: unknown = Object.entries(object).find(([key]) => key === field)?.[1];
  if (typeof values !== 'object' || values === null) return [];
  return Object.values(values).filter((value) => typeof value === 'string');
}
