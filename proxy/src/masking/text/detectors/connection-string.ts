import { type Detector, lastGroupAt, matchAt } from './detector.ts';
import { standsForValue } from './shown-values.ts';

/**
 * RFC 3986, 3.2.1, and what drivers take beyond it. The password ends at the last `@` before the host: an `@` in it need
 * not be escaped for most of them. A slash ends it, so that the digest of `registry:5000/image@sha256:…` is none.
 */
const USER_INFO = /:\\?\/\\?\/[^\s/@:"'`<>\\,]{0,128}:([^\s/"'`<>\\]{1,512})@(?=[\w.[$-])/y;

export const urlPassword: Detector = {
  name: 'url-password',
  kind: 'ConnectionString',
  description: 'the password in `scheme://user:password@host`, whatever the scheme',
  example: 'postgres://app:…@db:5432/app',
  anchors: ['://', ':\\/\\/', ':/\\/', ':\\//'],
  match(text, at) {
    const found = matchAt(USER_INFO, text, at);
    const password = found?.[1];
    if (found === null || password === undefined || standsForValue(password)) return undefined;
    const end = at + found[0].length - 1;
    return { start: end - password.length, end };
  },
};

/** The value of a key in `Key=value;Key=value`, in braces or quotes where it has a semicolon (ODBC, ADO.NET). */
const KEY_VALUE = /(?:password|pwd)[ \t]{0,4}=[ \t]{0,4}(\{[^}\n]{1,256}\}|[^;\s"'&<>\\]{1,256})/iy;
/** What stands in the same string: another key of its kind, or the driver. */
const OTHER_KEYS =
  /(?:server|data source|host|hostaddr|user id|userid|uid|user|username|database|initial catalog|dbname|port|sslmode|driver)[ \t]{0,4}=|jdbc:|sqlserver:|;\s*$/i;
const NEIGHBOURHOOD = 160;

export const dsnPassword: Detector = {
  name: 'connection-string-password',
  kind: 'ConnectionString',
  description:
    'passwords in connection strings of JDBC, ODBC, ADO.NET and libpq (`Server=…;Password=…;`, `host=… password=…`)',
  example: 'Server=db;User Id=app;Password=…;',
  anchors: ['password', 'pwd'],
  match(text, at) {
    if (at > 0 && /[A-Za-z0-9_]/.test(text.charAt(at - 1))) return undefined;
    const span = lastGroupAt(KEY_VALUE, text, at);
    if (span === undefined || standsForValue(text.slice(span.start, span.end))) return undefined;
    const around = text.slice(Math.max(0, at - NEIGHBOURHOOD), at) + text.slice(span.end, span.end + NEIGHBOURHOOD);
    return OTHER_KEYS.test(around) ? span : undefined;
  },
};

const LONGEST_DSN_USER = 160;
const DSN_DELIMITER = /[\s"'`=@(]/;

/** `user:password@tcp(host:3306)/database`, as Go's MySQL driver reads it. */
export const mysqlPassword: Detector = {
  name: 'mysql-dsn-password',
  kind: 'ConnectionString',
  description: "the password in data source names of Go's MySQL driver",
  example: 'app:…@tcp(db:3306)/app',
  anchors: ['@tcp(', '@unix(', '@tcp6('],
  match(text, at) {
    let start = at;
    while (start > 0 && at - start < LONGEST_DSN_USER && !DSN_DELIMITER.test(text.charAt(start - 1))) start -= 1;
    const user = text.slice(start, at);
    const colon = user.indexOf(':');
    const password = user.slice(colon + 1);
    if (colon < 0 || password === '' || standsForValue(password)) return undefined;
    return { start: at - password.length, end: at };
  },
};
