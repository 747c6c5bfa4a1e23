/** Shorter texts hold nothing that is looked for here. */
const MIN_LENGTH = 20;

/**
 * Whether a text is gzip in base64, or in base64 twice. Helm keeps releases like that, and some tools keep copies of
 * objects in annotations so. What is in it cannot be masked in place.
 */
export const looksCompressed = (text: string): boolean =>
  text.length >= MIN_LENGTH && (text.startsWith('H4sI') || text.startsWith('SDRzSU'));

/** Whether a text may be an object of Kubernetes in JSON, or a list of them. */
export function looksLikeObject(text: string): boolean {
  if (text.length < MIN_LENGTH) return false;
  const first = firstCharacter(text);
  return (first === '{' || first === '[') && text.includes('"kind"');
}

function firstCharacter(text: string): string | undefined {
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character !== ' ' && character !== '\n' && character !== '\t' && character !== '\r') return character;
  }
  return undefined;
}

const KIND = /["']?kind["']?[ \t]*:[ \t]*["']?Secret(?:List)?["']?[ \t]*(?:[,}#\r\n]|$)/u;
const VALUES = /(?:data|stringData)["']?[ \t]*:/u;

/** Whether a text holds a manifest of a Secret, in YAML or in JSON: in a ConfigMap, say, or in a template. */
export const looksLikeSecretManifest = (text: string): boolean =>
  text.length >= MIN_LENGTH && text.includes('kind') && text.includes('Secret') && KIND.test(text) && VALUES.test(text);
