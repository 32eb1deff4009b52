/** Marks the variables to which worker.pl and init.pl give their names back. */
const hiddenPrefix = 'RUNNER_ENV_';

/**
 * Hides all that is a chain's from the programs in front of its worker, which run as root: LD_PRELOAD in it would be code
 * of the chain's user. The runner's own are not from the chain, and show whose process this is.
 */
export function hideFromRoot(environment: Readonly<Record<string, string>>): Record<string, string> {
  return hide(environment, (name) => !name.startsWith('RUNNER_'));
}

/**
 * Hides from our own perl what is meant for the Perl programs of the user: PERL5OPT or PERL5LIB could change what it does
 * or keep it from starting, and a LANG that this host does not have makes it warn at each start, which PERL_BADLANG=0
 * forbids. Our programs take that one out.
 */
export function hideFromPerl<Value extends string | undefined>(
  environment: Readonly<Record<string, Value>>,
): Record<string, Value | string> {
  return { ...hide(environment, (name) => name.startsWith('PERL')), PERL_BADLANG: '0' };
}

function hide<Value>(
  environment: Readonly<Record<string, Value>>,
  isHidden: (name: string) => boolean,
): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      isHidden(name) ? `${hiddenPrefix}${name}` : name,
      value,
    ]),
  );
}
