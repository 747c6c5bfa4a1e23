import { gunzipSync } from 'node:zlib';
import { needlesOf, SHORTEST_NEEDLE, type Needle } from './needles.ts';
import type { Seed } from './seeds.ts';

/** A seed where none may be. */
export interface Finding {
  readonly seed: Seed;
  readonly form: string;
  /** What was searched. */
  readonly place: string;
  readonly offset: number;
}

/** Searches for all seeds at once, in what is too large to be read once for each. */
export interface SeedSearch {
  search(bytes: Buffer, place: string): Finding[];
}

/** Packed texts within packed texts: Helm packs once. */
const DEEPEST = 3;
const MOST_UNPACKED = 64 * 1024 * 1024;
const BASE64_RUN = /[A-Za-z0-9+/_-]{40,}/gu;
const BITS = 22;

export function newSeedSearch(seeds: readonly Seed[]): SeedSearch {
  const byStart = new Map<string, { readonly seed: Seed; readonly needle: Needle }[]>();
  // Whether some needle may begin with four bytes of this hash: most places of a log can be passed by.
  const starts = new Uint8Array(1 << BITS);
  for (const seed of seeds) {
    for (const needle of needlesOf(seed)) {
      const start = needle.bytes.toString('latin1', 0, SHORTEST_NEEDLE);
      const known = byStart.get(start) ?? [];
      known.push({ seed, needle });
      byStart.set(start, known);
      starts[hashAt(needle.bytes, 0)] = 1;
    }
  }

  function searchFlat(bytes: Buffer, place: string): Finding[] {
    const findings: Finding[] = [];
    for (let at = 0; at + SHORTEST_NEEDLE <= bytes.length; at++) {
      if (starts[hashAt(bytes, at)] === 0) continue;
      for (const { seed, needle } of byStart.get(bytes.toString('latin1', at, at + SHORTEST_NEEDLE)) ?? [])
        if (bytes.subarray(at, at + needle.bytes.length).equals(needle.bytes))
          findings.push({ seed, form: needle.form, place, offset: at });
    }
    return findings;
  }

  function searchDeep(bytes: Buffer, place: string, depth: number): Finding[] {
    const findings = searchFlat(bytes, place);
    if (depth >= DEEPEST) return findings;
    for (const { bytes: inner, form } of unpacked(bytes))
      for (const finding of searchDeep(inner, place, depth + 1))
        findings.push({ ...finding, form: `${form}(${finding.form})` });
    return findings;
  }

  return { search: (bytes, place) => searchDeep(bytes, place, 0) };
}

const hashAt = (bytes: Buffer, at: number): number => Math.imul(bytes.readUInt32LE(at), 0x9e3779b1) >>> (32 - BITS);

/** What runs of base64 hold: compressed, or once more base64. */
function unpacked(bytes: Buffer): { readonly bytes: Buffer; readonly form: string }[] {
  return [...bytes.toString('latin1').matchAll(BASE64_RUN)].flatMap(([run]) => {
    const decoded = Buffer.from(run, 'base64');
    if (decoded[0] === 0x1f && decoded[1] === 0x8b) {
      const inflated = gunzipped(decoded);
      return inflated === undefined ? [] : [{ bytes: inflated, form: 'gzip+base64' }];
    }
    const isText = decoded.subarray(0, 64).every((byte) => byte >= 0x09 && byte < 0x7f);
    return isText ? [{ bytes: decoded, form: 'base64' }] : [];
  });
}

function gunzipped(bytes: Buffer): Buffer | undefined {
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST_UNPACKED });
  } catch {
    return undefined;
  }
}
