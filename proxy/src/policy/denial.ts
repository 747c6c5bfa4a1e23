import type { Identity } from '../authn/identity.ts';
import { GatewayError } from '../gateway-error.ts';
import type { RequestAttributes } from '../request/request-attributes.ts';
import type { ApprovalRequired, Denied, MatchedRule } from './decision.ts';

type About = Pick<
  RequestAttributes,
  'isResourceRequest' | 'path' | 'judgedVerb' | 'apiGroup' | 'resource' | 'subresource' | 'namespace' | 'name'
>;

/** The answer to a call that policy refuses: the API server's words, and then which rule, and what to do. */
export const denial = (decision: Denied, about: About, caller: Pick<Identity, 'username'>): GatewayError =>
  new PolicyRefusal('PolicyDenied', `${forbiddenWords(about, caller)}: ${whyDenied(decision)}`);

export const approvalUnavailable = (
  decision: ApprovalRequired,
  about: About,
  caller: Pick<Identity, 'username'>,
): GatewayError =>
  new PolicyRefusal(
    'ApprovalUnavailable',
    `${forbiddenWords(about, caller)}: ${ruleWords(decision.winner)} requires an approval, and this gateway takes none`,
  );

/** A refusal whose words are complete without those of the registry. */
class PolicyRefusal extends GatewayError {
  constructor(code: 'PolicyDenied' | 'ApprovalUnavailable', message: string) {
    super(code);
    this.message = message;
  }
}

/** As the API server's authorizer says it, so that people and scripts know it for what it is. */
function forbiddenWords(about: About, { username }: Pick<Identity, 'username'>): string {
  if (!about.isResourceRequest)
    return `forbidden: User ${quote(username)} cannot ${about.judgedVerb} path ${quote(about.path)}`;
  const { apiGroup, resource, subresource, namespace, name, judgedVerb } = about;
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  const object = `${apiGroup === '' ? resource : `${resource}.${apiGroup}`}${name === '' ? '' : ` ${quote(name)}`}`;
  const where = namespace === '' ? ' at the cluster scope' : ` in the namespace ${quote(namespace)}`;
  return `${object} is forbidden: User ${quote(username)} cannot ${judgedVerb} resource ${quote(full)} in API group ${quote(apiGroup)}${where}`;
}

function whyDenied(decision: Denied): string {
  switch (decision.cause) {
    case 'Rule':
      return `${ruleWords(decision.winner)} denies it${unknownWords(decision.winner)}${refusalWords(decision)}`;
    case 'NoRule':
      return decision.unmet.length === 0
        ? 'no AgentPolicy allows it: ask whoever administers Chaperone for a rule'
        : `no AgentPolicy allows it: ${decision.unmet.map((unmet) => `${ruleWords(unmet)} would${unknownWords(unmet)}`).join('; ')}${refusalWords(decision)}`;
    case 'SelfAdministration':
      return 'objects and kinds of chaperone.dev are not written through Chaperone: use a kubeconfig of your own that is direct';
    default:
      return decision satisfies never;
  }
}

const ruleWords = ({ policy, rule, reason }: MatchedRule): string =>
  `rule ${quote(rule)} of AgentPolicy ${quote(policy)}${reason === undefined ? '' : ` (${reason})`}`;

const unknownWords = ({ unknown }: MatchedRule): string =>
  unknown.length === 0 ? '' : `, as this cannot be known of the call: ${unknown.join(', ')}`;

/** Where the API server would refuse the call anyway, its words are what helps. */
const refusalWords = ({ lookupRefusal }: Denied): string =>
  lookupRefusal === undefined ? '' : `; asked for the object, the API server said: ${lookupRefusal}`;

/** As Go's %q, for what RBAC's own words quote so; names hold neither quotes nor controls that got this far. */
const quote = (text: string): string => JSON.stringify(text);
