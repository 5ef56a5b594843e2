const MIDNIGHT = /[T ](?:0?0:00(?::00(?:\.0+)?)?|12:00(?::00)? ?AM)\s?(?:Z|[+-]00(?::?00)?)?$/i;

/** A date that stands beside its time of day, without the midnight that databases and web services add to it. */
export const dateAlone = (text: string): string => text.trim().replace(MIDNIGHT, "");
