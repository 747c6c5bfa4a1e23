/** A media type without its parameters, in lower case; '' where there is none. */
export const mediaType = (contentType = ''): string => (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();

/** The same, where none is JSON, as with an API server. */
export const essence = (contentType: string | undefined): string => mediaType(contentType) || 'application/json';

const CHARSET = /;\s*charset\s*=\s*"?([^\s";]*)/i;

/** False where it says that its text is other than UTF-8. API servers do not look; who else does would read another text. */
export function isUnicode(contentType: string | undefined): boolean {
  const [, charset = 'utf-8'] = CHARSET.exec(contentType ?? '') ?? [];
  return ['utf-8', 'utf8', 'us-ascii', ''].includes(charset.toLowerCase());
}
