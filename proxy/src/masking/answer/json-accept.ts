/**
 * The `Accept` of a call whose answer is to be masked: of what the client takes only JSON, in its order, with the
 * parameters that say which JSON (`as`, `g`, `v`). Every client of Kubernetes that takes several types reads what the
 * answer says it is (client-go `rest/request.go`). A client that takes no JSON keeps its own words.
 *
 * @param values of all lines of the header
 */
export function jsonAccept(values: readonly string[]): readonly string[] {
  const clauses = values.flatMap((value) => value.split(',')).map((clause) => clause.trim());
  const json = clauses.flatMap(jsonClause);
  return json.length === 0 && clauses.some((clause) => clause !== '') ? values : [json.join(',') || JSON_TYPE];
}

const JSON_TYPE = 'application/json';

function jsonClause(clause: string): string[] {
  const [type = '', ...parameters] = clause.split(';');
  const name = type.trim().toLowerCase();
  if (name === JSON_TYPE) return [clause];
  return name === '*/*' || name === 'application/*' ? [[JSON_TYPE, ...parameters].join(';')] : [];
}
