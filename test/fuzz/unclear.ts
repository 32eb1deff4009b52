/** A rule that each message keeps; its name says what is wrong with one that does not. */
interface Rule {
  readonly name: string;
  readonly isBroken: (message: string, ownWords: string) => boolean;
}

const longest = 1_200;
// By their numbers, because none of them can be seen here either.
const unseen = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\p{Cs}]/u;

const rules: readonly Rule[] = [
  { name: 'it is empty', isBroken: (message) => message.trim() === '' },
  { name: `it has more than ${longest} characters`, isBroken: (message) => message.length > longest },
  { name: 'it has characters that cannot be seen', isBroken: (message) => unseen.test(message) },
  {
    name: 'it does not begin with what could not be done',
    isBroken: (message) => !/^(?:Cannot|There is no|No such|No incident|Found)\b/.test(message),
  },
  {
    name: 'it shows what JavaScript calls nothing',
    isBroken: (_, own) => /(?:^|[\s(])(?:undefined|NaN|-?Infinity|null)(?=[\s,;:)]|$)|\[object /.test(own),
  },
  {
    name: 'it has the words of a library',
    isBroken: (_, own) =>
      /invalid input|invalid option|unrecognized key|too (?:small|big):|received|expected (?:a |an )?(?:string|number|object|array|boolean|record|the node)|scalar|mapping|implicit key|collection|flow indicator|stream/i.test(
        own,
      ),
  },
  {
    name: 'it has the words of JavaScript or of the system',
    isBroken: (_, own) =>
      /\bE[A-Z]{4,}:|node:internal/.test(own) ||
      /unexpected (?:token|end|non-)|is not (?:a function|iterable|defined)|cannot read propert|at position|call stack|\bat \S+:\d+:\d+/i.test(
        own,
      ),
  },
  {
    name: 'it is more than one sentence',
    isBroken: (_, own) => /[.!] +[A-Z]|[.!]$/.test(own),
  },
  {
    name: 'it does not say what to write or do instead',
    isBroken: (_, own) =>
      !/\b(?:write|did you mean|the (?:keys|fields) here are|leave|keep|choose|close|put|indent|make it|give|start|set|name|add|take|run|see|there (?:is|are)|use)\b/.test(
        own,
      ),
  },
];

/** What is unclear about a message to people, or `null`. Of what others wrote it looks at nothing but what can be seen. */
export function unclear(message: string): string | null {
  const own = message.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  const broken = rules.find(({ isBroken }) => isBroken(message, own));
  return broken === undefined ? null : `${broken.name}: ${message}`;
}

/** The same for a block that is told of a configuration: where it is, and what. */
export function unclearBlock(block: string): string | null {
  const [heading = '', message = '', ...more] = block.split('\n');
  if (more.some((line) => line !== '')) return `it has more than two lines: ${block}`;
  if (!isPlace(heading)) return `it does not say where: ${heading}`;
  if (!message.startsWith('    ')) return `its message is not indented: ${message}`;
  return unclear(message.slice(4));
}

// A place in a file, an option, a variable, or the task as it was typed; after it the path of the value.
function isPlace(heading: string): boolean {
  return heading !== '' && !unseen.test(heading) && heading.length < 5_000;
}
