import { isUserAndPassword } from './authorization.ts';
import { startsToken } from './boundaries.ts';
import { type Detector, lastGroupAt, matchAt } from './detector.ts';
import { standsForValue } from './shown-values.ts';

const AUTH = /auth(?:\\*["'])?\s{0,4}[:=]\s{0,4}(?:\\*["'])?([A-Za-z0-9+/_-]{6,8192}={0,2})/iy;
const TOKEN = /(?:identitytoken|registrytoken)(?:\\*["'])?\s{0,4}[:=]\s{0,4}(?:\\*["'])?([^\s"'\\,}]{6,16384})/iy;
/** Base64 of `{"auths"`, with and without a blank. */
const ENCODED =
  /eyAi?YXV0aHMi[A-Za-z0-9+/=_-]{16,65536}|eyJhdXRocyI[A-Za-z0-9+/=_-]{16,65536}|ewogI[A-Za-z0-9+/]{0,8}JhdXRocyI[A-Za-z0-9+/=_-]{16,65536}/y;

export const dockerConfig: Detector = {
  name: 'docker-config',
  kind: undefined,
  description:
    "credentials in Docker's configuration: `auth` (base64 of user:password), `identitytoken`, `registrytoken`, and all of it in base64",
  example: '{"auths":{"ghcr.io":{"auth":"dXNlcjo…"}}}',
  anchors: ['auth"', "auth'", 'auth\\', 'auth:', 'auth=', 'identitytoken', 'registrytoken', 'eyjhdxrocyi', 'ewog'],
  match(text, at) {
    const character = text.charAt(at);
    if (character === 'e' || character === 'E') {
      const found = startsToken(text, at) ? matchAt(ENCODED, text, at) : null;
      return found === null ? undefined : { start: at, end: at + found[0].length };
    }
    const token = lastGroupAt(TOKEN, text, at);
    if (token !== undefined) return standsForValue(text.slice(token.start, token.end)) ? undefined : token;
    const auth = lastGroupAt(AUTH, text, at);
    return auth !== undefined && isUserAndPassword(text.slice(auth.start, auth.end)) ? auth : undefined;
  },
};
