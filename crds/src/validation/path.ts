/** Builds field paths in the API server's spelling: `spec.rules[3].approval.holdFor`, `metadata.labels[a.b/c]`. */

export const child = (path: string, field: string): string => (path === '' ? field : `${path}.${field}`);

export const item = (path: string, index: number): string => `${path}[${index}]`;

export const entry = (path: string, key: string): string => `${path}[${key}]`;
