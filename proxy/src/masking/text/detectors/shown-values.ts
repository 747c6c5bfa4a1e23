/** Values that stand where a secret would and are none: references to one, and what examples and documentation write. */

/** How references begin: `${VAR}`, `$(VAR)`, `$VAR`, `{{ .Values.x }}`, `<password>`, `%s`, `%(x)s`, `@secret@`, vault paths. */
const REFERENCE =
  /^(?:\$[A-Za-z_{(]|\$\$|\{\{|\[\[|<|%[sdvq(]|%[A-Z_]{2,64}%|@[\w.-]{1,64}@$|#\{|\*{2,}|&lt;|\\u003c|(?:ref\+)?vault:|arn:|projects\/|(?:secret|env|file|op|ssm):|(?:https?|file):\/\/|\.{0,2}\/[\w.-]{1,64}(?:\/|$)|os\.|process\.env|System\.|getenv|data\.|var\.|local\.|module\.|random_|!(?:Ref|Sub|GetAtt|vault)\b)/;

/** Said instead of a value, in lower case. `changeme` and its kin are defaults that everybody knows: nothing is hidden by hiding them. */
const WORDS = new Set([
  'null',
  'nil',
  'none',
  'true',
  'false',
  'undefined',
  'empty',
  'unset',
  'missing',
  'invalid',
  'required',
  'optional',
  'string',
  'default',
  'redacted',
  'hidden',
  'masked',
  'omitted',
  'removed',
  'sensitive',
  'secret',
  'password',
  'passwd',
  'token',
  'bearer',
  'basic',
  'changeme',
  'changeit',
  'change-me',
  'change_me',
  'replaceme',
  'replace-me',
  'replace_me',
  'placeholder',
  'todo',
  'tbd',
  'example',
  'sample',
  'test',
  'yourpassword',
  'your-password',
  'your_password',
  'yourtoken',
  'your-token',
  'your_token',
  'mypassword',
  'my-password',
  'my_password',
  'expired',
  'unknown',
  'incorrect',
  'failed',
  'denied',
  'authentication',
  'authenticated',
  'and',
  'the',
  'for',
  'with',
  'from',
  'not',
]);

const STARS = /^[*xX.•#_-]+$/;

/** Whether the text only stands for a value. */
export function standsForValue(value: string): boolean {
  return REFERENCE.test(value) || STARS.test(value) || WORDS.has(value.toLowerCase());
}

/** Whether a token has at least so many different characters: rows of x or 0 are examples. */
export function isVaried(token: string, atLeast: number): boolean {
  const seen = new Set<string>();
  for (const character of token) {
    seen.add(character);
    if (seen.size >= atLeast) return true;
  }
  return false;
}

/** Whether it looks drawn by a machine: letters and digits mixed, or both cases within. */
export function looksRandom(value: string): boolean {
  return /[0-9]/.test(value) && /[A-Za-z]/.test(value)
    ? true
    : /[a-z][A-Z]/.test(value) && /[A-Z]{2}|[A-Z][a-z]?[A-Z]/.test(value);
}
