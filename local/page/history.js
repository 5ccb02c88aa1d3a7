// Merges live messages with what the client missed. docs/protocol.md (How to merge) has this function and explains it.

export function history(ask, handOn, onGap, position) {
  const held = new Map(); // messages that cannot be handed on yet, by number
  let question, questions = 0, timer;

  function resume() {
    timer = clearTimeout(timer);
    question = `resume-${++questions}`;
    ask({ action: "resume", id: question, after: position }); // without a position, JSON.stringify leaves out `after`
  }

  function message(frame) {
    if (!(frame.seq <= position)) held.set(frame.seq, frame);
    if (!question) handOnNext();
  }

  function resumed({ id, recovered, seq, more, messages }) {
    if (id !== question) return; // the answer to a question that a newer one has replaced
    const before = position;
    question = undefined;
    if (!recovered) for (const frame of messages) held.set(frame.seq, frame);
    position = recovered ? seq : Math.min(seq, ...[...held.keys()].map((number) => number - 1));
    for (const number of held.keys()) if (number <= position) held.delete(number);
    if (recovered) messages.forEach(handOn);
    if (recovered === false) onGap(before, position);
    handOnNext();
    if (more || position < seq) resume();
  }

  function handOnNext() {
    for (let frame; (frame = held.get(position + 1)); handOn(frame)) held.delete(++position);
    if (!held.size) timer = clearTimeout(timer);
    else timer ??= setTimeout(resume, 250);
  }

  return { resume, message, resumed };
}
