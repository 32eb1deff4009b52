/**
 * The moment that somebody means by "18:30" (the next such time), "2026-12-24", "2026-12-24 18:30" (in the time zone
 * of this process) or a moment with a zone, as RFC 3339 writes it; `null` for anything else, and for the past.
 */
export function untilText(text: string, now: Date): string | null {
  const moment = momentOf(text.trim(), now);
  return moment === null || Number.isNaN(moment.getTime()) || moment <= now ? null : moment.toISOString();
}

function momentOf(text: string, now: Date): Date | null {
  const time = /^(?<hours>\d{1,2}):(?<minutes>\d\d)$/.exec(text)?.groups;
  if (time !== undefined) return nextTime(Number(time['hours']), Number(time['minutes']), now);
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return new Date(`${text}T00:00`);
  if (/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:?\d\d)?$/.test(text))
    return new Date(text.replace(' ', 'T'));
  return null;
}

function nextTime(hours: number, minutes: number, now: Date): Date | null {
  if (hours > 23 || minutes > 59) return null;
  const moment = new Date(now);
  moment.setHours(hours, minutes, 0, 0);
  if (moment <= now) moment.setDate(moment.getDate() + 1);
  return moment;
}
