/** `metav1.MicroTime`: exactly six decimals, or the API server refuses to parse it. @param ms since the epoch */
export const microTimestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, -1)}000Z`;
