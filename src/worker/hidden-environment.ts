/** What a program finds in its environment. */
export type Environment = Readonly<Record<string, string>>;

/** Marks the variables to which worker.pl gives their names back. */
const hiddenPrefix = 'RUNNER_ENV_';

/**
 * Hides all that is a chain's from the programs in front of its worker, which run as root: LD_PRELOAD in it would be code
 * of the chain's user. The runner's own are not from the chain, and show whose process this is.
 */
export function hideFromRoot(environment: Environment): Environment {
  return hide(environment, (name) => !name.startsWith('RUNNER_'));
}

/**
 * Hides from the perl of a worker what is meant for the Perl programs of its tasks: PERL5OPT or PERL5LIB could change what
 * it does or keep it from starting, and a LANG that this host does not have makes it warn at each start, which
 * PERL_BADLANG=0 forbids. worker.pl takes that one out.
 */
export function hideFromPerl(environment: Environment): Environment {
  return { ...hide(environment, (name) => name.startsWith('PERL')), PERL_BADLANG: '0' };
}

function hide(environment: Environment, isHidden: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      isHidden(name) ? `${hiddenPrefix}${name}` : name,
      value,
    ]),
  );
}
