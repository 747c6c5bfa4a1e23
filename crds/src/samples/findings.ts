import { compile } from '../expression/policy.ts';
import { compileRegex } from '../expression/regex.ts';
import { isRecord } from '../client/kubernetes-object.ts';
import { validateAgentPolicySpec } from '../validation/agentpolicy.ts';
import { validateApprovalRequest } from '../validation/approvalrequest.ts';
import { notSupported, type FieldError } from '../validation/field-error.ts';
import { validateMaskingRuleSpec } from '../validation/maskingrule.ts';
import { parseAgentPolicy, parseApprovalRequest, parseMaskingRule } from '../validation/parse.ts';

/** Everything that validation, without an API server, finds in an object of any of the three kinds. */
export function findingsOf(value: unknown): readonly FieldError[] {
  const kind = isRecord(value) ? value['kind'] : undefined;
  switch (kind) {
    case 'AgentPolicy': {
      const result = parseAgentPolicy(value);
      return result.kind === 'parsed'
        ? validateAgentPolicySpec(result.object.spec, { compileExpression: compile })
        : result.errors;
    }
    case 'MaskingRule': {
      const result = parseMaskingRule(value);
      return result.kind === 'parsed' ? validateMaskingRuleSpec(result.object.spec, { compileRegex }) : result.errors;
    }
    case 'ApprovalRequest': {
      const result = parseApprovalRequest(value);
      return result.kind === 'parsed' ? validateApprovalRequest(result.object) : result.errors;
    }
    default:
      return [notSupported('kind', String(kind), ['AgentPolicy', 'MaskingRule', 'ApprovalRequest'])];
  }
}
