/** Whether the text is a hash as records are written. Upper-case letters would be a second spelling of the same value. */
export const isHash = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);
