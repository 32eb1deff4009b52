// Compares the queue with what the server has: `npx jiti summary.ts`. Ends with 1 if a mail was lost or came twice.
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';

const folder = process.env['MAIL_FOLDER'] ?? '.';
const database = new DatabaseSync(join(folder, 'queue.db'), { timeout: 10_000 });
database.prepare('ATTACH ? AS server').run(join(folder, 'mailbox.db'));

const summary = {
  queued: count('mail'),
  'deferred at first': count('mail WHERE deferrals > 0'),
  'delivered, as the server counts': count('server.delivered'),
  'delivered, as the queue counts': count("mail WHERE state = 'sent'"),
  'sent again, which the server noticed': count('server.repeated'),
  refused: count("mail WHERE state = 'refused'"),
  waiting: count("mail WHERE state IN ('queued', 'deferred')"),
  lost: count("mail WHERE state = 'sent' AND messageId NOT IN (SELECT messageId FROM server.delivered)"),
  'delivered twice': count('(SELECT 1 FROM server.delivered GROUP BY messageId HAVING count(*) > 1)'),
};
if (process.argv.includes('--json')) console.log(JSON.stringify(summary));
else
  for (const [what, number] of Object.entries(summary)) console.log(`${String(number).padStart(6)}  ${what}`);
process.exitCode = summary.lost === 0 && summary['delivered twice'] === 0 ? 0 : 1;

function count(rows: string): number {
  const row: unknown = database.prepare(`SELECT count(*) AS number FROM ${rows}`).get();
  return typeof row === 'object' && row !== null && 'number' in row ? Number(row.number) : 0;
}
