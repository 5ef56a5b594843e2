/**
 * True for printable ASCII of 1 to 64 characters that does not begin with a space or a dot. Most names are of this
 * kind, and every check of text accepts them.
 */
export function isPlainText(text: string): boolean {
  const { length } = text;
  if (length === 0 || length > 64) return false;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code < 32 || code > 126) return false;
  }
  const first = text.charCodeAt(0);
  return first !== 32 && first !== 46;
}
