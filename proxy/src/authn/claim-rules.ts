import type { CompiledExpression } from '@chaperone/crds/expression/environment';
import { duplicate, forbidden, invalid, required, type FieldError } from '@chaperone/crds/validation/field-error';
import { child, item } from '@chaperone/crds/validation/path';
import { compileClaimExpression } from './claim-expression.ts';
import type { JwtAuthenticatorShape } from './configuration-schema.ts';
import { VIA_KEY } from './identity.ts';
import { LIMITS, reservedPrefix } from './user-names.ts';

export type ClaimRule =
  | { readonly kind: 'claim'; readonly claim: string; readonly requiredValue: string }
  | { readonly kind: 'expression'; readonly expression: CompiledExpression; readonly message: string };

export interface UserRule {
  readonly expression: CompiledExpression;
  readonly message: string;
}

/** Where a value of the user comes from. */
export type ClaimMapping =
  | { readonly kind: 'claim'; readonly claim: string; readonly prefix: string }
  | { readonly kind: 'expression'; readonly expression: CompiledExpression };

export interface ExtraMapping {
  readonly key: string;
  readonly expression: CompiledExpression;
}

/** Reads `claimValidationRules` by Kubernetes' rules. */
export function readClaimRules(
  rules: JwtAuthenticatorShape['claimValidationRules'],
  path: string,
  findings: FieldError[],
): readonly ClaimRule[] {
  return rules.flatMap((rule, index): ClaimRule[] => {
    const { claim, requiredValue, message } = rule;
    const here = item(path, index);
    if (claim !== '' && rule.expression !== '') {
      findings.push(invalid(here, claim, "claim and expression can't both be set"));
      return [];
    }
    if (claim === '' && rule.expression === '') {
      findings.push(required(here, 'claim or expression is required'));
      return [];
    }
    if (claim !== '') {
      if (message !== '') findings.push(forbidden(child(here, 'message'), 'may not be specified when claim is set'));
      if (rules.findIndex((other) => other.claim === claim) !== index) {
        findings.push(duplicate(child(here, 'claim'), claim));
      }
      return [{ kind: 'claim', claim, requiredValue }];
    }
    if (requiredValue !== '') {
      findings.push(forbidden(child(here, 'requiredValue'), 'may not be specified when expression is set'));
    }
    const expressionPath = child(here, 'expression');
    if (rules.findIndex((other) => other.expression === rule.expression) !== index) {
      findings.push(duplicate(expressionPath, rule.expression));
    }
    const expression = compileClaimExpression(rule.expression, 'claimRule', expressionPath, findings);
    return expression === undefined ? [] : [{ kind: 'expression', expression, message }];
  });
}

/** Reads `userValidationRules` by Kubernetes' rules. */
export function readUserRules(
  rules: JwtAuthenticatorShape['userValidationRules'],
  path: string,
  findings: FieldError[],
): readonly UserRule[] {
  return rules.flatMap((rule, index) => {
    const here = child(item(path, index), 'expression');
    if (rules.findIndex((other) => other.expression === rule.expression) !== index) {
      findings.push(duplicate(here, rule.expression));
    }
    const expression = compileClaimExpression(rule.expression, 'userRule', here, findings);
    return expression === undefined ? [] : [{ expression, message: rule.message }];
  });
}

/** Reads a mapping; `undefined` where there is none, or none that can be used. `prefix` does not belong to `uid`. */
export function readMapping(
  shape: { readonly claim: string; readonly prefix?: string | undefined; readonly expression: string },
  use: 'text' | 'texts' | 'uid',
  path: string,
  findings: FieldError[],
): ClaimMapping | undefined {
  const { claim, prefix, expression: source } = shape;
  if (claim !== '' && source !== '') {
    findings.push(invalid(path, claim, "claim and expression can't both be set"));
    return undefined;
  }
  if (prefix !== undefined) checkPrefix(prefix, { claim, source }, child(path, 'prefix'), findings);
  if (source !== '') {
    const here = child(path, 'expression');
    const expression = compileClaimExpression(source, use === 'texts' ? 'texts' : 'text', here, findings);
    return expression === undefined ? undefined : { kind: 'expression', expression };
  }
  if (claim === '') return undefined;
  if (prefix === undefined && use !== 'uid') {
    findings.push(
      required(
        child(path, 'prefix'),
        'prefix is required when claim is set; it may be empty, which is not recommended',
      ),
    );
  }
  return { kind: 'claim', claim, prefix: prefix ?? '' };
}

function checkPrefix(
  prefix: string,
  { claim, source }: { readonly claim: string; readonly source: string },
  path: string,
  findings: FieldError[],
): void {
  if (source !== '') findings.push(invalid(path, prefix, 'may not be specified when expression is set'));
  else if (claim === '') findings.push(invalid(path, prefix, 'means nothing without claim'));
  const reserved = reservedPrefix(prefix);
  if (reserved !== undefined) findings.push(forbidden(path, `names that begin with ${reserved} are reserved`));
  if (/^\s|[\p{Cc}\p{Cf}]/u.test(prefix)) {
    findings.push(invalid(path, prefix, 'begins with a blank or holds a control character'));
  }
}

const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/u;
const PATH = /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/u;
const KUBERNETES = /(?:^|\.)(?:kubernetes|k8s)\.io$/u;

/** Reads `claimMappings.extra`: keys as in Kubernetes (`IsDomainPrefixedPath`), and none that the gateway sets itself. */
export function readExtra(
  mappings: JwtAuthenticatorShape['claimMappings']['extra'],
  path: string,
  findings: FieldError[],
): readonly ExtraMapping[] {
  if (mappings.length > LIMITS.extraKeys) {
    findings.push({ type: 'TooMany', path, detail: `must have at most ${LIMITS.extraKeys} items` });
  }
  return mappings.flatMap(({ key, valueExpression }, index) => {
    const here = item(path, index);
    const keyPath = child(here, 'key');
    const fault = faultOfKey(key);
    if (fault !== undefined) findings.push(fault === '' ? required(keyPath, 'a key') : invalid(keyPath, key, fault));
    if (mappings.findIndex((other) => other.key === key) !== index) findings.push(duplicate(keyPath, key));
    const expression = compileClaimExpression(valueExpression, 'texts', child(here, 'valueExpression'), findings);
    return expression === undefined ? [] : [{ key, expression }];
  });
}

function faultOfKey(key: string): string | undefined {
  if (key === '') return '';
  const slash = key.indexOf('/');
  const domain = key.slice(0, Math.max(slash, 0));
  const path = key.slice(slash + 1);
  if (key !== key.toLowerCase()) return 'must be lowercase';
  if (!SUBDOMAIN.test(domain) || !PATH.test(path)) return 'must be a domain-prefixed path, such as example.com/team';
  if (KUBERNETES.test(domain)) return 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes';
  if (key === VIA_KEY) return 'is set by the gateway alone';
  return undefined;
}
