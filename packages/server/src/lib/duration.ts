const FORM = /^P(?=.)(?:(\d{1,9})D)?(?:T(?=.)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?$/;

const DAY_MS = 86_400_000;

/**
 * Milliseconds of an ISO 8601 duration of days, hours, minutes and seconds (`PnDTnHnMnS`); undefined for
 * any other text. Years, months and weeks are refused: their length depends on the calendar.
 */
export function parseDuration(text: string): number | undefined {
  const found = FORM.exec(text);
  if (!found) return undefined;
  const [days, hours, minutes, seconds] = found.slice(1).map((part) => Number(part ?? 0));
  return (days ?? 0) * DAY_MS + (hours ?? 0) * 3_600_000 + (minutes ?? 0) * 60_000 + (seconds ?? 0) * 1_000;
}

/** The duration as ISO 8601, in the largest units that are whole; milliseconds are cut off. */
export function formatDuration(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  if (seconds === 0) return 'PT0S';
  const days = Math.floor(seconds / 86_400);
  const rest = [Math.floor((seconds % 86_400) / 3_600), Math.floor((seconds % 3_600) / 60), seconds % 60];
  const time = rest.map((count, unit) => (count ? `${count}${'HMS'[unit]}` : '')).join('');
  return `P${days ? `${days}D` : ''}${time ? `T${time}` : ''}`;
}
