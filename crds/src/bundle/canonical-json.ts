/**
 * JSON with sorted keys and without blanks, so that equal values have equal bytes: revisions and digests rest on it.
 * Keys sort by UTF-16 code units and numbers are written as ECMAScript does, as in RFC 8785. Members that are undefined
 * are left out. The value must come from JSON or be made of the same: anything else is a fault of the caller's.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`a ${typeof value} has no JSON`);
  return text;
}
