const SOURCES = `Where the records are:
      --elasticsearch URL           the Elasticsearch that gateways ship to; else CHAPERONE_ELASTICSEARCH_URL
      --username NAME               with --password-file FILE
      --api-key-file FILE           a key as Elasticsearch gives it, in base64
      --ca-file FILE                PEM of the authorities to trust, in place of the well-known ones
      --data-stream-namespace NAME  the last part of the data streams' names; else CHAPERONE_DATA_STREAM_NAMESPACE, or default
      --directory PATH              a gateway's write-ahead log: the directory wal in its state directory; may be repeated
`;

const PROGRAM = `Reads the records of Chaperone: who called the API server through it, and what came of it.

Usage:
  kubectl chaperone search [options]         finds records
  kubectl chaperone show AUDIT-ID [options]  shows all that is on record of one call
  kubectl chaperone verify [options]         checks that records are as they were written

kubectl chaperone COMMAND --help lists a command's options.
`;

const SEARCH = `Finds records and prints them, oldest first. Options of different kinds must all be met; one that is repeated, by one of its values.

Usage:
  kubectl chaperone search [options]

Options:
      --user NAME           who called
      --verb VERB           get, list, watch, create, update, patch, delete, deletecollection; of what is no resource, the method
      --resource RESOURCE   the plural name: pods, pods/exec, 'pods/*', deployments.apps
  -n, --namespace NAME
      --name NAME           of the object
      --decision DECISION   allow, forbid
      --verdict VERDICT     of policies: Allow, Deny, RequireApproval, NeedsObject
      --outcome OUTCOME     Answered, Refused, Cut, Unknown
      --code CODE           HTTP status: 403, 4xx
      --run ID              of the run, as the caller's token has it
      --since TIME          from then on: 2h, 7d, 2026-01-31T12:00:00Z
      --until TIME          before then
      --limit NUMBER        the newest so many; 200
  -o, --output FORMAT       table, wide, json, yaml, name

${SOURCES}`;

const SHOW = `Shows all that is on record of one call.

Usage:
  kubectl chaperone show AUDIT-ID [options]

Options:
      --full            bodies as long as they are
  -o, --output FORMAT   page, json, yaml

${SOURCES}`;

const VERIFY = `Checks that records are as they were written: none altered, missing, reordered, forged or cut off. Exits with 1 if one is not.

Usage:
  kubectl chaperone verify --public-key FILE [options]

Options:
      --public-key FILE      PEM, Ed25519: a key that signs the log; may be repeated
      --registry FILE        the registry of writers; else the newest that is with the records
      --registry-key FILE    PEM, Ed25519: a key that signs the registry; may be repeated
      --retained-since TIME  what is older may have been removed by retention: 30d, 2026-01-31T12:00:00Z
      --all-fields           of Elasticsearch: also the fields that are searched are what the records say
  -o, --output FORMAT        table, json, yaml

${SOURCES}`;

/** The help of a command; undefined for the program's own. */
export function usage(command?: 'search' | 'show' | 'verify'): string {
  switch (command) {
    case 'search':
      return SEARCH;
    case 'show':
      return SHOW;
    case 'verify':
      return VERIFY;
    case undefined:
      return PROGRAM;
    default:
      return command satisfies never;
  }
}
