const REDACTED = '[redacted]';

/**
 * What must not leave the process in a message, whatever put it there. Patterns are linear: no nested quantifiers,
 * every repetition is over one character class.
 */
const SECRETS: readonly RegExp[] = [
  // A PEM block; an unfinished one too, as messages are cut.
  /-----BEGIN [A-Z0-9 ]{1,40}-----[A-Za-z0-9+/=\s\\]*(?:-----END [A-Z0-9 ]{1,40}-----)?/g,
  // Anything that names itself a credential of an Authorization header.
  /\b(?:Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi,
  // A JSON Web Token or JWE, by the base64url of `{"`.
  /\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,4}/g,
  // Tokens of the bearer subprotocol that browsers and kubectl use over WebSocket.
  /base64url\.bearer\.authorization\.k8s\.io\.[A-Za-z0-9_-]+/g,
  // Credentials inside a URL.
  /(?<=:\/\/)[^\s/@:]{1,256}:[^\s/@]{1,256}(?=@)/g,
];

/** In every text in which a pattern above finds something. Most texts hold none of these, and are not searched. */
const SUSPICIOUS = /-----BEGIN |bearer|basic|eyJ|:\/\//i;

/** Longest text that is searched: what lies beyond is cut before any pattern runs. */
const MAX_SEARCHED = 16_384;

/**
 * Replaces credentials that a free text carries and cuts it to `maxLength` UTF-16 units (the mark of the cut
 * included). For messages of others, such as those of the API server, before they are logged or put into a condition.
 */
export function redactText(text: string, maxLength = 1024): string {
  const bounded = text.length > MAX_SEARCHED ? text.slice(0, MAX_SEARCHED) : text;
  if (!SUSPICIOUS.test(bounded)) return truncateText(bounded, maxLength);
  const clean = SECRETS.reduce((current, pattern) => current.replace(pattern, REDACTED), bounded);
  return truncateText(clean, maxLength);
}

/** Cuts a text to `maxLength` UTF-16 units, ending it with `...`, and never through a surrogate pair. */
export function truncateText(text: string, maxLength: number): string {
  if (text.length <= maxLength) {
    return text;
  }
  const cut = text.slice(0, Math.max(maxLength - 3, 0));
  const last = cut.charCodeAt(cut.length - 1);
  const whole = last >= 0xd800 && last <= 0xdbff ? cut.slice(0, -1) : cut;
  return `${whole}...`;
}
