type Fields = { [key: string]: unknown };

/**
 * Takes out, in place, what holds nothing: null, '', and lists and objects that are or become empty. In some engines an
 * empty value is found by `exists`, and rules read off it that there is something. What is taken out is left undefined,
 * which JSON leaves out: deleted, it would make every later access slow.
 */
export function pruned<T extends Fields>(document: T): T {
  prune(document);
  return document;
}

/** Whether anything is left. */
function prune(fields: Fields): boolean {
  let holds = false;
  for (const key of Object.keys(fields)) {
    const value = fields[key];
    if (value === undefined) continue;
    if (isEmpty(value)) fields[key] = undefined;
    else holds = true;
  }
  return holds;
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return isFields(value) && !prune(value);
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
