// Puts mails into the queue: `npx jiti write-mails.ts 10`, or to somebody: `npx jiti write-mails.ts 1 nobody@quick.example`
import { randomInt } from 'node:crypto';
import { openQueue } from './queue.ts';

const queue = openQueue(process.env['MAIL_FOLDER'] ?? '.');
const people = ['ada', 'alan', 'barbara', 'donald', 'edsger', 'grace', 'ken', 'margaret'];

for (let count = 1; count <= Number(process.argv[2] ?? 10); count += 1) {
  const number = randomInt(1_000, 10_000);
  queue.add({
    recipient: process.argv[3] ?? `${people[number % people.length]}.${number}@${domainOf(count)}`,
    subject: `Your order ${number}`,
    body: 'It is on its way.',
  });
}

/** The server lets newcomers from slow.example wait. */
function domainOf(count: number): string {
  return count % 3 === 0 ? 'slow.example' : 'quick.example';
}
