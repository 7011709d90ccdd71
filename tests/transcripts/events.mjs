// Server-sent events, as far as transcripts need them.

/** The whole events at the start of a text, comments left out, and the rest. */
export function eventsOf(text) {
  const blocks = text.replaceAll("\r\n", "\n").split("\n\n");
  const rest = blocks.pop();
  const events = blocks.map((block) => block.split("\n").filter((line) => !line.startsWith(":")).join("\n"));
  return { events: events.filter((event) => event !== ""), rest };
}
