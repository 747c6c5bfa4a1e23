/** A media type without its parameters, in lower case. None, as with an API server, is JSON. */
export function essence(contentType: string | undefined): string {
  const [type = ''] = (contentType ?? '').split(';', 1);
  return type.trim().toLowerCase() || 'application/json';
}

const CHARSET = /;\s*charset\s*=\s*"?([^\s";]*)/i;

/** False where it says that its text is other than UTF-8. API servers do not look; who else does would read another text. */
export function isUnicode(contentType: string | undefined): boolean {
  const [, charset = 'utf-8'] = CHARSET.exec(contentType ?? '') ?? [];
  return ['utf-8', 'utf8', 'us-ascii', ''].includes(charset.toLowerCase());
}
