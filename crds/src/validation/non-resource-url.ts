const URL = /^\/[-A-Za-z0-9._~:@!$&+,;=()/]*\*?$/u;

/** Why this entry of `nonResourceURLs` can match no call, or undefined where it can. */
export function nonResourceUrlProblem(url: string): string | undefined {
  if (url === '*') {
    return undefined;
  }
  if (!URL.test(url)) {
    return "write a path that starts with '/', without a query or percent escapes; '*' may only be its last character";
  }
  const segments = url.slice(1).split('/');
  // The last segment may be empty: that is a trailing slash.
  if (segments.some((part, index) => part === '.' || part === '..' || (part === '' && index < segments.length - 1))) {
    return "paths with empty segments, '.' or '..' are refused before any policy is asked";
  }
  if (isResourcePath(segments)) {
    return 'this is the path of a resource, which nonResourceURLs never match; use apiGroups and resources';
  }
  return undefined;
}

/**
 * RequestInfo takes `/api/VERSION/...` and `/apis/GROUP/VERSION/...` for resources once anything follows the version
 * (k8s.io/apiserver `pkg/endpoints/request/requestinfo.go`).
 */
function isResourcePath(segments: readonly string[]): boolean {
  const filled = segments.filter((part) => part !== '');
  return (filled[0] === 'api' && filled.length >= 3) || (filled[0] === 'apis' && filled.length >= 4);
}
