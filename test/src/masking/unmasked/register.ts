/**
 * Loaded into a gateway by `node --import`: a gateway that masks nothing, to show that a search would find what masking
 * hides. It is put together by replacing modules while they are loaded, so that the product has no switch for it.
 */
import { registerHooks } from 'node:module';

const REPLACED: readonly (readonly [module: string, replacement: string])[] = [
  ['/proxy/src/masking/engine/masker.ts', './masker.ts'],
  ['/proxy/src/audit/recorded-body.ts', './recorded-body.ts'],
  ['/proxy/src/audit/request-line.ts', './request-line.ts'],
  ['/proxy/src/request/inbound-headers.ts', './inbound-headers.ts'],
];

registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, context);
    // The replacements use what they replace.
    if (context.parentURL?.includes('/masking/unmasked/') === true) return resolved;
    const replacement = REPLACED.find(([module]) => resolved.url.endsWith(module));
    if (replacement === undefined) return resolved;
    return { ...resolved, url: new URL(replacement[1], import.meta.url).href };
  },
});
