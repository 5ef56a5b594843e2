/** Work that waits for its turn. Each turn of the event loop resumes one of them, however many requests there are. */
const waiting: (() => void)[] = [];

function letOneGo(): void {
  waiting.shift()?.();
  if (waiting.length > 0) setImmediate(letOneGo);
}

/** Waits for the next turn of the event loop that no other work has taken. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(letOneGo);
  });
}
