import { runnerContender } from './runner-contender.ts';
import { peerContenders } from './peer-contender.ts';
import { cases } from './cases.ts';
import { tortureOne } from './situation.ts';
export async function torture(words: readonly string[]): Promise<number> {
  const all = [runnerContender, ...peerContenders];
  const [key, who = 'runner', n = '3'] = words;
  const c = cases.filter((one) => key === 'all' || one.key === key);
  for (const one of c)
    for (const w of all.filter((x) => who === 'all' || x.key === who)) {
      const t = performance.now();
      if (one.without[w.key] ?? (w.key !== 'runner' && one.without.peers)) continue;
      const tally = await tortureOne(w, {
        ...one.plan,
        rounds: Number(n) || one.rounds[w.key === 'runner' ? 'runner' : 'peer'],
        random: Math.random,
      });
      console.log(one.key, w.key, JSON.stringify(tally), ((performance.now() - t) / 1000).toFixed(1));
    }
  return 0;
}
