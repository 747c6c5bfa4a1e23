import {
  duplicate,
  forbidden,
  formatFieldError,
  invalid,
  required,
  type FieldError,
} from '@chaperone/crds/validation/field-error';
import { child, item } from '@chaperone/crds/validation/path';
import { z } from 'zod';
import {
  readClaimRules,
  readExtra,
  readMapping,
  readUserRules,
  type ClaimMapping,
  type ClaimRule,
  type ExtraMapping,
  type UserRule,
} from './claim-rules.ts';
import {
  configurationShape,
  jwtAuthenticatorShape,
  pathOf,
  type JwtAuthenticatorShape,
} from './configuration-schema.ts';
import { readsClaim } from './email-claim.ts';
import { readIssuer, type IssuerConfiguration } from './issuer-rules.ts';

/** How tokens of one issuer are judged and what they map to; expressions are compiled. */
export interface JwtAuthenticator {
  readonly issuer: IssuerConfiguration;
  readonly claimValidationRules: readonly ClaimRule[];
  readonly claimMappings: {
    readonly username: ClaimMapping;
    readonly groups: ClaimMapping | undefined;
    readonly uid: ClaimMapping | undefined;
    readonly extra: readonly ExtraMapping[];
  };
  readonly userValidationRules: readonly UserRule[];
}

export interface AuthenticationConfiguration {
  readonly jwt: readonly JwtAuthenticator[];
}

/** A configuration that cannot be used; the message has one line for each finding, with its path. */
export class AuthenticationConfigurationError extends Error {
  override readonly name = 'AuthenticationConfigurationError';
  readonly code = 'ERR_AUTHENTICATION_CONFIGURATION';
  readonly findings: readonly string[];

  constructor(findings: readonly string[]) {
    super(
      `The AuthenticationConfiguration has ${findings.length} fault${findings.length === 1 ? '' : 's'}:\n${findings.map((finding) => `  ${finding}`).join('\n')}`,
    );
    this.findings = findings;
  }
}

export interface ConfigurationOptions {
  /**
   * Issuers that no authenticator may have: the cluster's own. Verified here, tokens of ServiceAccounts would outlive
   * their ServiceAccount and their pod, which TokenReview asks about.
   */
  readonly disallowedIssuers?: readonly string[];
}

/** As in Kubernetes. */
const MAX_AUTHENTICATORS = 64;

/**
 * Reads an AuthenticationConfiguration in the shape of `apiserver.config.k8s.io/v1`, by Kubernetes' own rules
 * (`ValidateAuthenticationConfiguration`) and some more: reserved prefixes and keys, and types of mapped expressions.
 * `value` is the parsed YAML.
 *
 * @throws AuthenticationConfigurationError with every finding.
 */
export function parseAuthenticationConfiguration(
  value: unknown,
  options: ConfigurationOptions = {},
): AuthenticationConfiguration {
  const shape = configurationShape.safeParse(value);
  if (!shape.success) throw new AuthenticationConfigurationError(shape.error.issues.flatMap(findingsOf([])));
  const { jwt, anonymous } = shape.data;
  const findings: FieldError[] = [];
  if (jwt.length > MAX_AUTHENTICATORS) {
    findings.push({ type: 'TooMany', path: 'jwt', detail: `must have at most ${MAX_AUTHENTICATORS} items` });
  }
  if (anonymous?.enabled === true || (anonymous?.conditions.length ?? 0) > 0) {
    findings.push(forbidden('anonymous', 'nothing is forwarded without an identity'));
  }
  const faults: string[] = [];
  const read = jwt.slice(0, MAX_AUTHENTICATORS).flatMap((entry, index): JwtAuthenticator[] => {
    const parsed = jwtAuthenticatorShape.safeParse(entry);
    if (!parsed.success) {
      faults.push(...parsed.error.issues.flatMap(findingsOf(['jwt', index])));
      return [];
    }
    const authenticator = readAuthenticator(parsed.data, item('jwt', index), findings);
    return authenticator === undefined ? [] : [authenticator];
  });
  findings.push(...findRepeated(jwt), ...findDisallowed(jwt, options.disallowedIssuers ?? []));
  const all = [...faults, ...findings.map(formatFieldError)];
  if (all.length > 0) throw new AuthenticationConfigurationError(all);
  return { jwt: read };
}

/** Values are not shown: a fault of type may hold anything. */
function findingsOf(prefix: readonly PropertyKey[]) {
  return (issue: z.core.$ZodIssue): string[] => {
    const path = [...prefix, ...issue.path];
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => `${pathOf([...path, key])}: there is no such field`);
    return [`${pathOf(path) || '(root)'}: ${issue.message}`];
  };
}

function readAuthenticator(
  shape: JwtAuthenticatorShape,
  path: string,
  findings: FieldError[],
): JwtAuthenticator | undefined {
  const { claimMappings } = shape;
  const mappings = child(path, 'claimMappings');
  const issuer = readIssuer(shape.issuer, child(path, 'issuer'), findings);
  const claimValidationRules = readClaimRules(
    shape.claimValidationRules,
    child(path, 'claimValidationRules'),
    findings,
  );
  const usernamePath = child(mappings, 'username');
  if (claimMappings.username.claim === '' && claimMappings.username.expression === '') {
    findings.push(required(usernamePath, 'claim or expression is required'));
  }
  const username = readMapping(claimMappings.username, 'text', usernamePath, findings);
  const groups = readMapping(claimMappings.groups, 'texts', child(mappings, 'groups'), findings);
  const uid = readMapping(claimMappings.uid, 'uid', child(mappings, 'uid'), findings);
  const extra = readExtra(claimMappings.extra, child(mappings, 'extra'), findings);
  checkEmail(shape, child(usernamePath, 'expression'), findings);
  const userValidationRules = readUserRules(shape.userValidationRules, child(path, 'userValidationRules'), findings);
  if (username === undefined) return undefined;
  return { issuer, claimValidationRules, claimMappings: { username, groups, uid, extra }, userValidationRules };
}

/** An address that the issuer did not verify is what its owner typed in. */
function checkEmail(shape: JwtAuthenticatorShape, path: string, findings: FieldError[]): void {
  const { username, extra } = shape.claimMappings;
  if (!readsClaim(username.expression, 'email', 'used')) return;
  const sources = [
    username.expression,
    ...extra.map(({ valueExpression }) => valueExpression),
    ...shape.claimValidationRules.map(({ expression }) => expression),
  ];
  if (sources.some((source) => readsClaim(source, 'email_verified', 'checked'))) return;
  findings.push(
    invalid(
      path,
      username.expression,
      'claims.email_verified must be used in username.expression, extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used here',
    ),
  );
}

const issuerFields = z.looseObject({
  issuer: z.looseObject({ url: z.string().optional(), discoveryURL: z.string().optional() }),
});

/** `iss` must lead to one authenticator, and each has a discovery document of its own. */
function findRepeated(jwt: readonly unknown[]): FieldError[] {
  const seen = { url: new Set<string>(), discoveryURL: new Set<string>() };
  return jwt.flatMap((entry, index) => {
    const { issuer } = issuerFields.safeParse(entry).data ?? { issuer: {} };
    return (['url', 'discoveryURL'] as const).flatMap((field) => {
      const value = issuer[field];
      if (value === undefined || value === '') return [];
      const known = seen[field].has(value);
      seen[field].add(value);
      return known ? [duplicate(`jwt[${index}].issuer.${field}`, value)] : [];
    });
  });
}

function findDisallowed(jwt: readonly unknown[], disallowed: readonly string[]): FieldError[] {
  return jwt.flatMap((entry, index) => {
    const url = issuerFields.safeParse(entry).data?.issuer.url;
    return url !== undefined && disallowed.includes(url)
      ? [
          invalid(
            `jwt[${index}].issuer.url`,
            url,
            "is the cluster's own issuer, whose tokens are judged by TokenReview",
          ),
        ]
      : [];
  });
}
