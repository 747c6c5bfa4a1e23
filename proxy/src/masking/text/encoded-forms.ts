import { isUtf8 } from 'node:buffer';
import { base64Cores, toUrlAlphabet } from './base64-cores.ts';

/** In the base64 of something longer fewer characters than this would be found by chance. */
const MIN_CORE = 8;

/**
 * The ways in which a value is written in text: as it is, base64 of it and of something that holds it (both alphabets),
 * hex, percent-encoded, and with the escapes of JSON and of Go's `%q`. No form twice.
 */
export function encodedForms(value: string | Uint8Array): readonly string[] {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : Buffer.from(value);
  const forms = new Set<string>();
  if (typeof value === 'string' || isUtf8(bytes))
    addTextForms(typeof value === 'string' ? value : bytes.toString('utf8'), forms);
  for (const core of base64Cores(bytes)) {
    if (core.length < MIN_CORE) continue;
    forms.add(core);
    forms.add(toUrlAlphabet(core));
  }
  // The whole, with the characters that also hold the padding's bits: the core alone would leave the last one standing.
  const whole = bytes.toString('base64');
  forms.add(whole).add(bytes.toString('base64url')).add(toUrlAlphabet(whole));
  const hex = bytes.toString('hex');
  forms.add(hex).add(hex.toUpperCase());
  return [...forms];
}

function addTextForms(text: string, forms: Set<string>): void {
  forms.add(text);
  const withoutBreak = text.replace(/[\r\n]+$/, '');
  if (withoutBreak !== text) forms.add(withoutBreak);
  // A lone surrogate, which no percent-encoding can say.
  if (text.isWellFormed()) {
    const percent = encodeURIComponent(text);
    forms.add(percent).add(percent.replaceAll('%20', '+'));
    forms.add(goQueryEscape(text));
  }
  const json = JSON.stringify(text).slice(1, -1);
  forms.add(json);
  forms.add(json.replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026'));
  forms.add(JSON.stringify(json).slice(1, -1));
  forms.add(goQuoted(text));
  forms.add(unicodeEscaped(text));
}

/** As url.QueryEscape: all but letters, digits and `-_.~`. */
function goQueryEscape(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

/** As strconv.Quote, without the quotes. */
function goQuoted(text: string): string {
  const json = JSON.stringify(text).slice(1, -1);
  return json
    .replaceAll('\\u0007', '\\a')
    .replaceAll('\\u000b', '\\v')
    .replace(/\\u00([01][0-9a-f])/g, '\\x$1')
    .replaceAll('\u007f', '\\x7f');
}

/** Every character as JSON's escape, as some serializers write. */
function unicodeEscaped(text: string): string {
  return Array.from({ length: text.length }, (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
    '',
  );
}
