import type { Clock } from '@chaperone/crds/client/clock';
import type { Namespace } from '@chaperone/crds/client/kinds';
import type { Lister } from '@chaperone/crds/client/store';
import {
  AdminBodyError,
  type AdminAnswer,
  type AdminRequest,
  type AdminRoute,
} from '@chaperone/crds/process/admin-server';
import type { JsonMapping } from '@chaperone/crds/expression/value';
import type { Authenticator } from '../authn/authenticator.ts';
import type { Identity } from '../authn/identity.ts';
import type { ApiCatalog } from '../effective/api-catalog.ts';
import { GatewayError } from '../gateway-error.ts';
import type { BundleLoader } from '../policy/bundle-loader.ts';
import { explain } from '../policy/explain.ts';
import { namespaceKnowledge } from '../policy/namespace-knowledge.ts';
import { ABSENT, known, PENDING_OBJECT, type Knowledge, type PolicyInput } from '../policy/policy-input.ts';
import { bodyOptions, queryOptions } from '../request/call-options.ts';
import { connectOptions } from '../request/connect-options.ts';
import { mediaType } from '../masking/codec/media-type.ts';
import { inboundHeaders } from '../request/inbound-headers.ts';
import { Rejection } from '../request/rejection.ts';
import { requestAttributes, type RequestAttributes } from '../request/request-attributes.ts';
import { statusAnswer } from '../status.ts';
import { describedCaller, ExplainRequestError, parseExplainRequest, type ExplainRequest } from './explain-request.ts';

export interface ExplainOptions {
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  readonly bundles: Pick<BundleLoader, 'current'>;
  readonly catalog: Pick<ApiCatalog, 'knownScope'>;
  readonly namespaces: Pick<Lister<Namespace>, 'get'>;
  readonly clock: Clock;
  readonly allowSelfAdministration: boolean;
  /** Whose members may ask about others. */
  readonly groups: readonly string[];
}

const MAX_BODY = 1_048_576;

/**
 * `POST /explain`: for a described call, every rule of the policies in force and why it does or does not match. Nothing
 * is looked up and nothing is sent: what the description leaves out of objects is said to be needed.
 */
export function newExplainRoute(options: ExplainOptions): AdminRoute {
  return {
    path: '/explain',
    maxBodyBytes: MAX_BODY,
    async answer(request) {
      try {
        return { status: 200, body: await explainCall(request, options) };
      } catch (error) {
        return refusal(error);
      }
    },
  };
}

async function explainCall(request: AdminRequest, options: ExplainOptions): Promise<unknown> {
  const headers = inboundHeaders(request.rawHeaders);
  if (headers instanceof Rejection) throw headers;
  const asking = await options.authenticator.authenticate({
    credentials: headers.credentials,
    clientCertificate: false,
  });
  const described = parseExplainRequest(await request.body());
  const caller = callerOf(described, asking, options.groups);
  const bundle = options.bundles.current();
  if (bundle === undefined) throw new GatewayError('BundleMissing');
  const attributes = accepted(requestAttributes(described));
  const input = inputOf({ described, attributes, caller, options });
  const { verb, judgedVerb, isResourceRequest, path, apiGroup, resource, subresource, namespace, name } = attributes;
  return {
    revision: bundle.revision,
    user: caller.username,
    attributes: { verb, judgedVerb, isResourceRequest, path, apiGroup, resource, subresource, namespace, name },
    ...explain(bundle, input),
  };
}

/** A caller may ask about itself; about others only members of the groups that are named for it. */
function callerOf({ user }: ExplainRequest, asking: Identity, groups: readonly string[]): Identity {
  if (user === undefined) return asking;
  if (!groups.some((group) => asking.groups.includes(group))) throw new GatewayError('ExplanationRefused');
  return describedCaller(user);
}

interface Described {
  readonly described: ExplainRequest;
  readonly attributes: RequestAttributes;
  readonly caller: Identity;
  readonly options: ExplainOptions;
}

/** The call as the chain would see it. @throws GatewayError */
function inputOf({ described, attributes, caller, options }: Described): PolicyInput {
  const { query } = attributes;
  const connect = accepted(connectOptions(attributes, query));
  const inForce = accepted(
    described.options === undefined
      ? queryOptions(attributes, query)
      : bodyOptions(attributes, query, described.options),
  );
  const scope = options.catalog.knownScope(attributes);
  const namespaceObject = namespaceKnowledge(options.namespaces, attributes);
  return {
    attributes,
    caller,
    object: knowledgeOf(described.object),
    oldObject: knowledgeOf(described.oldObject),
    parentObject: knowledgeOf(described.parentObject),
    namespaceObject: namespaceObject.kind === 'known' ? namespaceObject : PENDING_OBJECT,
    ...(scope === undefined ? {} : { scope }),
    apply: attributes.verb === 'patch' && mediaType(described.contentType).startsWith('application/apply-patch+'),
    ...inForce,
    command: connect?.subresource === 'exec' ? connect.command : [],
    allowSelfAdministration: options.allowSelfAdministration,
    now: options.clock.now(),
  };
}

/** What the gateway would refuse for its form, whatever policies say, is refused as a description. */
function accepted<Value>(value: Value | Rejection): Value {
  if (value instanceof Rejection) throw new GatewayError('ExplanationUnreadable', { detail: value.message });
  return value;
}

function knowledgeOf(object: JsonMapping | null | undefined): Knowledge {
  if (object === undefined) return PENDING_OBJECT;
  return object === null ? ABSENT : known(object);
}

const BODY_ERRORS = { 400: 'BodyUnreadable', 413: 'BodyTooLarge', 415: 'BodyTypeUnsupported' } as const;

function refusal(error: unknown): AdminAnswer {
  const { status } = statusAnswer(knownError(error), undefined);
  return {
    status: status.code,
    ...(status.code === 401 ? { headers: { 'WWW-Authenticate': 'Bearer realm="chaperone"' } } : {}),
    body: status,
  };
}

function knownError(error: unknown): unknown {
  if (error instanceof ExplainRequestError) return new GatewayError('ExplanationUnreadable', { detail: error.message });
  if (error instanceof AdminBodyError) return new GatewayError(BODY_ERRORS[error.status], { detail: error.message });
  return error;
}
