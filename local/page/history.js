// Merges live messages with what the client missed. docs/protocol.md (History) has these functions and explains them.

export function merge(memory, { recovered, seq, messages }) {
  for (const frame of messages) if (!(frame.seq <= memory.position)) memory.held.set(frame.seq, frame);
  const numbers = [...memory.held.keys()].sort((a, b) => a - b);
  if (recovered) memory.position = seq; // no other number up to there has a message
  else if (seq) memory.position = Math.min(seq, numbers[0] - 1 || seq); // the first position, or the first after a gap
  const ready = numbers.filter((n) => n <= memory.position || (n === memory.position + 1 && ++memory.position));
  const frames = ready.map((n) => memory.held.get(n));
  for (const n of ready) memory.held.delete(n);
  return frames;
}

export function history(ask, handOn, onGap, position) {
  const memory = { position, held: new Map() };
  let question, questions = 0, timer;

  function resume() {
    question = `resume-${++questions}`;
    askAgainIn(30_000); // the answer may be lost
    ask({ action: "resume", id: question, after: memory.position }); // JSON.stringify leaves out an undefined `after`
  }

  function message(frame) {
    if (!question) take({ messages: [frame] });
    else if (!(frame.seq <= memory.position)) memory.held.set(frame.seq, frame); // until the answer comes
  }

  function resumed(answer) {
    if (answer.id !== question) return; // the answer to a question that a newer one has replaced
    question = timer = clearTimeout(timer);
    take(answer);
    if (answer.more || memory.position < answer.seq) resume();
  }

  function take(answer) {
    const before = memory.position, frames = merge(memory, answer);
    if (answer.recovered === false) onGap(before, frames.length ? frames[0].seq - 1 : memory.position);
    frames.forEach(handOn);
    if (!memory.held.size) timer = clearTimeout(timer);
    else if (!timer) askAgainIn(250);
  }

  function askAgainIn(milliseconds) {
    clearTimeout(timer);
    timer = setTimeout(resume, milliseconds);
  }

  function off() {
    question = timer = clearTimeout(timer);
    const numbers = [...memory.held.keys()].sort((a, b) => a - b), frames = numbers.map((n) => memory.held.get(n));
    memory.held.clear();
    memory.position = numbers.at(-1) ?? memory.position;
    frames.forEach(handOn);
  }

  return { resume, message, resumed, askAgainIn, off };
}
