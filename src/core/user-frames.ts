/** A place in code, as a line of a trace names it. */
interface Place {
  readonly path: string;
  readonly line: string;
}

const mostFrames = 3;

/** How programs name places in code; in each the first group is the path, the second the line. */
const places: readonly RegExp[] = [
  // Python: File "/srv/app/send.py", line 12, in send
  /^\s*File "([^"]+)", line (\d+)/,
  // Java: at com.acme.Mail.send(Mail.java:42)
  /^\s*at (?:[\w.@-]+\/{1,2})?([\w.$<>]+)\([\w$]+\.\w+:(\d+)\)/,
  // C#: at Mail.Send() in /srv/app/Mail.cs:line 12
  /^\s*at .* in (\S[^:]*):line (\d+)$/,
  // Node: at async send (file:///srv/app/mail.js:3:9); a Rust backtrace: at ./src/main.rs:12:5
  /^\s*at (?:.*[\s(])?((?:file:\/\/|\.)?\/[^()]*?):(\d+)(?::\d+)?\)*(?:, <anonymous>:\d+:\d+\))?(?: \{|,)?$/,
  // What Node prints above an uncaught error: /srv/app/mail.js:3
  /^((?:file:\/\/)?\/[^\s()]*):(\d+)(?::\d+)?$/,
  // Ruby: /srv/app/mail.rb:12:in 'send'
  /^\s*(?:from )?([^\s:]+):(\d+):in [`']/,
  // PHP: #0 /srv/app/mail.php(12): send(), thrown in /srv/app/mail.php on line 12
  /^#\d+ (.+?)\((\d+)\): /,
  / in (\/\S+?)(?::| on line )(\d+)$/,
  // Go: /srv/app/main.go:12 +0x1d
  /^\s+(\S+\.go):(\d+)(?: \+0x[0-9a-f]+)?$/,
  // Rust: thread 'main' panicked at src/main.rs:12:5
  /panicked at (?:'.*', )?([^\s:]+\.rs):(\d+)/,
  // Perl: died at /srv/app/mail.pl line 12.
  / at (\S+) line (\d+)(?:, <\w+> (?:line|chunk) \d+)?\.$/,
  // Compilers: src/mail.ts(12,5): error; main.c:12:5: error; psql:mail.sql:12: ERROR
  /^([^\s()]+)\((\d+),\d+\): /,
  /^(?:[\w-]+:)?(?=[^\s:]*[./])([^\s:]+):(\d+)(?::\d+)?: /,
  // Shells: mail.sh: line 12: foo; mail.sh: 12: foo
  /^([^\s:]+): (?:line )?(\d+): /,
];

const library =
  /(?:^|\/)(?:node_modules|site-packages|dist-packages|gems|vendor|\.?venv|\.cargo|rustc|pkg\/mod|yourlabs-runner)\/|\/lib\/(?:python|ruby|node)[\d./_-]|^\/usr\/(?:local\/)?(?:lib|go|share)\/|^<|^(?:java|javax|jdk|sun|jakarta|kotlin|kotlinx|scala|groovy|clojure|reactor|okhttp3|com\.sun|com\.fasterxml|com\.zaxxer|com\.google|com\.mysql|org\.springframework|org\.apache|org\.hibernate|org\.eclipse|org\.postgresql|org\.junit|org\.jboss|io\.netty|io\.quarkus|io\.vertx)\.|^(?:System|Microsoft)\./;

/**
 * The places of the user's own code in a trace, at most the three nearest to the failure, such as `mail/send.py:12`:
 * those below `directory` and in no folder of packages; when there is none of them, others that are in no library,
 * by their names alone.
 * @param trace The place of the failure comes first.
 */
export function userFrames(trace: readonly string[], directory: string): readonly string[] {
  const own = trace.map(placeIn).filter((place) => place !== null);
  const inside: string[] = [];
  const outside: string[] = [];
  for (const { path, line } of own) {
    const relative = relativeTo(path, directory);
    if (library.test(relative ?? path)) continue;
    if (relative === null) outside.push(`${nameOf(path)}:${line}`);
    else inside.push(`${relative}:${line}`);
  }
  const frames = inside.length > 0 ? inside : outside;
  return frames.filter((frame, index) => frame !== frames[index - 1]).slice(0, mostFrames);
}

/** A line that says what is wrong, without the place in code that it begins or ends with. */
export function withoutPlace(text: string): string {
  return text
    .replace(/^([\w-]+:)?(?=[^\s:]*[./])[^\s:]+:(?: line)? ?\d+(?::\d+)?: /, '$1 ')
    .replace(/^[^\s()]+\(\d+,\d+\): /, '')
    .replace(/ at \S+ line \d+(?:, <\w+> (?:line|chunk) \d+)?\.$/, '')
    .trim();
}

function placeIn(text: string): Place | null {
  for (const pattern of places) {
    const [, path, line] = pattern.exec(text) ?? [];
    if (path !== undefined && line !== undefined) return { path: plainPath(path), line };
  }
  return null;
}

/** Of a module's address its path: without `file://`, and without the `?` that has it loaded anew. */
function plainPath(path: string): string {
  if (!path.startsWith('file://')) return path;
  const [plain = ''] = path.slice('file://'.length).split('?', 1);
  try {
    return decodeURIComponent(plain);
  } catch {
    // It is not encoded after all.
    return plain;
  }
}

/** `null` for what is outside. Java and C# name classes: they are in no folder, and so inside. */
function relativeTo(path: string, directory: string): string | null {
  if (path.startsWith(`${directory}/`)) return path.slice(directory.length + 1);
  return path.startsWith('/') ? null : path.replace(/^\.\//, '');
}

function nameOf(path: string): string {
  // Names of temporary files are made up anew each time.
  if (/^\/(?:var\/)?tmp\/|^\/dev\/fd\/|^\/proc\//.test(path)) return '<temp>';
  return path.slice(path.lastIndexOf('/') + 1);
}
