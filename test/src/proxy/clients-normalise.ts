/** Texts that differ between two runs of one command for a known reason, and what stands for each when they are compared. */
export type KnownTexts = ReadonlyMap<string, string>;

/** What the API server makes up anew for each object, and what the clock says. Nothing else may differ. */
const MADE_UP: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g, '<uid>'],
  [/("?resourceVersion"?: ?"?)\d+/gi, '$1<version>'],
  [/("continue": ?")[^"]+/g, '$1<continue>'],
  [/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, '<token>'],
  [/modifiedAt=\d+/g, 'modifiedAt=<time>'],
  // kubectl diff: its directories, and the padding that follows the longer time of a later second.
  [/\/tmp\/(LIVE|MERGED)-\d+/g, '/tmp/$1'],
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| ?[+-]\d{4}(?: [A-Z]+)?)?/g, '<time>'],
  [/[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, '<time>'],
  [/[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}/g, '<time>'],
  // A pod's name behind that of its ReplicaSet, and a token's Secret behind that of its owner.
  [/(?<=-[0-9a-f]{8,10}-)[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, '<generated>'],
  [/(kube-api-access-)[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, '$1<generated>'],
  // client-go's word, or silence, about a watch that it ends itself while something is on its way.
  [/^[IWE]\d{4} .*reflector\.go:.*context (?:deadline exceeded|canceled).*\n/gm, ''],
  // client-go's log: when, and by which process.
  [/^([IWE])\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ /gm, '$1<log> '],
  // Addresses of Services.
  [/\b10\.96\.0\.\d{1,3}\b/g, '<address>'],
  [/(?<=[\s(])(?:\d+[smhdy]){1,2}(?=[\s)]|$)/gm, '<age>'],
  // Columns are as wide as their longest cell.
  [/(<age>|<address>|<time>|AGE|Age|LAST SEEN|CLUSTER-IP|UPDATED|----)[ \t]+/g, '$1 '],
];

/** A command's output as it is compared with that of the same command in another place. */
export function normalise(text: string, known: KnownTexts): string {
  let normalised = text;
  for (const [actual, placeholder] of known) normalised = normalised.replaceAll(actual, placeholder);
  for (const [pattern, placeholder] of MADE_UP) normalised = normalised.replaceAll(pattern, placeholder);
  return normalised;
}
