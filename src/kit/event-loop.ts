/** The longest time that one piece of work keeps the event loop from other requests. */
const SLICE_MS = 8;
/** How long work waits for connections at most. Some dozens to hundreds are accepted meanwhile. */
const PATIENCE_MS = 100;
/** How long it is then done, whether or not some come: a flood of connections leaves it a fifth of the time. */
const WORK_MS = 25;

let accepted = 0;

/** Counts a connection that a server of this process has accepted. */
export function countConnection(): void {
  accepted++;
}

/**
 * Creates a check for each turn of the event loop: true if work has to wait, since a connection came after the last check.
 *
 * Node accepts one connection in each turn. If each turn also did its 8 ms of work, 50 connections that are opened together
 * would be accepted over 0.4 s, and `/livez` would wait behind them.
 *
 * @param connections the number of connections accepted so far
 */
export function createArrivals(connections = () => accepted): () => boolean {
  let seen = 0;
  let since: number | undefined;
  let workUntil = 0;
  return () => {
    const came = connections() > seen;
    seen = connections();
    const now = performance.now();
    if (!came || now < workUntil) {
      since = undefined;
      return false;
    }
    since ??= now;
    if (now - since < PATIENCE_MS) return true;
    workUntil = now + WORK_MS;
    return false;
  };
}

/** Work that waits for its turn, which is resumed in order. */
const waiting: (() => void)[] = [];
const isArriving = createArrivals();
let isGoing = false;

let sliceBegan = 0;
let isTimed = false;

/** Resumes waiting work in this turn of the event loop, unless it brought a connection. */
function go(): void {
  if (isArriving()) {
    setImmediate(go);
    return;
  }
  // What is resumed has a new slice.
  isTimed = false;
  goOn(performance.now());
}

/** Resumes one after the other until the slice is over. */
function goOn(began: number): void {
  const isOver = performance.now() - began > SLICE_MS;
  const next = isOver ? undefined : waiting.shift();
  isGoing = next !== undefined || waiting.length > 0;
  if (!next) {
    if (isGoing) setImmediate(go);
    return;
  }
  next();
  // A tick that a promise asks for comes after all that the resumed work does until it waits again.
  void Promise.resolve().then(() => process.nextTick(goOn, began));
}

/**
 * Waits for a turn of the event loop in which work is resumed. All that is resumed in one turn shares 8 ms, however many requests
 * wait.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (!isGoing) setImmediate(go);
    isGoing = true;
  });
}

/**
 * Tells whether long work has to give way: `if (hasTakenLong()) await nextTurn()`, between steps of a few milliseconds. The
 * 8 ms are shared by all work of this turn of the event loop: the first steps of fifty bodies would take 0.4 s together.
 */
export function hasTakenLong(): boolean {
  if (isTimed) return performance.now() - sliceBegan > SLICE_MS;
  isTimed = true;
  sliceBegan = performance.now();
  setImmediate(() => {
    isTimed = false;
  });
  return false;
}

/** Lets other requests run if work of this turn of the event loop has already taken long. */
export async function breathe(): Promise<void> {
  if (hasTakenLong()) await nextTurn();
}
